import type { Message } from '../../schema/field.ts'
import type { Kind } from '../../schema/kind.ts'
import { apiVersionOf } from '../../schema/kind.ts'
import { messageNode } from '../../schema/message-node.ts'
import type { StructNode } from '../../schema/node.ts'
import type { Obj } from '../object.ts'
import type { PatchTarget } from '../patch/mod.ts'
import { kindTarget } from '../patch/mod.ts'
import type { Behaviour } from './behaviour.ts'
import { behaviourOf } from './behaviour.ts'

/** Objects of any version of a type in the one that is named, in the same order. Rejects with StatusError 500. */
export type Conversion = (objects: readonly Obj[], apiVersion: string) => Promise<readonly Obj[]>

/** What a served type needs, be it built in or made by a CustomResourceDefinition: a Kind with a node for its schema. */
export interface Resource extends Omit<Kind, 'schema' | '~object'> {
  readonly node: StructNode
  /** Only built-in kinds have a protobuf form. */
  readonly message?: Message
  readonly custom: boolean
  /** As in apps/v1. */
  readonly apiVersion: string
  /** The apiVersion of the stored bytes. */
  readonly storageVersion: string
  /** Everything of this type has keys that start with this. */
  readonly prefix: string
  readonly verbs: readonly string[]
  readonly behaviour: Behaviour
  /** The endpoint of the object (empty) or a subresource, as patches and field tracking see it. */
  readonly patchTarget: (subresource: string) => PatchTarget
  /** Posted and answered, never stored. */
  readonly virtual: boolean
  /** Changes when the schema does. */
  readonly revision: string
  /** Its definition is being deleted: nothing new is created. */
  readonly terminating?: true
  /** Its objects are namespaces under another name: the stored bytes are theirs. */
  readonly showsNamespaces?: true
  /** How its versions become each other, where more than apiVersion differs. */
  readonly conversion?: Conversion
  /** Told to whoever uses this version. */
  readonly deprecation?: string
}

const STORED_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const

/** Namespaces go one by one: each has its content to lose. */
const verbsOf = ({ group, plural }: Kind): readonly string[] =>
  group === '' && plural === 'namespaces' ? STORED_VERBS.filter(verb => verb !== 'deletecollection') : STORED_VERBS

export const prefixOf = (group: string, plural: string): string => `${group}/${plural}/`

export function builtinResource(kind: Kind, virtual = false): Resource {
  const { schema, ...rest } = kind
  return {
    ...rest,
    node: messageNode(schema),
    message: schema,
    custom: false,
    apiVersion: apiVersionOf(kind),
    storageVersion: apiVersionOf(kind),
    prefix: prefixOf(kind.group, kind.plural),
    verbs: virtual ? ['create'] : verbsOf(kind),
    behaviour: behaviourOf(kind),
    patchTarget: bySubresource(subresource => kindTarget(kind, subresource)),
    virtual,
    revision: '',
  }
}

/** A type whose objects are namespaces, under its own kind. */
export const namespaceView = (kind: Kind): Resource => ({
  ...builtinResource(kind),
  storageVersion: 'v1',
  prefix: prefixOf('', 'namespaces'),
  showsNamespaces: true,
})

/** A target is made once: it holds what merging has worked out about the type. */
export function bySubresource(make: (subresource: string) => PatchTarget): (subresource: string) => PatchTarget {
  const made = new Map<string, PatchTarget>()
  return subresource => {
    let target = made.get(subresource)
    if (!target) {
      target = make(subresource)
      made.set(subresource, target)
    }
    return target
  }
}

export const keyOf = (resource: Resource, namespace: string | undefined, name: string): string =>
  resource.namespaced ? `${resource.prefix}${namespace}/${name}` : resource.prefix + name

/** The prefix of everything a collection path names. */
export const collectionPrefix = (resource: Resource, namespace: string | undefined): string =>
  resource.namespaced && namespace !== undefined ? `${resource.prefix}${namespace}/` : resource.prefix

/** The namespace and name that a key ends in. */
export function keyParts(resource: Resource, key: string): { readonly namespace?: string; readonly name: string } {
  const rest = key.slice(resource.prefix.length)
  if (!resource.namespaced) return { name: rest }
  const slash = rest.indexOf('/')
  return { namespace: rest.slice(0, slash), name: rest.slice(slash + 1) }
}
