/** What is wrong with how a definition wants to be converted. Source: apiextensions-apiserver pkg/apis/apiextensions/validation. */
import type { CustomResourceConversion, WebhookConversion } from '../../../api/apiextensions/conversion.ts'
import { dns1035Label, dns1123Subdomain } from '../../../api/meta/names.ts'
import { forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import type { FieldError } from '../../../schema/kind.ts'
import { REVIEW_VERSIONS } from './webhook.ts'

const PATH = 'spec.conversion'
/** Upstream's own names are those of its internal form. */
const CLIENT = `${PATH}.webhookClientConfig`
const VERSIONS = `${PATH}.conversionReviewVersions`

/** `old` is how a definition in use had it: what it understood before, it may go on with. */
export function conversionErrors(
  conversion: CustomResourceConversion | undefined,
  old?: CustomResourceConversion,
): readonly FieldError[] {
  if (!conversion) return []
  const { strategy, webhook } = conversion
  if (strategy === '') return [required(`${PATH}.strategy`)]
  if (strategy !== 'None' && strategy !== 'Webhook')
    return [notSupported(`${PATH}.strategy`, strategy, ['None', 'Webhook']), ...unwanted(webhook)]
  if (strategy === 'None') return unwanted(webhook)
  const known = !old?.webhook || hasKnown(old.webhook.conversionReviewVersions)
  return [...clientErrors(webhook), ...versionErrors(webhook?.conversionReviewVersions ?? [], known)]
}

const NOT_SET = 'should not be set when strategy is not set to Webhook'

const unwanted = (webhook: WebhookConversion | undefined): FieldError[] => [
  ...(webhook?.clientConfig ? [forbidden(CLIENT, NOT_SET)] : []),
  ...(webhook?.conversionReviewVersions?.length ? [forbidden(VERSIONS, NOT_SET)] : []),
]

function clientErrors(webhook: WebhookConversion | undefined): FieldError[] {
  const client = webhook?.clientConfig
  if (!client) return [required(CLIENT, 'required when strategy is set to Webhook')]
  const { url, service } = client
  if ((url === undefined) === (service === undefined))
    return [required(CLIENT, 'exactly one of url or service is required')]
  return url === undefined ? serviceErrors(service!) : urlErrors(url)
}

const FORM = '; desired format: https://host[/path]'

function urlErrors(text: string): FieldError[] {
  const path = `${CLIENT}.url`
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
function serviceErrors({
  name,
  namespace,
  path,
  port,
}: NonNullable<NonNullable<WebhookConversion['clientConfig']>['service']>): FieldError[] {
  const at = `${CLIENT}.service`
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

const hasKnown = (versions: readonly string[]): boolean =>
  versions.some(version => REVIEW_VERSIONS.some(known => known === version))

function versionErrors(versions: readonly string[], mustKnow: boolean): FieldError[] {
  if (versions.length === 0) return [required(VERSIONS)]
  const errors: FieldError[] = []
  for (const [index, version] of versions.entries()) {
    if (versions.indexOf(version) < index) errors.push(invalid(`${VERSIONS}[${index}]`, version, 'duplicate version'))
    else errors.push(...dns1035Label(version).map(why => invalid(`${VERSIONS}[${index}]`, version, why)))
  }
  if (mustKnow && !hasKnown(versions))
    errors.push(invalid(VERSIONS, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`))
  return errors
}
