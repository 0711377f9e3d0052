import { DeleteOptions } from '../../api/meta/delete-options.ts'
import { messageOf } from '../../lib/errors.ts'
import type { FieldError } from '../../schema/kind.ts'
import { readJson } from '../../wire/json/read.ts'
import type { Context } from '../context.ts'
import { invalid, unsupportedMediaType } from '../errors.ts'
import { decodeBody } from '../resource/codec.ts'
import { badRequest } from '../status-error.ts'
import { mediaTypeOf, PROTOBUF_TYPE } from './body.ts'

export type Propagation = 'Orphan' | 'Background' | 'Foreground'

export interface RemoveOptions {
  readonly gracePeriodSeconds?: number
  readonly propagation?: Propagation
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string }
  readonly dryRun: boolean
}

/** From the body (of any version's DeleteOptions) or the query. Throws StatusError 400, 415, 422. */
export function parseDeleteOptions({ request }: Context): RemoveOptions {
  const { body, query, headers } = request
  return readDeleteOptions(body.length > 0 ? readBody(headers['content-type'], body) : fromQuery(query), query)
}

/** Throws StatusError 422. */
export function readDeleteOptions(raw: RawOptions, query: URLSearchParams): RemoveOptions {
  const errors = optionErrors(raw)
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors)
  const propagation = propagationOf(raw)
  const dryRun = [...(raw.dryRun ?? []), ...query.getAll('dryRun')].includes('All')
  return {
    ...(typeof raw.gracePeriodSeconds === 'number' ? { gracePeriodSeconds: Math.max(0, raw.gracePeriodSeconds) } : {}),
    ...(propagation ? { propagation } : {}),
    preconditions: raw.preconditions ?? {},
    dryRun,
  }
}

interface RawOptions {
  readonly gracePeriodSeconds?: number
  readonly orphanDependents?: boolean
  readonly propagationPolicy?: string
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
  readonly dryRun?: readonly string[]
}

function readBody(contentType: string | undefined, body: Uint8Array): RawOptions {
  const type = mediaTypeOf(contentType)
  try {
    if (type === PROTOBUF_TYPE) return decodeBody(DeleteOptions, body).object
    if (type !== '' && type !== 'application/json')
      throw unsupportedMediaType(type, ['application/json', PROTOBUF_TYPE])
    const { value } = readJson(body)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('it is not an object')
    if ('kind' in value && value.kind !== 'DeleteOptions' && value.kind !== '')
      throw new Error(`it is a ${String(value.kind)}`)
    return value as RawOptions
  } catch (error) {
    if (error instanceof Error && error.name === 'StatusError') throw error
    throw badRequest(`decode error: the body cannot be handled as DeleteOptions: ${messageOf(error)}`)
  }
}

function fromQuery(query: URLSearchParams): RawOptions {
  const grace = query.get('gracePeriodSeconds')
  const policy = query.get('propagationPolicy')
  const orphan = query.get('orphanDependents')
  return {
    ...(grace === null || !/^\d{1,15}$/.test(grace) ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(orphan === null ? {} : { orphanDependents: orphan === 'true' }),
  }
}

const POLICIES: readonly string[] = ['Background', 'Foreground', 'Orphan'] satisfies Propagation[]

function optionErrors({ orphanDependents, propagationPolicy }: RawOptions): FieldError[] {
  const field = 'propagationPolicy'
  const policy = propagationPolicy ?? undefined
  if (policy !== undefined && typeof orphanDependents === 'boolean')
    return [
      { type: 'Invalid', field, value: policy, detail: 'orphanDependents and deletionPropagation cannot be both set' },
    ]
  if (policy === undefined || POLICIES.includes(policy)) return []
  return [
    {
      type: 'NotSupported',
      field,
      value: policy,
      detail: 'supported values: "Background", "Foreground", "Orphan", "nil"',
    },
  ]
}

function propagationOf({ orphanDependents, propagationPolicy }: RawOptions): Propagation | undefined {
  if (propagationPolicy) return propagationPolicy as Propagation
  if (typeof orphanDependents !== 'boolean') return undefined
  return orphanDependents ? 'Orphan' : 'Background'
}
