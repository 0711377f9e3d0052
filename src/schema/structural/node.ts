/** The structural schema of a custom resource as a node. */
import type { Scalar } from '../field.ts'
import type {
  AnyNode,
  FieldNode,
  ListNode,
  MapNode,
  NodeBase,
  Rule,
  ScalarNode,
  SchemaNode,
  StructNode,
} from '../node.ts'
import { NO_STRATEGY } from '../node.ts'
import { checksOf } from './checks.ts'
import type { JsonSchema } from './schema.ts'
import { isSchema } from './schema.ts'

/** What a whole object has beside its own fields; ObjectMeta is the API's to know. */
export interface Envelope {
  readonly metadata: StructNode
}

/** The node of one version of a custom resource. The schema must have passed structuralErrors. */
export function structuralNode(schema: JsonSchema, envelope: Envelope): StructNode {
  const whole = structNode({ ...schema, type: 'object', 'x-kubernetes-embedded-resource': true }, envelope)
  return { ...whole, embeddedResource: false }
}

function nodeOf(schema: JsonSchema, envelope: Envelope): SchemaNode {
  if (schema['x-kubernetes-int-or-string']) return scalarNode(schema, 'intOrString')
  switch (schema.type) {
    case 'object':
      return schema.additionalProperties ? mapNode(schema, envelope) : structNode(schema, envelope)
    case 'array':
      return listNode(schema, envelope)
    case 'string':
    case 'boolean':
      return scalarNode(schema, schema.type)
    case 'integer':
      return scalarNode(schema, schema.format === 'int32' ? 'int32' : 'int64')
    case 'number':
      return scalarNode(schema, 'double')
    default:
      return anyNode(schema)
  }
}

function baseOf(schema: JsonSchema): NodeBase {
  const checks = checksOf(schema)
  const rules = schema['x-kubernetes-validations'] as readonly Rule[] | undefined
  return {
    doc: schema.description ?? '',
    nullable: schema.nullable ?? false,
    patchStrategy: NO_STRATEGY,
    ...(schema.default === undefined ? {} : { default: schema.default }),
    ...(checks ? { checks } : {}),
    ...(rules ? { rules } : {}),
  }
}

const scalarNode = (schema: JsonSchema, scalar: Scalar): ScalarNode => ({ ...baseOf(schema), kind: 'scalar', scalar })

const anyNode = (schema: JsonSchema): AnyNode => ({ ...baseOf(schema), kind: 'any', atomic: false })

const ANY: JsonSchema = { 'x-kubernetes-preserve-unknown-fields': true, nullable: true }

function listNode(schema: JsonSchema, envelope: Envelope): ListNode {
  const items = schema.items
  const item = nodeOf(isSchema(items) ? items : ANY, envelope)
  const listType = schema['x-kubernetes-list-type']
  return {
    ...baseOf(schema),
    kind: 'list',
    listType: listType === 'set' || listType === 'map' ? listType : 'atomic',
    listKeys: schema['x-kubernetes-list-map-keys'] ?? [],
    item: () => item,
  }
}

function mapNode(schema: JsonSchema, envelope: Envelope): MapNode {
  const values = schema.additionalProperties
  const item = nodeOf(isSchema(values) ? values : ANY, envelope)
  return { ...baseOf(schema), kind: 'map', atomic: schema['x-kubernetes-map-type'] === 'atomic', item: () => item }
}

function structNode(schema: JsonSchema, envelope: Envelope): StructNode {
  const fields = fieldsOf(schema, envelope)
  return {
    ...baseOf(schema),
    kind: 'struct',
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    preserveUnknown: schema['x-kubernetes-preserve-unknown-fields'] ?? false,
    embeddedResource: schema['x-kubernetes-embedded-resource'] ?? false,
    fields: () => fields,
  }
}

function fieldsOf(schema: JsonSchema, envelope: Envelope): ReadonlyMap<string, FieldNode> {
  const properties = Object.entries(schema.properties ?? {}).map(([name, property]) => [
    name,
    nodeOf(property, envelope),
  ])
  const all: Record<string, SchemaNode> = {
    ...Object.fromEntries(properties),
    ...(schema['x-kubernetes-embedded-resource'] ? typeMeta(envelope) : {}),
  }
  const required = new Set(schema.required)
  return new Map(
    Object.entries(all).map(([name, node]) => [
      name,
      { name, node, required: required.has(name), present: false, omitZero: false },
    ]),
  )
}

const typeMeta = ({ metadata }: Envelope): Record<string, SchemaNode> => ({
  apiVersion: scalarNode({ description: 'Group and version of this representation of the object.' }, 'string'),
  kind: scalarNode({ description: 'The kind of object this is.' }, 'string'),
  metadata: { ...metadata, doc: "The object's metadata." },
})
