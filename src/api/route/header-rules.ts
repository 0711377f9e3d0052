/** The rules of header actions: what a tenant may make HAProxy evaluate. Source: the validation of route.openshift.io. */
import { invalid, notSupported, required, tooLong, tooMany } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import type { RouteSpec } from './route.ts'
import type { RouteHTTPHeader } from './route-headers.ts'

const MAX_ACTIONS = 20
const MAX_NAME = 255
const MAX_VALUE = 16_384
/** RFC 2616 section 4.2. */
export const HEADER_NAME = "^[-!#$%&'*+.0-9A-Z^_`a-z|~]+$"
const header = new RegExp(HEADER_NAME)
const UNTOUCHABLE = ['strict-transport-security', 'proxy', 'cookie', 'set-cookie']

/** Plain text without control characters, `%%`, and the few fetches and converters that are harmless. */
const valuePattern = (fetch: string): RegExp =>
  new RegExp(
    `^(?:%(?:%|(?:\\{[-+]?[QXE](?:,[-+]?[QXE])*\\})?\\[(?:${fetch}\\.hdr\\([0-9A-Za-z-]+\\)|ssl_c_der)(?:,(?:lower|base64))*\\])|[^%\\x00-\\x1f\\x7f])+$`,
  )

const VALUES = { request: valuePattern('req'), response: valuePattern('res') } as const

export function headerErrors({ httpHeaders, tls }: RouteSpec): readonly FieldError[] {
  if (!httpHeaders) return []
  const path = 'spec.httpHeaders'
  const barred =
    tls?.termination === 'passthrough'
      ? [invalid(path, '', 'header actions are not permitted when tls termination is passthrough.')]
      : []
  return [
    ...barred,
    ...(['request', 'response'] as const).flatMap(way =>
      actionsErrors(httpHeaders.actions?.[way] ?? [], way, `${path}.actions.${way}`),
    ),
  ]
}

/** `barred`: names in lower case that may not be changed either. */
export function actionsErrors(
  actions: readonly RouteHTTPHeader[],
  way: 'request' | 'response',
  path: string,
  barred: readonly string[] = [],
): FieldError[] {
  const errors = actions.length > MAX_ACTIONS ? [tooMany(path, actions.length, MAX_ACTIONS)] : []
  const seen = new Set<string>()
  actions.forEach((one, index) => {
    const where = `${path}[${index}]`
    errors.push(...nameErrors(one.name, `${where}.name`, barred), ...actionErrors(one, way, `${where}.action`))
    const key = one.name.toLowerCase()
    if (seen.has(key)) errors.push({ type: 'Duplicate', field: `${where}.name`, value: one.name, detail: '' })
    seen.add(key)
  })
  return errors
}

function nameErrors(name: string, field: string, barred: readonly string[]): readonly FieldError[] {
  if (name === '') return []
  const errors: FieldError[] = []
  if (name.length > MAX_NAME) errors.push(tooLong(field, name, MAX_NAME))
  if (!header.test(name))
    errors.push(invalid(field, name, 'name must be a valid HTTP header name as defined in RFC 2616 section 4.2'))
  const low = name.toLowerCase()
  if (UNTOUCHABLE.includes(low) || barred.includes(low))
    errors.push(invalid(field, name, `${low} header may not be modified via header actions`))
  return errors
}

function actionErrors({ action }: RouteHTTPHeader, way: 'request' | 'response', path: string): readonly FieldError[] {
  const { type, set } = action
  if (type === '') return []
  if (type !== 'Set' && type !== 'Delete') return [notSupported(`${path}.type`, type, ['Set', 'Delete'])]
  if ((type === 'Set') !== (set !== undefined))
    return [invalid(`${path}.set`, '', 'set is required when type is Set, and forbidden otherwise')]
  if (!set) return []
  const field = `${path}.set.value`
  if (set.value === '') return [required(field)]
  if (set.value.length > MAX_VALUE) return [tooLong(field, set.value, MAX_VALUE)]
  return VALUES[way].test(set.value) ? [] : [invalid(field, set.value, wrongValue(way))]
}

const wrongValue = (way: 'request' | 'response'): string =>
  `Either the header value provided is not in correct format or the sample fetcher/converter specified is not allowed. Sample fetchers allowed are ${way === 'request' ? 'req' : 'res'}.hdr, ssl_c_der. Converters allowed are lower, base64.`
