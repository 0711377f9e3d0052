import { ip } from '../../lib/ip.ts'
import type { Flow } from './types.ts'

export const METADATA = ip('169.254.169.254')
/** Some clouds' name servers have the same address. */
export const METADATA_DNS_PORT = 53
export const MACHINE_CONFIG_PORTS = [22_623, 22_624] as const

/**
 * What OpenShift keeps from pods whatever their policies say, in words: the cloud's metadata, and machine-config servers, which
 * hold the secrets of new nodes. Undefined for all else. It is the destination that the pod itself sends to which counts,
 * before a Service is looked up. Source: OVN-Kubernetes' rules for OCP in every pod.
 */
export function keptFromPods({ destination, protocol, port }: Pick<Flow, 'destination' | 'protocol' | 'port'>) {
  if (protocol === 'TCP' && MACHINE_CONFIG_PORTS.some(one => one === port))
    return `refused to every pod: TCP ${MACHINE_CONFIG_PORTS.join(' and ')} are machine-config servers'`
  if (destination === METADATA && (protocol === 'TCP' || protocol === 'UDP') && port !== METADATA_DNS_PORT)
    return `refused to every pod: ${METADATA} is the cloud's metadata service`
  return undefined
}
