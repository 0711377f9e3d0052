/** What is wrong with how a definition wants to be converted. Source: apiextensions-apiserver pkg/apis/apiextensions/validation. */
import type { CustomResourceConversion, WebhookConversion } from '../../../api/apiextensions/conversion.ts'
import { dns1035Label } from '../../../api/meta/names.ts'
import { webhookClientErrors } from '../../../api/meta/webhook-client.ts'
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

function clientErrors(webhook: WebhookConversion | undefined): readonly FieldError[] {
  const client = webhook?.clientConfig
  if (!client) return [required(CLIENT, 'required when strategy is set to Webhook')]
  return webhookClientErrors(client, CLIENT)
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
