/**
 * Names and types of every field of ours that is Kubernetes' own, against the maps of another project's client: those of
 * @kubernetes/client-node 1.4.0 (Kubernetes 1.34), fetched by npm into a folder of its own. It would be 72 MB as a dependency.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { KINDS, VIRTUAL_KINDS } from '../api/registry.ts'
import type { FieldType, Message, Scalar } from './field.ts'

interface Attribute {
  readonly baseName: string
  readonly type: string
  readonly format: string
}

const FOLDER = join(tmpdir(), 'fairlead-client-node-1.4.0')
const MODELS = join(FOLDER, 'package/dist/gen/models')

const maps = new Map<string, readonly Attribute[]>()
beforeAll(() => {
  if (!existsSync(MODELS)) {
    mkdirSync(FOLDER, { recursive: true })
    execFileSync('npm', ['pack', '--silent', '@kubernetes/client-node@1.4.0'], { cwd: FOLDER })
    execFileSync('tar', ['xzf', 'kubernetes-client-node-1.4.0.tgz'], { cwd: FOLDER })
  }
  for (const file of readdirSync(MODELS).filter(name => name.endsWith('.js'))) {
    const [, map] = /\.attributeTypeMap = (\[.*?\n\]);/s.exec(readFileSync(join(MODELS, file), 'utf8')) ?? []
    if (map) maps.set(file.slice(0, -3), JSON.parse(map))
  }
}, 120_000)

function messagesOf(root: Message, found = new Map<string, Message>()): ReadonlyMap<string, Message> {
  if (found.has(root.name)) return found
  found.set(root.name, root)
  for (const { type } of Object.values(root.fields)) {
    let inner = type
    while (inner.is === 'list' || inner.is === 'map') inner = inner.of
    if (inner.is === 'message') messagesOf(inner.message(), found)
  }
  return found
}

const OURS = new Map<string, Message>()
for (const { schema } of [...KINDS, ...VIRTUAL_KINDS]) messagesOf(schema, OURS)

/** io.k8s.api.core.v1.EndpointPort is V1EndpointPort, or CoreV1EndpointPort where several groups have one. */
function classOf(name: string): string | undefined {
  const [, group = '', version = '', kind = ''] = /\.(\w+)\.v(\w+)\.(\w+)$/.exec(name) ?? []
  const upper = (text: string): string => text[0]!.toUpperCase() + text.slice(1)
  const plain = `V${version}${kind}`
  return [`${upper(group)}${plain}`, plain].find(one => maps.has(one))
}

const SCALARS: Readonly<Record<Scalar, readonly string[]>> = {
  string: ['string'],
  boolean: ['boolean'],
  int32: ['number int32'],
  int64: ['number int64'],
  double: ['number double'],
  bytes: ['string byte'],
  quantity: ['string'],
  intOrString: ['IntOrString int-or-string'],
  time: ['Date date-time'],
  microTime: ['V1MicroTime date-time-micro', 'V1MicroTime date-time'],
  json: ['any', 'object'],
}

/** How their map writes a type of ours; classes are named apart. */
function written(type: FieldType): readonly string[] {
  if (type.is === 'scalar') return SCALARS[type.scalar]
  if (type.is === 'list') return written(type.of).map(one => wrap(one, inner => `Array<${inner}>`))
  if (type.is === 'map') return written(type.of).map(one => wrap(one, inner => `{ [key: string]: ${inner}; }`))
  const message = type.message()
  return message.choice ? ['any'] : [classOf(message.name) ?? message.name]
}
/** The format stands behind the whole. */
const wrap = (text: string, around: (inner: string) => string): string => {
  const [, inner = '', format = ''] = /^(.*?)( [a-z][\w-]*)?$/.exec(text) ?? []
  return around(inner) + format
}

/** Fields that are not ours, and why. */
const LEFT_OUT: readonly (readonly [RegExp, string])[] = [
  [
    /^V1(Volume|PersistentVolumeSpec)\.(gcePersistentDisk|awsElasticBlockStore|gitRepo|iscsi|glusterfs|rbd|flexVolume|cinder|cephfs|flocker|fc|azureFile|vsphereVolume|quobyte|azureDisk|photonPersistentDisk|portworxVolume|scaleIO|storageos)$/,
    'storage that no network of ours has',
  ],
  [
    /^V1(NodeSystemInfo\.swap|PodSpec\.hostnameOverride|VolumeProjection\.podCertificate|EnvVarSource\.fileKeyRef)$/,
    'newer than 1.33, or behind a gate there',
  ],
  [
    /^V1(\w+\.(restartPolicyRules|terminatingReplicas)|PodStatus\.(extendedResourceClaimStatus|observedGeneration)|PodCondition\.observedGeneration)$/,
    'newer than 1.33, or behind a gate there',
  ],
  [/^V1DeleteOptions\.(apiVersion|kind)$/, 'read before the rest: it may be of any group and version'],
  [/^V1CustomResourceSubresources\.status$/, 'a struct without fields, which that client calls any value'],
]

describe('kinds of Kubernetes', () => {
  it('have every field upstream has, of the same type', () => {
    const problems: string[] = []
    const compared: string[] = []
    for (const [name, message] of OURS) {
      if (!name.startsWith('io.k8s.')) continue
      const theirs = maps.get(classOf(name) ?? '')
      if (!theirs || message.choice) continue
      compared.push(name)
      for (const { baseName, type, format } of theirs) {
        const path = `${classOf(name)}.${baseName}`
        if (LEFT_OUT.some(([pattern]) => pattern.test(path))) continue
        const field = Object.entries(flat(message)).find(([key]) => key === baseName)?.[1]
        const expected = format === '' ? type : `${type} ${format}`
        if (!field) problems.push(`${path}: is missing (${expected})`)
        else if (!written(field.type).includes(expected))
          problems.push(`${path}: ${expected}, not ${written(field.type).join(' or ')}`)
      }
      for (const key of Object.keys(flat(message)))
        if (!theirs.some(({ baseName }) => baseName === key))
          problems.push(`${classOf(name)}.${key}: is not upstream's`)
    }
    expect(problems).toEqual([])
    expect(compared.length).toBeGreaterThan(250)
  })
})

/** With the fields of what is inlined. */
function flat(message: Message): Message['fields'] {
  return Object.fromEntries(
    Object.entries(message.fields).flatMap(([key, field]) =>
      field.options.inline && field.type.is === 'message' ? Object.entries(flat(field.type.message())) : [[key, field]],
    ),
  )
}
