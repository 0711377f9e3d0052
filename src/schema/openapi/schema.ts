/** Nodes as OpenAPI schemas. Built-in messages become named components; a custom resource's schema stays in one piece. */
import type { Scalar } from '../field.ts'
import type { Checks, FieldNode, ListNode, SchemaNode, StructNode } from '../node.ts'

export type OpenApiSchema = Readonly<Record<string, unknown>>

/** Version 3 wraps references, so that a description may stand beside them; version 2 has another place for them. */
export interface Dialect {
  readonly refPrefix: string
  readonly wrapRefs: boolean
}

export const V3: Dialect = { refPrefix: '#/components/schemas/', wrapRefs: true }
export const V2: Dialect = { refPrefix: '#/definitions/', wrapRefs: false }

/** Collects components by name as they are referred to. */
export interface Components {
  readonly dialect: Dialect
  readonly schemas: Map<string, OpenApiSchema>
  /** What else stands in a component, by its name. */
  readonly extensions: Map<string, OpenApiSchema>
  readonly known: Set<string>
  readonly pending: StructNode[]
}

export const newComponents = (dialect: Dialect): Components => ({
  dialect,
  schemas: new Map(),
  extensions: new Map(),
  known: new Set(),
  pending: [],
})

const SPECIAL: Partial<Record<Scalar, readonly [name: string, schema: OpenApiSchema]>> = {
  quantity: [
    'io.k8s.apimachinery.pkg.api.resource.Quantity',
    { description: 'An amount, such as 250m, 1.5Gi or 2e3.', type: 'string' },
  ],
  intOrString: [
    'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
    { description: 'An integer or text.', type: 'string', format: 'int-or-string' },
  ],
  time: [
    'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
    { description: 'A time in RFC 3339, in seconds.', type: 'string', format: 'date-time' },
  ],
  microTime: [
    'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
    { description: 'A time in RFC 3339, in microseconds.', type: 'string', format: 'date-time' },
  ],
}

/** What these may be beside text. */
const OTHER_TYPE: Partial<Record<Scalar, string>> = { quantity: 'number', intOrString: 'integer' }

const PLAIN: Partial<Record<Scalar, OpenApiSchema>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
}

/** Refers to a component and has it made. */
export function refTo(components: Components, node: StructNode): OpenApiSchema {
  const name = node.name!
  if (!components.known.has(name)) {
    components.known.add(name)
    components.pending.push(node.definition ?? node)
  }
  return { $ref: components.dialect.refPrefix + name }
}

/** Makes all components that were referred to, and those they refer to. */
export function finish(components: Components): Readonly<Record<string, OpenApiSchema>> {
  for (let node = components.pending.pop(); node; node = components.pending.pop()) {
    components.schemas.set(node.name!, structSchema(components, node))
  }
  const names = [...components.schemas.keys()].sort()
  return Object.fromEntries(
    names.map(name => [name, { ...components.schemas.get(name), ...components.extensions.get(name) }]),
  )
}

