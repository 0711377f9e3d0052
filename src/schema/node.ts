/**
 * The schema of one value. Built-in messages and the structural schemas of custom resources both become nodes, so that
 * decoding, defaulting, validation and merging are written once.
 */
import type { Scalar } from './field.ts'

export type SchemaNode = ScalarNode | ListNode | MapNode | StructNode | AnyNode

export interface NodeBase {
  readonly doc: string
  /** null is a value, not absence. */
  readonly nullable: boolean
  readonly default?: unknown
  readonly patchStrategy: PatchStrategy
  readonly checks?: Checks
  /** Rules in CEL, as the schema has them. */
  readonly rules?: readonly Rule[]
}

export interface Rule {
  readonly rule: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: string
  readonly fieldPath?: string
  readonly optionalOldSelf?: boolean
}

export interface ScalarNode extends NodeBase {
  readonly kind: 'scalar'
  readonly scalar: Scalar
}

export interface ListNode extends NodeBase {
  readonly kind: 'list'
  readonly listType: 'atomic' | 'set' | 'map'
  readonly listKeys: readonly string[]
  /** Strategic merge: the key by which items merge. */
  readonly patchKey?: string
  item(): SchemaNode
}

export interface MapNode extends NodeBase {
  readonly kind: 'map'
  readonly atomic: boolean
  item(): SchemaNode
}

export interface StructNode extends NodeBase {
  readonly kind: 'struct'
  /** The OpenAPI definition name of a built-in message. */
  readonly name?: string
  /** The message itself, where this node is one use of it. */
  readonly definition?: StructNode
  readonly atomic: boolean
  /** Fields the schema does not name are kept. */
  readonly preserveUnknown: boolean
  /** The value is a whole object with apiVersion, kind and metadata. */
  readonly embeddedResource: boolean
  /** Computed at first use: schemas may be recursive. */
  fields(): ReadonlyMap<string, FieldNode>
}

/** Any JSON value. An atomic one merges as a whole; else its objects merge by field and its lists are atomic. */
export interface AnyNode extends NodeBase {
  readonly kind: 'any'
  readonly atomic: boolean
  /** Where the value is one of a few, told apart by their JSON types. */
  alternatives?(): readonly SchemaNode[]
}

export interface FieldNode {
  readonly name: string
  readonly node: SchemaNode
  readonly required: boolean
  /** Built-in fields that a stored object always has: where input leaves them out they get an empty value. */
  readonly present: boolean
  /** A zero value is the same as absence, and is not stored. */
  readonly omitZero: boolean
}

export interface PatchStrategy {
  readonly merge: boolean
  readonly replace: boolean
  readonly retainKeys: boolean
}

export const NO_STRATEGY: PatchStrategy = { merge: false, replace: false, retainKeys: false }

/** The value checks of a schema, named as OpenAPI names them. */
export interface Checks {
  /** Only within allOf, anyOf, oneOf and not: elsewhere the node has the type. */
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: boolean
  readonly exclusiveMaximum?: boolean
  readonly multipleOf?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Checks>>
  readonly items?: Checks
  readonly additionalProperties?: Checks
  readonly allOf?: readonly Checks[]
  readonly anyOf?: readonly Checks[]
  readonly oneOf?: readonly Checks[]
  readonly not?: Checks
}
