import type { FieldError } from '../schema/kind.ts'
import { groupResource } from '../schema/kind.ts'
import type { StatusCause, StatusDetails } from './status-error.ts'
import { StatusError } from './status-error.ts'

interface Named {
  readonly group: string
  readonly plural: string
}

const detailsOf = (resource: Named, name: string, more: Partial<StatusDetails> = {}): StatusDetails => ({
  ...(name === '' ? {} : { name }),
  ...(resource.group === '' ? {} : { group: resource.group }),
  kind: resource.plural,
  ...more,
})

/** The texts of k8s.io/apimachinery/pkg/api/errors. */
export const notFound = (resource: Named, name: string): StatusError =>
  new StatusError(
    404,
    'NotFound',
    `${groupResource(resource)} ${JSON.stringify(name)} not found`,
    detailsOf(resource, name),
  )

export const alreadyExists = (resource: Named, name: string): StatusError =>
  new StatusError(
    409,
    'AlreadyExists',
    `${groupResource(resource)} ${JSON.stringify(name)} already exists`,
    detailsOf(resource, name),
  )

export const generateNameConflict = (resource: Named, name: string): StatusError =>
  new StatusError(
    409,
    'AlreadyExists',
    `${groupResource(resource)} ${JSON.stringify(name)} already exists, the server was not able to generate a unique name for the object`,
    detailsOf(resource, name, { retryAfterSeconds: 1 }),
  )

export const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again'

export const conflict = (resource: Named, name: string, why: string): StatusError =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${groupResource(resource)} ${JSON.stringify(name)}: ${why}`,
    detailsOf(resource, name),
  )

export const forbidden = (resource: Named, name: string, why: string, causes?: readonly StatusCause[]): StatusError =>
  new StatusError(
    403,
    'Forbidden',
    name === ''
      ? `${groupResource(resource)} is forbidden: ${why}`
      : `${groupResource(resource)} ${JSON.stringify(name)} is forbidden: ${why}`,
    detailsOf(resource, name, causes ? { causes } : {}),
  )

export const unauthorized = (): StatusError => new StatusError(401, 'Unauthorized', 'Unauthorized')

export const methodNotAllowed = (resource: Named, action: string): StatusError =>
  new StatusError(
    405,
    'MethodNotAllowed',
    `${action} is not supported on resources of kind ${JSON.stringify(groupResource(resource))}`,
    detailsOf(resource, ''),
  )

export const notAcceptable = (supported: readonly string[]): StatusError =>
  new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${supported.join(', ')}`)

export const unsupportedMediaType = (got: string, supported: readonly string[]): StatusError =>
  new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${supported.join(', ')}${got === '' ? ' (the request has no Content-Type)' : ''}`,
  )

export const tooLarge = (message: string): StatusError => new StatusError(413, 'RequestEntityTooLarge', message)

export const expired = (message: string): StatusError => new StatusError(410, 'Expired', message)

export const internalError = (message: string): StatusError =>
  new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ reason: 'InternalError', message }],
  })

export const tooLargeResourceVersion = (requested: number, current: number): StatusError =>
  new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${requested}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })

/** Several texts as one. Source: k8s.io/apimachinery/pkg/util/errors, aggregate.Error. */
export const aggregateText = (texts: readonly string[]): string =>
  texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`

/** Field errors of one object. details.kind is the kind, not the resource. */
export function invalid(
  type: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const qualified = type.group === '' ? type.kind : `${type.kind}.${type.group}`
  const texts = [...new Set(errors.map(fieldErrorText))]
  return new StatusError(422, 'Invalid', `${qualified} ${JSON.stringify(name)} is invalid: ${aggregateText(texts)}`, {
    name,
    ...(type.group === '' ? {} : { group: type.group }),
    kind: type.kind,
    causes: errors.map(error => ({
      reason: CAUSES[error.type],
      message: fieldErrorBody(error),
      field: error.field,
    })),
  })
}

const WORDS: Record<FieldError['type'], string> = {
  Required: 'Required value',
  Invalid: 'Invalid value',
  NotSupported: 'Unsupported value',
  Forbidden: 'Forbidden',
  Duplicate: 'Duplicate value',
  NotFound: 'Not found',
  TooLong: 'Too long',
  TooMany: 'Too many',
  TypeInvalid: 'Invalid value',
}

const CAUSES: Record<FieldError['type'], string> = {
  Required: 'FieldValueRequired',
  Invalid: 'FieldValueInvalid',
  NotSupported: 'FieldValueNotSupported',
  Forbidden: 'FieldValueForbidden',
  Duplicate: 'FieldValueDuplicate',
  NotFound: 'FieldValueNotFound',
  TooLong: 'FieldValueTooLong',
  TooMany: 'FieldValueTooMany',
  TypeInvalid: 'FieldValueTypeInvalid',
}

export const fieldErrorText = (error: FieldError): string => `${error.field}: ${fieldErrorBody(error)}`

/** The value stands in the text of errors that are about it. */
function fieldErrorBody(error: FieldError): string {
  const word = WORDS[error.type]
  const shown =
    error.type === 'Required' || error.type === 'Forbidden' || error.type === 'TooLong' || error.type === 'TooMany'
      ? word
      : `${word}: ${valueText(error.value)}`
  return error.detail === '' ? shown : `${shown}: ${error.detail}`
}

function valueText(value: unknown): string {
  if (value === undefined || value === null) return 'null'
  // Other values than scalars are shown as Go writes them.
  if (Array.isArray(value) && value.every(item => typeof item === 'string'))
    return `[]string{${value.map(item => JSON.stringify(item)).join(', ')}}`
  // How Go shows an unsigned integer.
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : JSON.stringify(value)
}
