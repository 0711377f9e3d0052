import type { Field, Fields, Message } from './field.ts'
import { one, ref, string } from './field.ts'

/** What every stored object has. Namespace is absent on cluster-scoped objects. */
export interface ApiObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMetaLike
}

/** The part of ObjectMeta that generic code reads; `api/meta` has the whole. */
export interface ObjectMetaLike {
  readonly name: string
  readonly namespace?: string
  readonly uid: string
  readonly resourceVersion: string
  readonly generation?: number
  readonly creationTimestamp: string
  readonly deletionTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** One problem with one field, worded as Kubernetes words it. */
export interface FieldError {
  readonly type:
    | 'Required'
    | 'Invalid'
    | 'NotSupported'
    | 'Forbidden'
    | 'Duplicate'
    | 'NotFound'
    | 'TooLong'
    | 'TooMany'
    | 'TypeInvalid'
  /** As in spec.ports[0].port. */
  readonly field: string
  readonly value?: unknown
  readonly detail: string
}

/** Checked bivariantly, so that a Kind<Pod> is a Kind. */
type Fn<A extends readonly unknown[], R> = { bivariant(...args: A): R }['bivariant']

/** A cell is what kubectl prints: text, a number, a boolean, or null for blank. */
export type Cell = string | number | boolean | null

export interface Column<T> {
  readonly name: string
  readonly type: 'string' | 'integer' | 'boolean' | 'date' | 'number'
  readonly format?: string
  readonly description: string
  /** 0 is always shown, 1 with -o wide. */
  readonly priority?: 0 | 1
  /** nowMs: the time of the request, for ages. */
  readonly cell: Fn<[object: T, nowMs: number], Cell>
}

export interface Subresources {
  readonly status?: true
  readonly scale?: {
    readonly replicas: string
    readonly statusReplicas: string
    readonly selector: string
  }
  /** Others, served by code: log, exec, attach, binding, token ... */
  readonly connect?: readonly string[]
}

/** All that is true of a kind with nothing running. */
export interface Kind<T extends ApiObject = ApiObject> {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly listKind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  readonly schema: Message
  readonly subresources: Subresources
  readonly columns: readonly Column<T>[]
  /** Field selectors beyond metadata.name and metadata.namespace. */
  readonly selectable: Readonly<Record<string, Fn<[object: T], string>>>
  /** Fills in what follows from other fields of the same object. Pure; runs after the schema's defaults. */
  readonly complete?: Fn<[object: T, old?: T], T>
  readonly validate?: Fn<[object: T, old?: T], readonly FieldError[]>
  /** Never set: carries T. */
  readonly '~object'?: T
}

export interface KindDefinition<T extends ApiObject> {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular?: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly namespaced: boolean
  /** The OpenAPI definition name. */
  readonly definition: string
  readonly doc: string
  /** Everything but apiVersion, kind and metadata. */
  readonly fields: Fields
  readonly subresources?: Subresources
  readonly columns?: readonly Column<T>[]
  readonly selectable?: Readonly<Record<string, Fn<[object: T], string>>>
  readonly complete?: Fn<[object: T, old?: T], T>
  readonly validate?: Fn<[object: T, old?: T], readonly FieldError[]>
}

/** Makes defineKind for a given ObjectMeta message; `api/meta` binds it once. */
export const kindFactory =
  (metadata: () => Message) =>
  <T extends ApiObject>(definition: KindDefinition<T>): Kind<T> => ({
    group: definition.group,
    version: definition.version,
    kind: definition.kind,
    listKind: `${definition.kind}List`,
    plural: definition.plural,
    singular: definition.singular ?? definition.kind.toLowerCase(),
    shortNames: definition.shortNames ?? [],
    categories: definition.categories ?? [],
    namespaced: definition.namespaced,
    subresources: definition.subresources ?? {},
    columns: definition.columns ?? [],
    selectable: definition.selectable ?? {},
    ...(definition.complete ? { complete: definition.complete } : {}),
    ...(definition.validate ? { validate: definition.validate } : {}),
    schema: {
      name: definition.definition,
      doc: definition.doc,
      fields: { ...typeMeta, metadata: one(1, ref(metadata), "The object's metadata."), ...definition.fields },
    },
  })

/** apiVersion and kind are JSON only: in protobuf they stand in the envelope (tag 0 = not on the wire). */
const typeMeta: Record<string, Field> = {
  apiVersion: string(0, 'Group and version of this representation of the object.'),
  kind: string(0, 'The kind of object this is.'),
}

export const apiVersionOf = (kind: { readonly group: string; readonly version: string }): string =>
  kind.group === '' ? kind.version : `${kind.group}/${kind.version}`

/** "pods" or "deployments.apps": the form of error messages and RBAC. */
export const groupResource = (kind: { readonly group: string; readonly plural: string }): string =>
  kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`
