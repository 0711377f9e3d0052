import type { FieldError } from '../../schema/kind.ts'
import { invalid } from '../errors.ts'
import { badRequest } from '../status-error.ts'

/** The query of a list or watch, checked as k8s.io/apimachinery's internalversion validation does. */
export interface ListOptions {
  /** Absent when the query has none. */
  readonly revision?: number
  readonly match?: 'Exact' | 'NotOlderThan'
  readonly limit: number
  readonly continue?: string
  readonly timeoutSeconds?: number
  readonly bookmarks: boolean
  readonly sendInitialEvents?: boolean
}

/** Throws StatusError 400 and 422. */
export function parseListOptions(query: URLSearchParams, watch: boolean): ListOptions {
  const errors = watch ? watchErrors(query) : listErrors(query)
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors)
  const version = query.get('resourceVersion') ?? ''
  const token = query.get('continue') ?? ''
  const timeout = integer(query, 'timeoutSeconds')
  const initial = query.get('sendInitialEvents')
  const match = query.get('resourceVersionMatch')
  if (token !== '' && version !== '' && version !== '0')
    throw badRequest('specifying resource version is not allowed when using continue')
  return {
    ...(version === '' ? {} : { revision: parseRevision(version) }),
    ...(match ? { match: match as 'Exact' | 'NotOlderThan' } : {}),
    limit: integer(query, 'limit') ?? 0,
    ...(token === '' ? {} : { continue: token }),
    ...(timeout === undefined ? {} : { timeoutSeconds: timeout }),
    bookmarks: flag(query.get('allowWatchBookmarks')),
    ...(initial === null ? {} : { sendInitialEvents: flag(initial) }),
  }
}

export function parseRevision(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    )
  return Number(text)
}

export const flag = (text: string | null): boolean => text !== null && text !== 'false' && text !== '0'

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^-?\d{1,15}$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  return Math.max(0, Number(text))
}

const MATCH = 'resourceVersionMatch'
const forbid = (field: string, detail: string): FieldError => ({ type: 'Forbidden', field, detail })

function listErrors(query: URLSearchParams): FieldError[] {
  const errors: FieldError[] = []
  const match = query.get(MATCH) ?? ''
  const version = query.get('resourceVersion') ?? ''
  if (match !== '') {
    if (version === '') errors.push(forbid(MATCH, `${MATCH} is forbidden unless resourceVersion is provided`))
    if (query.get('continue')) errors.push(forbid(MATCH, `${MATCH} is forbidden when continue is provided`))
    if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(unsupported(match, ['', 'Exact', 'NotOlderThan']))
    if (match === 'Exact' && version === '0')
      errors.push(forbid(MATCH, `${MATCH} "exact" is forbidden for resourceVersion "0"`))
  }
  if (query.has('sendInitialEvents'))
    errors.push(forbid('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  return errors
}

function watchErrors(query: URLSearchParams): FieldError[] {
  const errors: FieldError[] = []
  const match = query.get(MATCH) ?? ''
  const initial = query.has('sendInitialEvents')
  if (initial && match !== 'NotOlderThan')
    errors.push(forbid(MATCH, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'))
  if (match === '') return errors
  if (!initial) errors.push(forbid(MATCH, `${MATCH} is forbidden for watch unless sendInitialEvents is provided`))
  if (match !== 'NotOlderThan') errors.push(unsupported(match, ['NotOlderThan']))
  if (query.get('continue')) errors.push(forbid(MATCH, `${MATCH} is forbidden when continue is provided`))
  return errors
}

const unsupported = (value: string, values: readonly string[]): FieldError => ({
  type: 'NotSupported',
  field: MATCH,
  value,
  detail: `supported values: ${values.map(text => JSON.stringify(text)).join(', ')}`,
})
