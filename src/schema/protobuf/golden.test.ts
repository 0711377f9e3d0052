/** Every field of every kind, set to something of its own, as Go's encoders write it: in JSON and in protobuf. */
import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DeleteOptions } from '../../api/meta/delete-options.ts'
import { Status } from '../../api/meta/status.ts'
import { KINDS, VIRTUAL_KINDS } from '../../api/registry.ts'
import { decode } from '../decode.ts'
import type { Message } from '../field.ts'
import { messageNode } from '../message-node.ts'
import { decodeProtobuf } from './decode.ts'
import { encodeProtobuf } from './encode.ts'

interface Case {
  readonly group: string
  readonly kind: string
  /** full: every field set; zero: every pointer points at a zero value; empty: nothing set. */
  readonly form: 'full' | 'zero' | 'empty'
  readonly json: Record<string, unknown>
  readonly protobuf: string
}

const cases: readonly Case[] = JSON.parse(readFileSync(new URL('./testdata/go-encoded.json', import.meta.url), 'utf8'))

const messages: Readonly<Record<string, Message>> = { Status, DeleteOptions }
const messageOf = ({ group, kind }: Case): Message =>
  [...KINDS, ...VIRTUAL_KINDS].find(one => one.group === group && one.kind === kind)?.schema ?? messages[kind]!

/** Volumes of storage that no network of ours has: decoded as unknown, and documented as such. */
const LEFT_OUT =
  /\.(gcePersistentDisk|awsElasticBlockStore|gitRepo|iscsi|glusterfs|rbd|flexVolume|cinder|cephfs|flocker|fc|azureFile|vsphereVolume|quobyte|azureDisk|photonPersistentDisk|portworxVolume|scaleIO|storageos)$/

describe.each(cases.map(one => [`${one.group}/${one.kind} ${one.form}`, one] as const))('%s', (_, one) => {
  const message = messageOf(one)
  const node = messageNode(message)
  const bytes = Buffer.from(one.protobuf, 'base64')
  const fromJson = decode(node, one.json)

  it('has every field Go has, of the same type', () => {
    expect(fromJson.error).toBeUndefined()
    expect(fromJson.unknown.filter(path => !LEFT_OUT.test(path))).toEqual([])
  })

  it('is the same from protobuf as from JSON', () => {
    const fromProtobuf = decode(node, decodeProtobuf(message, bytes))
    expect(fromProtobuf.error).toBeUndefined()
    expect(fromProtobuf.value).toEqual(fromJson.value)
  })

  it('survives our own encoding', () => {
    const again = encodeProtobuf(message, fromJson.value as Record<string, unknown>)
    expect(decode(node, decodeProtobuf(message, again)).value).toEqual(fromJson.value)
  })
})
