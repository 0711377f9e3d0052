import type { Service } from '../../api/core/service.ts'
import type { IPAddress } from '../../api/networking/ip-address.ts'
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

/** What says whether a ServiceCIDR is used: only the cluster's own networks are, which are fixed. */
export function readiness(
  cidrs: readonly string[],
  networks: readonly Cidr[],
): { readonly isReady: boolean; readonly message: string } {
  const isServed = (text: string): boolean => {
    const cidr = parseCidr(text)
    return (
      cidr !== undefined &&
      networks.some(
        network => network.family === cidr.family && network.bits <= cidr.bits && contains(network, cidr.address),
      )
    )
  }
  const others = cidrs.filter(text => !isServed(text))
  return others.length === 0
    ? { isReady: true, message: 'Kubernetes Service CIDR is ready' }
    : {
        isReady: false,
        message: `${others.join(', ')} is not among the cluster's service networks: ${networks.map(cidrText).join(', ')}`,
      }
}