/** The schema of a struct in place, whether it has a name or not. */
export function structSchema(components: Components, node: StructNode): OpenApiSchema {
  const fields = [...node.fields().values()]
  const required = fields.filter(isAlwaysThere).map(field => field.name)
  return {
    ...described(node),
    type: 'object',
    ...(required.length > 0 ? { required } : {}),
    ...(fields.length > 0
      ? {
          properties: Object.fromEntries(
            fields.map(field => [field.name, fieldSchema(components, field, node.name !== undefined)]),
          ),
        }
      : {}),
    ...(node.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    ...(node.preserveUnknown ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
    ...(node.embeddedResource ? { 'x-kubernetes-embedded-resource': true } : {}),
  }
}

/** What Go never leaves out, clients may rely on. */
const isAlwaysThere = ({ required, present, omitZero, node }: FieldNode): boolean =>
  required || (present && !omitZero && node.kind === 'scalar' && node.scalar === 'string')

/** A struct that is always there has an empty one as its default. */
const fieldSchema = (components: Components, { name, node, present }: FieldNode, builtIn: boolean): OpenApiSchema => ({
  ...(present && node.kind === 'struct' && !node.nullable ? { default: {} } : {}),
  ...nodeSchema(components, node),
  ...(builtIn ? sortedChecks(node.checks) : {}),
  ...(builtIn && name === 'fieldsV1' ? fieldsRef(components, node) : {}),
})

/** A set of fields is any JSON, but a type with a name. */
function fieldsRef(components: Components, node: SchemaNode): OpenApiSchema {
  const name = 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1'
  components.schemas.set(name, { ...described(node), type: 'object' })
  return wrapped(components, { $ref: components.dialect.refPrefix + name })
}

/** Built-in kinds tell what may be in alphabetical order, as upstream's generator does. */
const sortedChecks = (checks: Checks | undefined): OpenApiSchema =>
  checks?.enum ? { ...checks, enum: [...checks.enum].sort() } : { ...checks }

export function nodeSchema(components: Components, node: SchemaNode): OpenApiSchema {
  return { ...bareSchema(components, node), ...described(node), ...extras(node), ...checksSchema(node.checks) }
}

function bareSchema(components: Components, node: SchemaNode): OpenApiSchema {
  switch (node.kind) {
    case 'scalar':
      return scalarSchema(components, node.scalar)
    case 'list':
      return { type: 'array', items: itemSchema(components, node.item()), ...listSchema(node) }
    case 'map':
      return { type: 'object', additionalProperties: itemSchema(components, node.item()) }
    case 'struct':
      return node.name === undefined ? structSchema(components, node) : wrapped(components, refTo(components, node))
    case 'any':
      return { 'x-kubernetes-preserve-unknown-fields': true }
  }
}

const itemSchema = (components: Components, node: SchemaNode): OpenApiSchema => ({
  ...(node.kind === 'struct' && node.name !== undefined ? { default: {} } : {}),
  ...nodeSchema(components, node),
})

export const wrapped = ({ dialect }: Components, ref: OpenApiSchema): OpenApiSchema =>
  dialect.wrapRefs ? { allOf: [ref] } : ref

function scalarSchema(components: Components, scalar: Scalar): OpenApiSchema {
  const special = SPECIAL[scalar]
  if (!special) return PLAIN[scalar] ?? {}
  const [name, schema] = special
  const { type, ...rest } = schema
  const other = OTHER_TYPE[scalar]
  // Version 2 has no word for one of two types.
  const either = components.dialect.wrapRefs && other ? { ...rest, oneOf: [{ type }, { type: other }] } : schema
  components.schemas.set(name, either)
  const ref = { $ref: components.dialect.refPrefix + name }
  return components.dialect.wrapRefs ? { allOf: [ref] } : ref
}

const listSchema = ({ listType, listKeys, patchKey }: ListNode): OpenApiSchema => ({
  'x-kubernetes-list-type': listType,
  ...(listKeys.length > 0 ? { 'x-kubernetes-list-map-keys': listKeys } : {}),
  ...(patchKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': patchKey }),
})

const described = ({ doc }: SchemaNode): OpenApiSchema => (doc === '' ? {} : { description: doc })

function extras(node: SchemaNode): OpenApiSchema {
  const strategy = (['merge', 'replace', 'retainKeys'] as const).filter(one => node.patchStrategy[one]).join(',')
  return {
    ...(node.default === undefined ? {} : { default: node.default }),
    ...(node.nullable ? { nullable: true } : {}),
    ...(strategy === '' ? {} : { 'x-kubernetes-patch-strategy': strategy }),
    ...(node.kind === 'map' && node.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    ...(node.rules ? { 'x-kubernetes-validations': node.rules } : {}),
  }
}

/** The checks are named as OpenAPI names them. */
const checksSchema = (checks: Checks | undefined): OpenApiSchema => ({ ...checks })
