/** Makers of field errors, with the details Kubernetes gives each sort. */
import type { FieldError } from './kind.ts'

export const required = (field: string, detail = ''): FieldError => ({ type: 'Required', field, detail })

export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'Invalid',
  field,
  value,
  detail,
})

export const forbidden = (field: string, detail: string): FieldError => ({ type: 'Forbidden', field, detail })

export const duplicate = (field: string, value: unknown): FieldError => ({
  type: 'Duplicate',
  field,
  value,
  detail: '',
})

export const notFound = (field: string, value: unknown): FieldError => ({ type: 'NotFound', field, value, detail: '' })

export const notSupported = (field: string, value: unknown, values: readonly unknown[]): FieldError => ({
  type: 'NotSupported',
  field,
  value,
  detail: `supported values: ${values.map(one => JSON.stringify(one)).join(', ')}`,
})

export const tooLong = (field: string, value: unknown, limit: number): FieldError => ({
  type: 'TooLong',
  field,
  value,
  detail: `may not be more than ${limit} bytes`,
})

export const tooMany = (field: string, count: number, limit: number): FieldError => ({
  type: 'TooMany',
  field,
  value: count,
  detail: `must have at most ${limit} items`,
})
