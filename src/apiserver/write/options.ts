import type { FieldError } from '../../schema/kind.ts'
import type { ApiRequest } from '../context.ts'
import { invalid } from '../errors.ts'
import type { FieldValidation } from '../patch/mod.ts'
import { managerName } from '../patch/mod.ts'

export interface WriteOptions {
  readonly dryRun: boolean
  readonly fieldValidation: FieldValidation
  /** Who comes to own the fields. */
  readonly manager: string
}

/** The server's own writes. */
export const INTERNAL_WRITE: WriteOptions = { dryRun: false, fieldValidation: 'Ignore', manager: 'fairlead' }

type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'

/** The query of a write. Throws StatusError 422. */
export function parseWriteOptions(request: ApiRequest, kind: OptionsKind): WriteOptions {
  const { query, headers } = request
  const errors: FieldError[] = []
  const dryRun = query.getAll('dryRun').filter(value => value !== '')
  if (dryRun.some(value => value !== 'All'))
    errors.push({ type: 'NotSupported', field: 'dryRun', value: dryRun, detail: 'supported values: "All"' })
  const fieldValidation = query.get('fieldValidation') || 'Warn'
  if (!['Strict', 'Warn', 'Ignore'].includes(fieldValidation))
    errors.push({
      type: 'NotSupported',
      field: 'fieldValidation',
      value: fieldValidation,
      detail: 'supported values: "", "Ignore", "Strict", "Warn"',
    })
  const fieldManager = query.get('fieldManager') ?? ''
  if (fieldManager.length > 128)
    errors.push({
      type: 'TooLong',
      field: 'fieldManager',
      value: fieldManager,
      detail: 'may not be more than 128 bytes',
    })
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors)
  return {
    dryRun: dryRun.length > 0,
    fieldValidation: fieldValidation as FieldValidation,
    manager: managerName(fieldManager || undefined, headers['user-agent']),
  }
}
