/**
 * The schema language: one line per field. From these lines come TypeScript types, OpenAPI, the protobuf codec, defaults,
 * strict decoding, strategic merge and server-side apply. A message names other messages lazily, so types are inferred
 * one message deep.
 */

export type Scalar =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bytes'
  | 'quantity'
  | 'intOrString'
  | 'time'
  | 'microTime'
  /** Any JSON value: RawExtension, FieldsV1, JSONSchemaPropsOrBool and the like. */
  | 'json'

export type FieldType =
  | { readonly is: 'scalar'; readonly scalar: Scalar }
  | { readonly is: 'list'; readonly of: FieldType }
  | { readonly is: 'map'; readonly of: FieldType }
  | { readonly is: 'message'; readonly message: () => Message }

export interface FieldOptions {
  /** Absent input is rejected. */
  readonly required?: true
  /** A stored object always has it, though input may leave it out: the type says present, the check does not. */
  readonly present?: true
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly nullable?: true
  /** Server-side apply: how list items are told apart; lists without it are atomic. */
  readonly listType?: 'set' | 'map'
  readonly listKeys?: readonly string[]
  /** Strategic merge patch: the key by which items merge, where the list merges at all. */
  readonly patchKey?: string
  readonly patchStrategy?: 'merge' | 'replace' | 'retainKeys' | 'merge,retainKeys'
  /** Server-side apply: the map or struct is replaced as a whole. */
  readonly atomic?: true
  /** On the wire (protobuf) a message of its own; in JSON its fields stand in the parent. See `inline`. */
  readonly inline?: true
  /** A zero value ("", 0, false) differs from absence and is kept; without it a stored object does not have the field. */
  readonly explicit?: true
  readonly minimum?: number
  readonly maximum?: number
  readonly format?: string
  /** A regular expression of RE2. An empty text of a built-in kind passes, as one that is absent. */
  readonly pattern?: string
  readonly maxLength?: number
  readonly maxItems?: number
  readonly maxProperties?: number
  /** Of a list: what holds for each of its items. */
  readonly items?: FieldOptions
}

/** T is the value's type; P is true where the property is always present on a stored object. */
export interface Field<T = unknown, P extends boolean = boolean> {
  readonly tag: number
  readonly type: FieldType
  readonly doc: string
  readonly options: FieldOptions
  /** Never set: carries T and P for inference. */
  readonly '~value'?: T
  readonly '~present'?: P
}

export type Fields = Readonly<Record<string, Field>>

export interface Message {
  /** The OpenAPI definition name, for example io.k8s.api.core.v1.ServicePort. */
  readonly name: string
  readonly doc: string
  readonly fields: Fields
  /** Server-side apply: the whole struct is one value. */
  readonly atomic?: true
  /** In JSON the bare value of whichever field is set: a schema or a boolean, and the like. Only protobuf sees a struct. */
  readonly choice?: true
}

/** A message that remembers its fields' types. */
export interface MessageOf<F extends Fields> extends Message {
  readonly fields: F
}

type ValueOf<F> = F extends Field<infer T, boolean> ? T : never
type PresentKeys<F extends Fields> = { [K in keyof F]: F[K] extends Field<unknown, true> ? K : never }[keyof F]
type InlineKeys<F extends Fields> = { [K in keyof F]: F[K] extends InlineField ? K : never }[keyof F]

/** The JSON shape of a set of fields, without what is inlined: an interface extends that beside this. */
export type Infer<F extends Fields> = { readonly [K in PresentKeys<F>]: ValueOf<F[K]> } & {
  readonly [K in Exclude<keyof F, PresentKeys<F> | InlineKeys<F>>]?: ValueOf<F[K]>
}

type IsPresent<O> = O extends { readonly required: true } | { readonly present: true } ? true : false
type EnumOr<O, T> = O extends { readonly enum: readonly (infer E)[] } ? E : T

