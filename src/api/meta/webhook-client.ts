/** How a webhook may be reached. Source: k8s.io/apiserver/pkg/util/webhook/validation.go. */
import { invalid, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { dns1123Subdomain } from './names.ts'

/** Whom a webhook's owner wants to be asked, as configurations and definitions alike have it. */
export interface WebhookClient {
  readonly url?: string
  readonly service?: {
    readonly namespace: string
    readonly name: string
    readonly path?: string
    readonly port?: number
  }
  /** PEM, as base64. */
  readonly caBundle?: string
}

export function webhookClientErrors({ url, service }: WebhookClient, path: string): readonly FieldError[] {
  if ((url === undefined) === (service === undefined))
    return [required(path, 'exactly one of url or service is required')]
  return url === undefined ? serviceErrors(service!, `${path}.service`) : urlErrors(url, `${path}.url`)
}

const FORM = '; desired format: https://host[/path]'

function urlErrors(text: string, path: string): FieldError[] {
  const { scheme = '', user, host = '', query, fragment } = URL_PARTS.exec(text)?.groups ?? {}
  const errors: FieldError[] = []
  if (scheme !== 'https') errors.push(invalid(path, scheme, `'https' is the only allowed URL scheme${FORM}`))
  if (host === '') errors.push(invalid(path, host, `host must be specified${FORM}`))
  if (user) errors.push(invalid(path, user, 'user information is not permitted in the URL'))
  if (fragment) errors.push(invalid(path, fragment, 'fragments are not permitted in the URL'))
  if (query) errors.push(invalid(path, query, 'query parameters are not permitted in the URL'))
  return errors
}

const URL_PARTS =
  /^(?:(?<scheme>[a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/(?:(?<user>[^@/?#]*)@)?(?<host>[^/?#]*))?[^?#]*(?:\?(?<query>[^#]*))?(?:#(?<fragment>.*))?$/

/** Upstream hands name and namespace over in each other's place. */
function serviceErrors(
  { name, namespace, path, port }: NonNullable<WebhookClient['service']>,
  at: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (namespace === '') errors.push(required(`${at}.name`, 'service name is required'))
  if (name === '') errors.push(required(`${at}.namespace`, 'service namespace is required'))
  if (port !== undefined && (port < 1 || port > 65535))
    errors.push(invalid(`${at}.port`, port, 'port is not valid: must be between 1 and 65535, inclusive'))
  return path === undefined ? errors : [...errors, ...pathErrors(`${at}.path`, path)]
}

function pathErrors(at: string, path: string): FieldError[] {
  if (path === '' || path === '/') return []
  if (path === '//') return [invalid(at, path, 'segment[0] may not be empty')]
  const errors = path.startsWith('/') ? [] : [invalid(at, path, "must start with a '/'")]
  const steps = path.slice(1).replace(/\/$/, '').split('/')
  return [
    ...errors,
    ...steps.flatMap((step, index) =>
      step === ''
        ? [invalid(at, path, `segment[${index}] may not be empty`)]
        : dns1123Subdomain(step).map(why => invalid(at, path, `segment[${index}]: ${why}`)),
    ),
  ]
}
