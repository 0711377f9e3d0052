/** What becomes of requests for certificates. Source: k8s.io/kubernetes/pkg/controller/certificates and pkg/apis/certificates. */
import type { CertificateSigningRequest } from '../../api/certificates/certificate-signing-request.ts'
import type { CertificateRequest } from '../../wire/x509/request.ts'

const KUBELET_CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet'
const KUBELET_SERVING = 'kubernetes.io/kubelet-serving'
const CLIENT = 'kubernetes.io/kube-apiserver-client'

/** Those that the cluster's own authority signs for. */
export const SIGNERS: readonly string[] = [CLIENT, KUBELET_CLIENT, KUBELET_SERVING]

export const hasCondition = ({ status }: CertificateSigningRequest, type: string): boolean =>
  (status?.conditions ?? []).some(one => one.type === type && one.status === 'True')

/** Nothing is left to be decided about it. */
export const isSettled = (request: CertificateSigningRequest): boolean =>
  Boolean(request.status?.certificate) || hasCondition(request, 'Denied') || hasCondition(request, 'Failed')

/** Why this signer does not sign the request, or undefined. */
export function signerProblem(request: CertificateRequest, usages: readonly string[], signer: string) {
  if (signer === CLIENT) return clientUsageProblem(usages)
  return signer === KUBELET_SERVING ? servingProblem(request, usages) : kubeletClientProblem(request, usages)
}

function clientUsageProblem(usages: readonly string[]): string | undefined {
  const other = usages.find(usage => !['digital signature', 'key encipherment', 'client auth'].includes(usage))
  if (other !== undefined) return `invalid usage for client certificate: ${other}`
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth'
}

function kubeletClientProblem(request: CertificateRequest, usages: readonly string[]): string | undefined {
  if (!isNodeGroup(request)) return 'subject organization is not system:nodes'
  if (request.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed'
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed'
  if (request.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed'
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed'
  return nodeNameProblem(request) ?? usageProblem(usages, 'client auth')
}

function servingProblem(request: CertificateRequest, usages: readonly string[]): string | undefined {
  if (!isNodeGroup(request)) return 'subject organization is not system:nodes'
  if (request.dnsNames.length + request.ipAddresses.length === 0)
    return 'at least one DNS or IP subjectAltName is required'
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed'
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed'
  return usageProblem(usages, 'server auth') ?? nodeNameProblem(request)
}

const isNodeGroup = ({ organizations }: CertificateRequest): boolean =>
  organizations.length === 1 && organizations[0] === 'system:nodes'

const nodeNameProblem = ({ commonName }: CertificateRequest): string | undefined =>
  commonName.startsWith('system:node:') ? undefined : 'subject common name does not begin with system:node: '

/** Keys that cannot encipher may leave that out. */
function usageProblem(usages: readonly string[], needed: string): string | undefined {
  const isRight =
    usages.includes(needed) &&
    usages.includes('digital signature') &&
    usages.every(usage => ['key encipherment', 'digital signature', needed].includes(usage))
  return isRight
    ? undefined
    : `usages did not match [${[needed, 'digital signature', 'key encipherment'].sort().join(' ')}]`
}

/** How a node's own request is recognised, and what its asker must be allowed to do for it. */
export interface Recognition {
  readonly subresource: 'selfnodeclient' | 'nodeclient'
  readonly message: string
}

/** Requests of nodes are approved for those who may: a node renews its own certificate, a bootstrapping one gets its first. */
export function recognitions({ spec }: CertificateSigningRequest, request: CertificateRequest): readonly Recognition[] {
  const { usages = [], username } = spec
  if (spec.signerName !== KUBELET_CLIENT || kubeletClientProblem(request, usages) !== undefined) return []
  const own: Recognition = {
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  }
  const first: Recognition = {
    subresource: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
  }
  return username === request.commonName ? [own, first] : [first]
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const YEAR_MS = 365 * 24 * HOUR_MS
/** Clocks differ: what lasts for a working day or longer begins a little earlier. */
const BACKDATE_MS = 5 * MINUTE_MS
const SHORT_MS = 8 * HOUR_MS

/** When a certificate begins and ends. */
export function validity(expirationSeconds: number | undefined, nowMs: number) {
  const asked = expirationSeconds === undefined ? YEAR_MS : expirationSeconds * 1000
  const ttlMs = Math.min(YEAR_MS, Math.max(10 * MINUTE_MS, asked))
  // A short one is not made shorter by beginning earlier.
  const endMs = ttlMs < SHORT_MS ? nowMs + ttlMs : nowMs + ttlMs - BACKDATE_MS
  return { notBeforeMs: nowMs - BACKDATE_MS, notAfterMs: endMs }
}

/** When a request may go: an hour after it was decided, a day after it was made where nobody decides. */
export function goesAtMs({ metadata, status }: CertificateSigningRequest): number {
  const decided = (status?.conditions ?? []).find(({ type }) => ['Approved', 'Denied', 'Failed'].includes(type))
  const sinceMs = Date.parse(decided?.lastUpdateTime ?? metadata.creationTimestamp)
  return sinceMs + (decided ? HOUR_MS : 24 * HOUR_MS)
}
