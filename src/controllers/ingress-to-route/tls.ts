import type { Secret } from '../../api/core/secret.ts'
import type { HTTPIngressPath, Ingress } from '../../api/networking/ingress.ts'
import type { TLSConfig } from '../../api/route/route.ts'
import { type CertificateText, pairOf, secretText } from '../../model/routes/certificate.ts'
import type { IngressView } from './decide.ts'

const TERMINATION = 'route.openshift.io/termination'
const DESTINATION_CA = 'route.openshift.io/destination-ca-certificate-secret'

/**
 * TLS of one Route of an Ingress: undefined for none, a text for what is wrong. One empty entry means the default certificate; the
 * annotation turns TLS on by itself. Source: OKD's route-controller-manager.
 */
export function tlsOf(
  ingress: Ingress,
  host: string,
  path: HTTPIngressPath,
  view: IngressView,
): TLSConfig | string | undefined {
  const { annotations = {}, namespace = '' } = ingress.metadata
  const wanted = annotations[TERMINATION]
  const entries = ingress.spec?.tls ?? []
  const isDefault = entries.length === 1 && !entries[0]!.secretName && !entries[0]!.hosts?.length
  const entry = entries.find(({ hosts = [], secretName }) => hosts.includes(host) && secretName)
  const isNamed = wanted === 'edge' || wanted === 'reencrypt' || wanted === 'passthrough'
  if (!isNamed && !isDefault && !entry) return undefined
  const termination = isNamed ? wanted : 'edge'
  const insecureEdgeTerminationPolicy = 'Redirect' as const
  if (termination === 'passthrough') {
    if (path.path) return 'TLS that is passed through has no paths'
    return { termination, insecureEdgeTerminationPolicy }
  }
  const certificate = entry ? certificateOf(view.secret({ namespace, name: entry.secretName! })) : {}
  if (typeof certificate === 'string') return `secret ${entry!.secretName}: ${certificate}`
  const authority = termination === 'reencrypt' ? annotations[DESTINATION_CA] : undefined
  const destinationCACertificate = authority
    ? secretText(view.secret({ namespace, name: authority }), 'tls.crt')
    : undefined
  if (authority && !destinationCACertificate) return `secret ${authority} has no tls.crt`
  return {
    termination,
    insecureEdgeTerminationPolicy,
    ...certificate,
    ...(destinationCACertificate ? { destinationCACertificate } : {}),
  }
}

function certificateOf(secret: Secret | undefined): CertificateText | string {
  if (!secret) return 'it does not exist'
  if (secret.type !== 'kubernetes.io/tls') return 'it is not of the type kubernetes.io/tls'
  const pair = pairOf(secret)
  return pair.certificate && pair.key ? pair : 'it has no tls.crt and tls.key'
}
