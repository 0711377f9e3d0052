import type { Endpoints } from '../../api/core/endpoints.ts'
import type { Service } from '../../api/core/service.ts'
import type { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { Draft } from '../../client/mod.ts'
import { familyOf, type Ip } from '../../lib/ip.ts'

export interface KubernetesServiceOptions {
  /** The first address of each service network, the cluster's first family first. */
  readonly serviceAddresses: readonly Ip[]
  /** Where the API listens. */
  readonly addresses: readonly Ip[]
  readonly port: number
}

const key = { namespace: 'default', name: 'kubernetes' } as const
const LABELS = { component: 'apiserver', provider: 'kubernetes' }

export function wantedService({ serviceAddresses, port }: KubernetesServiceOptions): Draft<Service> {
  const families = serviceAddresses.map(address => (familyOf(address) === 4 ? 'IPv4' : 'IPv6'))
  return {
    metadata: { ...key, labels: LABELS },
    spec: {
      type: 'ClusterIP',
      clusterIP: serviceAddresses[0]!,
      clusterIPs: serviceAddresses,
      ipFamilies: families,
      ipFamilyPolicy: families.length > 1 ? 'PreferDualStack' : 'SingleStack',
      sessionAffinity: 'None',
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
    },
  }
}

/** Only of the first family, as upstream: the API is reached by one address. */
const reachable = ({ serviceAddresses, addresses }: KubernetesServiceOptions): readonly Ip[] =>
  addresses.filter(address => familyOf(address) === familyOf(serviceAddresses[0]!)).toSorted()

export const wantedEndpoints = (options: KubernetesServiceOptions): Draft<Endpoints> => ({
  metadata: { ...key, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
  subsets: [
    {
      addresses: reachable(options).map(ip => ({ ip })),
      ports: [{ name: 'https', port: options.port, protocol: 'TCP' }],
    },
  ],
})

export const wantedSlice = (options: KubernetesServiceOptions): Draft<EndpointSlice> => ({
  metadata: { ...key, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
  addressType: familyOf(options.serviceAddresses[0]!) === 4 ? 'IPv4' : 'IPv6',
  endpoints: reachable(options).map(address => ({ addresses: [address], conditions: { ready: true } })),
  ports: [{ name: 'https', port: options.port, protocol: 'TCP' }],
})
