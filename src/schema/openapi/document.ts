/** The OpenAPI documents of an API: version 3 for each group and version, version 2 for all of it. */
import type { Operation, Payload } from './operations.ts'
import { operationsOf } from './operations.ts'
import type { Components, Dialect, OpenApiSchema } from './schema.ts'
import { finish, newComponents, refTo, structSchema, V2, V3, wrapped } from './schema.ts'
import type { ApiType, SharedTypes } from './type.ts'
import { definitionName } from './type.ts'

/** One group and version, complete in itself. Pure: the same types give the same document. */
export function openApiV3(types: readonly ApiType[], shared: SharedTypes): object {
  const components = componentsOf(types, shared, V3)
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.33' },
    paths: pathsOf(types, components, shared, operationV3),
    components: { schemas: finish(components) },
  }
}

export function openApiV2(types: readonly ApiType[], shared: SharedTypes): object {
  const components = componentsOf(types, shared, V2)
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: 'v1.33' },
    paths: pathsOf(types, components, shared, operationV2),
    definitions: finish(components),
  }
}

const GVK = 'x-kubernetes-group-version-kind'

function componentsOf(types: readonly ApiType[], shared: SharedTypes, dialect: Dialect): Components {
  const components = newComponents(dialect)
  for (const type of types) {
    addType(components, type)
    addList(components, type, shared)
  }
  const [first] = types
  const deletion = { group: '', version: 'v1', kind: 'DeleteOptions' }
  const own = first && first.group !== '' ? [{ ...deletion, group: first.group, version: first.version }] : []
  components.extensions.set(shared.deleteOptions.name!, { [GVK]: [deletion, ...own] })
  components.extensions.set(shared.status.name!, { [GVK]: [{ group: '', version: 'v1', kind: 'Status' }] })
  return components
}

function addType(components: Components, type: ApiType): void {
  const { group, version, kind, node } = type
  const gvk = { [GVK]: [{ group, kind, version }] }
  if (node.name === undefined) {
    components.schemas.set(definitionName(type), { ...structSchema(components, node), ...gvk })
  } else {
    refTo(components, node)
    components.extensions.set(node.name, gvk)
  }
}

function addList(components: Components, type: ApiType, { listMeta }: SharedTypes): void {
  const { group, version, listKind, kind } = type
  const ref = refTo(components, listMeta)
  components.schemas.set(`${definitionName(type)}List`, {
    description: `A list of ${kind} objects.`,
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string', description: 'Group and version of this representation.' },
      kind: { type: 'string', description: 'The kind of the list.' },
      items: {
        type: 'array',
        description: 'The objects.',
        items: { default: {}, ...wrapped(components, objectRef(components, type)) },
      },
      metadata: { description: 'What all lists carry.', ...wrapped(components, ref) },
    },
    [GVK]: [{ group, kind: listKind, version }],
  })
}

const objectRef = ({ dialect }: Components, type: ApiType): OpenApiSchema => ({
  $ref: dialect.refPrefix + definitionName(type),
})

type Render = (operation: Operation, refOf: (payload: Payload) => OpenApiSchema | undefined, type: ApiType) => object

function pathsOf(
  types: readonly ApiType[],
  components: Components,
  shared: SharedTypes,
  render: Render,
): Record<string, object> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const type of types) {
    const refOf = (payload: Payload) => payloadRef(components, type, shared, payload)
    for (const operation of operationsOf(type)) {
      paths[operation.path] ??= { parameters: parametersOf(operation.pathParameters, 'path', render === operationV3) }
      paths[operation.path]![operation.method] = render(operation, refOf, type)
    }
  }
  return paths
}

function payloadRef(components: Components, type: ApiType, shared: SharedTypes, payload: Payload) {
  switch (payload) {
    case 'object':
      return objectRef(components, type)
    case 'list':
      return { $ref: `${objectRef(components, type).$ref}List` }
    case 'status':
      return refTo(components, shared.status)
    case 'delete-options':
      return refTo(components, shared.deleteOptions)
    case 'patch':
    case 'any':
      return { type: 'object' }
    case 'none':
      return undefined
  }
}

const PATCH_TYPES = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json']

/** kubectl takes the media types named here for those it may send; custom resources know no strategic merge. */
const bodyTypes = ({ body }: Operation, { node }: ApiType): readonly string[] => {
  if (body !== 'patch') return ['*/*']
  return node.name === undefined ? PATCH_TYPES : [...PATCH_TYPES, 'application/strategic-merge-patch+json']
}

const DESCRIBED: Readonly<Record<string, string>> = {
  dryRun: 'All: nothing is stored.',
  fieldManager: 'Who makes the change.',
  fieldValidation: 'What happens to unknown and duplicate fields: Ignore, Warn or Strict.',
}

function parametersOf(names: readonly string[], where: 'path' | 'query', v3: boolean): readonly object[] {
  return names.map(name => ({
    name,
    in: where,
    description: DESCRIBED[name] ?? name,
    ...(where === 'path' ? { required: true } : {}),
    ...(v3 ? { schema: { type: 'string', uniqueItems: true } } : { type: 'string', uniqueItems: true }),
  }))
}

const commonOf = ({ summary, id, action, gvk }: Operation): object => ({
  description: summary,
  operationId: id,
  'x-kubernetes-action': action,
  [GVK]: gvk,
})

const operationV3: Render = (operation, refOf, type) => {
  const body = refOf(operation.body)
  const types = bodyTypes(operation, type)
  return {
    ...commonOf(operation),
    parameters: parametersOf(operation.query, 'query', true),
    ...(body ? { requestBody: { content: Object.fromEntries(types.map(media => [media, { schema: body }])) } } : {}),
    responses: { 200: { description: 'OK', content: { 'application/json': { schema: refOf(operation.answer) } } } },
  }
}

const operationV2: Render = (operation, refOf, type) => {
  const schema = refOf(operation.body)
  const body = schema ? [{ name: 'body', in: 'body', required: operation.body === 'object', schema }] : []
  return {
    ...commonOf(operation),
    consumes: bodyTypes(operation, type),
    produces: ['application/json', 'application/yaml'],
    schemes: ['https'],
    parameters: [...body, ...parametersOf(operation.query, 'query', false)],
    responses: { 200: { description: 'OK', schema: refOf(operation.answer) } },
  }
}
