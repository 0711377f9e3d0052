import type { Namespace } from '../../api/core/namespace.ts'
import { cidr, contains } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'

/** On a Namespace: `"true"` lets its pods speak to groups, and to nobody else. Source: OVN-Kubernetes, multicast. */
export const MULTICAST_ANNOTATION = 'k8s.ovn.org/multicast-enabled'

export const isMulticastOn = ({ metadata }: Pick<Namespace, 'metadata'>): boolean =>
  metadata.annotations?.[MULTICAST_ANNOTATION] === 'true'

const GROUPS = [cidr('224.0.0.0/4'), cidr('ff00::/8')]

export const isGroup = (address: Ip): boolean => GROUPS.some(group => contains(group, address))
