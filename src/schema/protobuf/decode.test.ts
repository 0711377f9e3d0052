import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CustomResourceDefinition } from '../../api/apiextensions/custom-resource-definition.ts'
import { ConfigMap } from '../../api/core/config-map.ts'
import { Pod } from '../../api/core/pod.ts'
import { ProtobufError } from '../../wire/protobuf/read.ts'
import { bytesField, join, textField, varintField } from '../../wire/protobuf/write.ts'
import { decodeProtobuf } from './decode.ts'

const golden: { kind: string; form: string; protobuf: string }[] = JSON.parse(
  readFileSync(new URL('./testdata/go-encoded.json', import.meta.url), 'utf8'),
)
const bytesOf = (kind: string): Buffer =>
  Buffer.from(golden.find(one => one.kind === kind && one.form === 'full')!.protobuf, 'base64')

function outcome(run: () => unknown): 'decoded' | 'refused' {
  try {
    run()
    return 'decoded'
  } catch (error) {
    if (error instanceof ProtobufError) return 'refused'
    throw error
  }
}

describe('decodeProtobuf', () => {
  it('refuses or decodes any bytes, and does nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        outcome(() => decodeProtobuf(Pod.schema, bytes))
      }),
      { numRuns: 500 },
    )
  })

  it.each([Pod, CustomResourceDefinition])('the same for damaged $kind bytes', kind => {
    const whole = bytesOf(kind.kind)
    expect(outcome(() => decodeProtobuf(kind.schema, whole))).toBe('decoded')
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
        const damaged = Buffer.from(cut ? whole.subarray(0, at) : whole)
        if (!cut) damaged[at] = byte
        outcome(() => decodeProtobuf(kind.schema, damaged))
      }),
      { numRuns: 300 },
    )
  })

  it('skips fields and wire types it does not know', () => {
    const bytes = join([varintField(99, 7), textField(98, 'new'), bytesField(2, entry('a', 'b')), varintField(2, 1)])
    expect(decodeProtobuf(ConfigMap.schema, bytes)).toEqual({ data: { a: 'b' } })
  })

  it('refuses messages nested without end', () => {
    const nest = (depth: number): Uint8Array => {
      let bytes: Uint8Array = new Uint8Array()
      for (let level = 0; level < depth; level++) bytes = bytesField(28, bytes)
      return bytes
    }
    const inCrd = (schema: Uint8Array) => bytesField(2, bytesField(7, bytesField(4, bytesField(1, schema))))
    expect(outcome(() => decodeProtobuf(CustomResourceDefinition.schema, inCrd(nest(20))))).toBe('decoded')
    expect(outcome(() => decodeProtobuf(CustomResourceDefinition.schema, inCrd(nest(1000))))).toBe('refused')
  })

  it('refuses a key that JavaScript gives a meaning', () => {
    expect(outcome(() => decodeProtobuf(ConfigMap.schema, bytesField(2, entry('constructor', ''))))).toBe('decoded')
    expect(outcome(() => decodeProtobuf(ConfigMap.schema, bytesField(2, entry('__proto__', ''))))).toBe('refused')
  })
})

const entry = (key: string, value: string): Uint8Array => join([textField(1, key), textField(2, value)])
