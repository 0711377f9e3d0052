/** The rules of certificate signing requests that need no look into the request. Source: k8s.io/kubernetes/pkg/apis/certificates/validation. */
import { duplicate, forbidden, invalid, notSupported, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { dns1123Subdomain } from '../meta/names.ts'
import { named } from '../meta/rules.ts'
import type { CertificateSigningRequest } from './certificate-signing-request.ts'

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]
const DECISIONS = ['Approved', 'Denied', 'Failed']
const MIN_SECONDS = 600

export function signingRequestErrors(
  request: CertificateSigningRequest,
  old?: CertificateSigningRequest,
): readonly FieldError[] {
  // What was let in once stays as it is: spec never changes.
  return [...(old ? [] : specErrors(request.spec)), ...conditionErrors(request), ...(old ? kept(request, old) : [])]
}

function specErrors({ usages = [], signerName, expirationSeconds }: CertificateSigningRequest['spec']) {
  const errors: FieldError[] = usages.length === 0 ? [required('spec.usages')] : []
  usages.forEach((usage, index) => {
    if (!USAGES.includes(usage)) errors.push(notSupported(`spec.usages[${index}]`, usage, USAGES))
    if (usages.indexOf(usage) < index) errors.push(duplicate(`spec.usages[${index}]`, usage))
  })
  errors.push(...signerNameErrors(signerName))
  if (expirationSeconds !== undefined && expirationSeconds < MIN_SECONDS)
    errors.push(
      invalid(
        'spec.expirationSeconds',
        expirationSeconds,
        'may not specify a duration less than 600 seconds (10 minutes)',
      ),
    )
  return errors
}

const LABEL = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?'
const DOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})+$`)

/** A domain, a slash, and what the signer is called there. */
function signerNameErrors(name: string): readonly FieldError[] {
  const field = 'spec.signerName'
  if (name === '') return [required(field)]
  if (name === 'kubernetes.io/legacy-unknown')
    return [invalid(field, name, 'the legacy signerName is not allowed via this API version')]
  const [domain = '', path = '', ...rest] = name.split('/')
  if (rest.length > 0 || path === '')
    return [invalid(field, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")]
  if (!DOMAIN.test(domain))
    return [invalid(field, domain, 'should be a domain with at least two segments separated by dots')]
  const wrong = named(field, path.toLowerCase(), dns1123Subdomain)
  if (wrong.length > 0) return wrong
  return name.length > 571 ? [invalid(field, name, 'must be no more than 571 characters')] : []
}

function conditionErrors({ status }: CertificateSigningRequest): readonly FieldError[] {
  const seen = new Set<string>()
  return (status?.conditions ?? []).flatMap(({ type, status: value }, index) => {
    const path = `status.conditions[${index}]`
    const errors: FieldError[] = type === '' ? [required(`${path}.type`)] : []
    const opposite = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : ''
    if (opposite !== '' && seen.has(opposite))
      errors.push(invalid(`${path}.type`, type, 'Approved and Denied conditions are mutually exclusive'))
    if (seen.has(type)) errors.push(duplicate(`${path}.type`, type))
    seen.add(type)
    const allowed = DECISIONS.includes(type) ? ['True'] : ['False', 'True', 'Unknown']
    if (value === '') errors.push(required(`${path}.status`))
    else if (!allowed.includes(value)) errors.push(notSupported(`${path}.status`, value, allowed))
    return errors
  })
}

/** A decision stands, and a certificate that was issued too. */
function kept({ status }: CertificateSigningRequest, { status: before }: CertificateSigningRequest) {
  const has = (conditions: readonly { readonly type: string }[] | undefined, type: string): boolean =>
    (conditions ?? []).some(one => one.type === type)
  const errors = DECISIONS.filter(type => has(before?.conditions, type) && !has(status?.conditions, type)).map(type =>
    forbidden('status.conditions', `updates may not remove a condition of type ${JSON.stringify(type)}`),
  )
  if (before?.certificate && before.certificate !== status?.certificate)
    errors.push(forbidden('status.certificate', 'updates may not modify existing certificate content'))
  return errors
}
