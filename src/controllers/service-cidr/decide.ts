import type { Service } from '../../api/core/service.ts'
import type { IPAddress } from '../../api/networking/ip-address.ts'
import type { ServiceCIDR } from '../../api/networking/service-cidr.ts'
import { isReady, networksOf } from '../../api/networking/service-networks.ts'
import type { Draft } from '../../client/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { cidrText, contains, parseCidr } from '../../lib/cidr.ts'
import { familyOf, parseIp } from '../../lib/ip.ts'

export const DEFAULT = 'kubernetes'
const MANAGED_BY = 'ipaddress.kubernetes.io/managed-by'
const FAMILY = 'ipaddress.kubernetes.io/ip-family'
const CONTROLLER = 'ipallocator.k8s.io'

export const isManaged = ({ metadata }: IPAddress): boolean => metadata.labels?.[MANAGED_BY] === CONTROLLER

/** The object of an address that a Service has. */
export function draftFor(address: string, { metadata: { namespace, name } }: Service): Draft<IPAddress> {
  const family = familyOf(parseIp(address)!) === 4 ? 'IPv4' : 'IPv6'
  return {
    metadata: { name: address, labels: { [FAMILY]: family, [MANAGED_BY]: CONTROLLER } },
    spec: { parentRef: { group: '', resource: 'services', namespace: namespace!, name } },
  }
}

/** The Service's addresses in canonical form; none for headless and ExternalName ones. */
export const addressesOf = ({ spec }: Service): readonly string[] =>
  spec.type === 'ExternalName' ? [] : (spec.clusterIPs ?? []).flatMap(text => parseIp(text) ?? [])

export const isOf = ({ spec }: IPAddress, { metadata }: Service): boolean =>
  spec.parentRef?.resource === 'services' &&
  spec.parentRef.namespace === metadata.namespace &&
  spec.parentRef.name === metadata.name

export const FINALIZER = 'networking.k8s.io/service-cidr-finalizer'

export interface Readiness {
  readonly isReady: boolean
  readonly reason: string
  readonly message: string
}

/** One whose addresses are pods' or nodes' would lead packets astray; kube-apiserver takes it all the same. */
export function readiness({ metadata, spec }: ServiceCIDR, taken: readonly Cidr[]): Readiness {
  if (metadata.deletionTimestamp)
    return {
      isReady: false,
      reason: 'Terminating',
      message:
        'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
    }
  const overlaps = (spec?.cidrs ?? []).flatMap(text => {
    const network = parseCidr(text)
    return taken
      .filter(other => network && overlap(network, other))
      .map(other => `${text} overlaps with ${cidrText(other)}, which pods or nodes use`)
  })
  return overlaps.length === 0
    ? { isReady: true, reason: 'NoIssuesFound', message: 'Kubernetes Service CIDR is ready' }
    : { isReady: false, reason: 'NetworksOverlap', message: overlaps.join('; ') }
}

const overlap = (a: Cidr, b: Cidr): boolean =>
  a.family === b.family && (contains(a, b.address) || contains(b, a.address))

/** Whether nobody has an address of it that is in no other ServiceCIDR. */
export function canGo(going: ServiceCIDR, others: readonly ServiceCIDR[], addresses: readonly IPAddress[]): boolean {
  const own = networksOf([going])
  const kept = networksOf(others.filter(isReady))
  return !addresses.some(({ metadata }) => {
    const address = parseIp(metadata.name)
    const isIn = (network: Cidr): boolean => address !== undefined && contains(network, address)
    return own.some(isIn) && !kept.some(isIn)
  })
}