const scalarField =
  <T>(scalar: Scalar) =>
  <const O extends FieldOptions = Record<never, never>>(
    tag: number,
    doc: string,
    options?: O,
  ): Field<EnumOr<O, T>, IsPresent<O>> => ({
    tag,
    doc,
    type: { is: 'scalar', scalar },
    options: options ?? {},
  })

export type IntOrString = number | string
/** A JSON value whose shape the schema does not know. */
export type Json = unknown

export const string = scalarField<string>('string')
export const boolean = scalarField<boolean>('boolean')
export const int32 = scalarField<number>('int32')
export const int64 = scalarField<number>('int64')
export const double = scalarField<number>('double')
/** Base64 text in JSON. */
export const bytes = scalarField<string>('bytes')
export const quantity = scalarField<string>('quantity')
export const intOrString = scalarField<IntOrString>('intOrString')
/** RFC 3339 with seconds. */
export const time = scalarField<string>('time')
/** RFC 3339 with microseconds. */
export const microTime = scalarField<string>('microTime')
export const json = scalarField<Json>('json')

/** The type of a list's or map's items. */
export interface Item<T> {
  readonly type: FieldType
  readonly '~value'?: T
}
const scalarItem = <T>(scalar: Scalar): Item<T> => ({ type: { is: 'scalar', scalar } })
export const STRING = scalarItem<string>('string')
export const INT32 = scalarItem<number>('int32')
export const INT64 = scalarItem<number>('int64')
export const BYTES = scalarItem<string>('bytes')
export const QUANTITY = scalarItem<string>('quantity')
export const TIME = scalarItem<string>('time')
export const JSON_VALUE = scalarItem<Json>('json')

/** Another message, by its interface: `ref<ServicePort>(ServicePort)`, or `ref<X>(() => X)` where it refers to itself. */
export const ref = <T>(target: Message | (() => Message)): Item<T> => ({
  type: { is: 'message', message: typeof target === 'function' ? target : () => target },
})
export const listOf = <T>(item: Item<T>): Item<readonly T[]> => ({ type: { is: 'list', of: item.type } })

export function one<T, const O extends FieldOptions = Record<never, never>>(
  tag: number,
  item: Item<T>,
  doc: string,
  options?: O,
): Field<T, IsPresent<O>> {
  return { tag, doc, type: item.type, options: options ?? {} }
}

export function list<T, const O extends FieldOptions = Record<never, never>>(
  tag: number,
  item: Item<T>,
  doc: string,
  options?: O,
): Field<readonly T[], IsPresent<O>> {
  return { tag, doc, type: { is: 'list', of: item.type }, options: options ?? {} }
}

export function map<T, const O extends FieldOptions = Record<never, never>>(
  tag: number,
  item: Item<T>,
  doc: string,
  options?: O,
): Field<Readonly<Record<string, T>>, IsPresent<O>> {
  return { tag, doc, type: { is: 'map', of: item.type }, options: options ?? {} }
}

/** A field that JSON does not show: the fields of its message stand in the parent. */
export interface InlineField extends Field<unknown, false> {
  readonly '~inline'?: true
  readonly options: { readonly inline: true }
}

/** The key of an inline field is its protobuf name and must not be a name that JSON uses. */
export function inline(tag: number, target: Message): InlineField {
  return { tag, doc: '', type: { is: 'message', message: () => target }, options: { inline: true } }
}

/**
 * A message. The caller gives it a named interface beside the value:
 *
 *     export interface ServicePort extends InferMessage<typeof ServicePort> {}
 *     export const ServicePort = message('io.k8s.api.core.v1.ServicePort', 'One port of a Service.', { ... })
 */
export function message<const F extends Fields>(
  name: string,
  doc: string,
  fields: F,
  options: { readonly atomic?: true; readonly choice?: true } = {},
): MessageOf<F> {
  return { name, doc, fields, ...options }
}

export type InferMessage<M extends { readonly fields: Fields }> = Infer<M['fields']>
