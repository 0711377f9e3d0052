import { SubjectAccessReview } from '../../api/authorization/subject-access-review.ts'
import {
  CertificateSigningRequest,
  type CertificateSigningRequestCondition,
} from '../../api/certificates/certificate-signing-request.ts'
import { isConflict, isNotFound } from '../../client/mod.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { type CertificateRequest, readCertificateRequest } from '../../wire/x509/request.ts'
import { type Controller, type ControllerDeps, startKeyed, trigger } from '../shared/controller.ts'
import { goesAtMs, hasCondition, isSettled, recognitions, SIGNERS, signerProblem, validity } from './decide.ts'

/** What somebody else's key is to be certified as; names and keys as DER. */
export interface SigningOrder {
  readonly subject: Uint8Array
  readonly publicKey: Uint8Array
  readonly alternativeNames?: Uint8Array
  /** As Kubernetes names them. */
  readonly usages: readonly string[]
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

export interface CertificatesOptions {
  /** The certificate, PEM, of the authority that the API trusts. */
  readonly sign: (order: SigningOrder) => string
}

/** Approves what nodes ask for themselves, signs what is approved, and removes what is long over. */
export function startCertificates(
  deps: ControllerDeps,
  { sign }: CertificatesOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const { client, clock } = deps
  const requests = deps.informers.of(CertificateSigningRequest)

  const decide = async (request: CertificateSigningRequest, type: string, reason: string, message: string) => {
    const now = rfc3339(clock.now())
    const times = { lastUpdateTime: now, lastTransitionTime: now }
    const condition: CertificateSigningRequestCondition = { type, status: 'True', reason, message, ...times }
    const conditions = [...(request.status?.conditions ?? []), condition]
    const { name, resourceVersion } = request.metadata
    const body = { metadata: { resourceVersion }, status: { conditions } }
    const subresource = type === 'Approved' ? 'approval' : 'status'
    await client.patch(CertificateSigningRequest, { name }, { type: 'merge', body }, subresource)
  }
  const approve = async (request: CertificateSigningRequest, parsed: CertificateRequest): Promise<void> => {
    const { username = '', groups = [], uid, extra } = request.spec
    for (const { subresource, message } of recognitions(request, parsed)) {
      const resourceAttributes = {
        group: 'certificates.k8s.io',
        resource: 'certificatesigningrequests',
        verb: 'create',
        subresource,
      }
      const who = { user: username, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) }
      const review = await client.create(SubjectAccessReview, { metadata: {}, spec: { ...who, resourceAttributes } })
      if (review.status?.allowed) return decide(request, 'Approved', 'AutoApproved', message)
    }
  }
  const issue = async (request: CertificateSigningRequest, parsed: CertificateRequest): Promise<void> => {
    const { usages = [], signerName, expirationSeconds } = request.spec
    const problem = signerProblem(parsed, usages, signerName)
    if (problem !== undefined) return decide(request, 'Failed', 'SignerValidationFailure', problem)
    const { subject, publicKey, alternativeNames } = parsed
    const names = alternativeNames ? { alternativeNames } : {}
    const pem = sign({ subject, publicKey, ...names, usages, ...validity(expirationSeconds, clock.now()) })
    const status = { ...request.status, certificate: Buffer.from(pem).toString('base64') }
    await client.updateStatus(CertificateSigningRequest, { ...request, status })
  }
  const advance = async (request: CertificateSigningRequest): Promise<void> => {
    if (isSettled(request) || !SIGNERS.includes(request.spec.signerName)) return
    const parsed = readCertificateRequest(Buffer.from(request.spec.request, 'base64').toString('latin1'))
    await (hasCondition(request, 'Approved') ? issue(request, parsed) : approve(request, parsed))
  }
  return startKeyed(
    deps,
    {
      name: 'certificates',
      triggers: [trigger(requests, ({ metadata }) => [metadata.name])],
      async handle(name, queue) {
        const request = requests.get({ name })
        if (!request || request.metadata.deletionTimestamp) return
        const leftMs = goesAtMs(request) - clock.now()
        try {
          if (leftMs <= 0) await client.delete(CertificateSigningRequest, { name })
          else await advance(request)
        } catch (error) {
          // Whoever wrote first is told of by the cache, and this is looked at again.
          if (!isNotFound(error) && !isConflict(error)) throw error
        }
        if (leftMs > 0) queue.addAfter(name, leftMs)
      },
    },
    signal,
  )
}
