/** Who may decide and sign requests for certificates. Source: k8s.io/kubernetes/plugin/pkg/admission/certificates. */
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../api/certificates/certificate-signing-request.ts'
import type { Clock } from '../../lib/clock.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { forbidden as forbiddenField } from '../../schema/field-error.ts'
import { jsonEqual } from '../../wire/json/value.ts'
import type { Authorizer } from '../auth/authorizer.ts'
import { forbidden, invalid } from '../errors.ts'
import { parseRequest } from '../prepare/signing-request.ts'
import type { Attributes, Plugin } from './mod.ts'

const GROUP = 'certificates.k8s.io'
const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client'

export const certificates = (authorizer: Authorizer, clock: Clock): Plugin => ({
  name: 'Certificates',
  operations: ['CREATE', 'UPDATE'],
  admit(attributes) {
    const { object, old, subresource } = attributes
    if (isRequest(attributes) && old && subresource !== '') stamp(object!, old, rfc3339(clock.now()))
  },
  validate(attributes) {
    if (!isRequest(attributes)) return
    const { resource, name, subresource, operation } = attributes
    const { spec } = attributes.object as unknown as CertificateSigningRequest
    const must = (verb: 'approve' | 'sign'): void => {
      if (mayUseSigner(authorizer, attributes, verb, spec.signerName)) return
      const why = `user not permitted to ${verb} requests with signerName ${JSON.stringify(spec.signerName)}`
      throw forbidden(resource, name, why)
    }
    if (operation === 'CREATE') refuseMasters(attributes, spec)
    else if (subresource === 'approval') must('approve')
    else if (subresource === 'status' && isSigned(attributes)) must('sign')
    if (subresource === 'status') refuseDecisions(attributes)
  },
})

const isRequest = ({ resource }: Attributes): boolean =>
  resource.group === GROUP && resource.plural === 'certificatesigningrequests'

const conditionsOf = (object: unknown): readonly CertificateSigningRequestCondition[] =>
  (object as CertificateSigningRequest).status?.conditions ?? []

/** Conditions say when they were written, also where the client does not. */
function stamp(object: NonNullable<Attributes['object']>, old: NonNullable<Attributes['old']>, now: string): void {
  const before = new Map(conditionsOf(old).map(one => [one.type, one]))
  const conditions = conditionsOf(object).map(one => {
    const was = before.get(one.type)
    const lastUpdateTime = one.lastUpdateTime ?? now
    const lastTransitionTime =
      one.lastTransitionTime ?? (was?.status === one.status ? was.lastTransitionTime : undefined) ?? now
    return { ...one, lastUpdateTime, lastTransitionTime }
  })
  if (conditions.length > 0) object.status = { ...(object.status as object), conditions }
}

/** By the signer's name, or by all signers of its domain. */
function mayUseSigner(authorizer: Authorizer, { user }: Attributes, verb: string, signer: string): boolean {
  const asked = { group: GROUP, version: '*', plural: 'signers', subresource: '', namespace: '' }
  return [signer, `${signer.split('/')[0]}/*`].some(
    name => authorizer.authorize({ user, verb, path: '', resource: { ...asked, name } }).allowed,
  )
}

function isSigned({ object, old }: Attributes): boolean {
  const failed = (one: unknown): object | undefined => conditionsOf(one).find(({ type }) => type === 'Failed')
  const certificateOf = (one: unknown): string | undefined =>
    (one as unknown as CertificateSigningRequest).status?.certificate
  return certificateOf(object) !== certificateOf(old) || !jsonEqual(failed(object), failed(old))
}

/** Only the approval endpoint decides. Throws StatusError 422. */
function refuseDecisions({ resource, name, object, old }: Attributes): void {
  const has = (one: unknown, wanted: string): boolean => conditionsOf(one).some(({ type }) => type === wanted)
  const added = ['Approved', 'Denied'].filter(type => has(object, type) && !has(old, type))
  if (added.length === 0) return
  const errors = added.map(type =>
    forbiddenField('status.conditions', `updates may not add a condition of type ${JSON.stringify(type)}`),
  )
  throw invalid(resource, name, errors)
}

/** Nobody gets at everything by a certificate. Throws StatusError 403. */
function refuseMasters({ resource, name }: Attributes, spec: CertificateSigningRequest['spec']): void {
  if (spec.signerName !== CLIENT_SIGNER) return
  const request = parseRequest(spec.request)
  if (!('organizations' in request) || !request.organizations.includes('system:masters')) return
  throw forbidden(resource, name, `use of ${CLIENT_SIGNER} signer with system:masters group is not allowed`)
}
