/** The operations of a type: which paths it has, and what may be done at each. */
import type { ApiType, GroupVersionKind } from './type.ts'
import { prefixOf } from './type.ts'

/** What a body or an answer is: the object itself, a list of it, or something all types share. */
export type Payload = 'object' | 'list' | 'status' | 'delete-options' | 'patch' | 'any' | 'none'

export interface Operation {
  readonly path: string
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  readonly action: string
  readonly id: string
  readonly summary: string
  readonly gvk: GroupVersionKind
  readonly query: readonly string[]
  readonly pathParameters: readonly string[]
  readonly body: Payload
  readonly answer: Payload
}

const WRITE = ['dryRun', 'fieldManager', 'fieldValidation']
const LIST = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'timeoutSeconds',
  'watch',
]
const DELETE = ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy']

interface Row {
  readonly verb: string
  readonly method: Operation['method']
  readonly action: string
  readonly query: readonly string[]
  readonly body: Payload
  readonly answer: Payload
}

const COLLECTION: readonly Row[] = [
  { verb: 'list', method: 'get', action: 'list', query: LIST, body: 'none', answer: 'list' },
  { verb: 'create', method: 'post', action: 'post', query: WRITE, body: 'object', answer: 'object' },
  {
    verb: 'deletecollection',
    method: 'delete',
    action: 'deletecollection',
    query: [...DELETE, ...LIST.filter(name => name !== 'watch' && name !== 'allowWatchBookmarks')],
    body: 'delete-options',
    answer: 'status',
  },
]

const ITEM: readonly Row[] = [
  { verb: 'get', method: 'get', action: 'get', query: [], body: 'none', answer: 'object' },
  { verb: 'update', method: 'put', action: 'put', query: WRITE, body: 'object', answer: 'object' },
  { verb: 'patch', method: 'patch', action: 'patch', query: [...WRITE, 'force'], body: 'patch', answer: 'object' },
  { verb: 'delete', method: 'delete', action: 'delete', query: DELETE, body: 'delete-options', answer: 'status' },
]

const STATUS = ITEM.filter(row => row.verb !== 'delete')

export function operationsOf(type: ApiType): readonly Operation[] {
  const prefix = prefixOf(type)
  const parameters = type.namespaced ? ['namespace'] : []
  const scope = type.namespaced ? `${prefix}/namespaces/{namespace}` : prefix
  const collection = `${scope}/${type.plural}`
  const item = `${collection}/{name}`
  const named = ['name', ...parameters]
  const allowed = (row: Row): boolean => type.verbs.includes(row.verb)
  const everywhere = COLLECTION.filter(row => row.verb === 'list')
  return [
    ...rows(type, COLLECTION.filter(allowed), collection, parameters, ''),
    ...rows(type, ITEM.filter(allowed), item, named, ''),
    ...(type.namespaced
      ? rows(type, everywhere.filter(allowed), `${prefix}/${type.plural}`, [], 'ForAllNamespaces')
      : []),
    ...(type.subresources.status ? rows(type, STATUS, `${item}/status`, named, 'Status') : []),
    ...(type.subresources.scale ? rows(scaled(type), STATUS.map(anyRow), `${item}/scale`, named, 'Scale') : []),
    ...(type.subresources.connect ?? []).flatMap(name => connectRows(type, name, `${item}/${name}`, named)),
  ]
}

const scaled = (type: ApiType): ApiType => ({ ...type, group: 'autoscaling', version: 'v1', kind: 'Scale' })

const anyRow = (row: Row): Row => ({ ...row, body: row.body === 'object' ? 'any' : row.body, answer: 'any' })

const CREATED = new Set(['binding', 'eviction', 'token'])
const REPLACED = new Set(['finalize'])
const PATCHED = new Set(['approval', 'ephemeralcontainers', 'resize'])

function connectRows(type: ApiType, name: string, path: string, parameters: readonly string[]): readonly Operation[] {
  const suffix = name[0]!.toUpperCase() + name.slice(1)
  if (PATCHED.has(name)) return rows(type, STATUS, path, parameters, suffix)
  if (REPLACED.has(name))
    return rows(
      type,
      STATUS.filter(row => row.verb === 'update'),
      path,
      parameters,
      suffix,
    )
  const created = COLLECTION.filter(row => row.verb === 'create').map(anyRow)
  if (CREATED.has(name)) return rows(type, created, path, parameters, suffix)
  const read = ITEM.filter(row => row.verb === 'get').map(row => ({
    ...anyRow(row),
    action: name === 'log' ? 'get' : 'connect',
  }))
  return rows(type, read, path, parameters, suffix)
}

const rows = (
  type: ApiType,
  list: readonly Row[],
  path: string,
  pathParameters: readonly string[],
  suffix: string,
): readonly Operation[] =>
  list.map(({ method, action, query, body, answer }) => ({
    path,
    method,
    action,
    id: idOf(type, action, pathParameters, suffix),
    summary: `${action} ${type.kind}${suffix === '' ? '' : ` (${suffix.toLowerCase()})`}`,
    gvk: { group: type.group, version: type.version, kind: type.kind },
    query,
    pathParameters,
    body,
    answer,
  }))

function idOf(type: ApiType, action: string, parameters: readonly string[], suffix: string): string {
  const group = type.group === '' ? 'core' : type.group.replace(/\.k8s\.io$/, '')
  const words = [...group.split('.'), type.version].map(word => word[0]!.toUpperCase() + word.slice(1))
  const scope = parameters.includes('namespace') ? 'Namespaced' : ''
  return action + words.join('') + scope + type.plural + suffix
}
