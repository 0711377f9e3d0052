import type { Pod } from '../../api/core/pod.ts'
import type { HostPort } from '../../datapath/host-ports.ts'
import { HOST_PORTS_TABLE, hostPortElements, hostPortTable } from '../../datapath/host-ports.ts'
import { managementOf } from '../../datapath/options.ts'
import type { ConntrackDriver, FlowFilter } from '../../host/conntrack/mod.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { NftDriver } from '../../host/nft/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Ip } from '../../lib/ip.ts'
import { familyOf, parseIp } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import { transaction } from '../../wire/nft/transaction.ts'
import { linkOf } from './names.ts'

/** Ports of the node that lead to its pods. Everything stays in the kernel when the agent ends. */
export interface HostPorts {
  /** The pod's host ports lead to it from now on. Throws where one is taken, or the kernel refuses. */
  put(pod: Pod, addresses: readonly Ip[]): void
  remove(podUid: string): void
  /** After a restart: these pods run, and no others. */
  adopt(pods: readonly { readonly pod: Pod; readonly addresses: readonly Ip[] }[]): void
}

export interface HostPortDeps {
  readonly nft: NftDriver
  readonly conntrack: ConntrackDriver
  readonly link: LinkDriver
  readonly log: Logger
}

export interface HostPortOptions {
  readonly node: Netns
  readonly nodeAddresses: readonly Ip[]
  readonly ranges: readonly Cidr[]
}

export function createHostPorts(deps: HostPortDeps, options: HostPortOptions): HostPorts {
  const byPod = new Map<string, readonly HostPort[]>()
  let isLoaded = false
  const apply = (): void => {
    const table = isLoaded ? [] : hostPortTable(options.ranges.map(managementOf))
    const nft = deps.nft.open(options.node)
    try {
      nft.run(transaction(HOST_PORTS_TABLE, [...table, ...hostPortElements([...byPod.values()].flat())]))
    } finally {
      nft.close()
    }
    isLoaded = true
  }
  const note = (pod: Pod, addresses: readonly Ip[]): readonly HostPort[] => {
    const ports = hostPortsOf(pod, addresses)
    for (const [podUid, others] of byPod)
      for (const port of podUid === pod.metadata.uid ? [] : ports)
        if (others.some(other => collide(port, other)))
          throw new Error(`host port ${port.hostPort}/${port.protocol} is taken by another pod of the node`)
    if (ports.length > 0) byPod.set(pod.metadata.uid, ports)
    return ports
  }
  return {
    put(pod, addresses) {
      const ports = note(pod, addresses)
      if (ports.length === 0) return
      // What processes of the node send to their loopback address may then leave by this link.
      deps.link.sysctl(options.node, `net/ipv4/conf/${linkOf(pod.metadata.uid)}/route_localnet`, '1')
      try {
        apply()
      } catch (error) {
        byPod.delete(pod.metadata.uid)
        throw error
      }
      forget(deps, options, ports, undefined)
    },
    remove(podUid) {
      const ports = byPod.get(podUid)
      if (!ports) return
      byPod.delete(podUid)
      apply()
      for (const { address } of ports) forget(deps, options, ports, address)
    },
    adopt(pods) {
      for (const { pod, addresses } of pods)
        try {
          note(pod, addresses)
        } catch (error) {
          deps.log.warn({ pod: pod.metadata.name, error: messageOf(error) }, 'a host port stays with another pod')
        }
      const nft = deps.nft.open(options.node)
      const isThere = nft.tables().includes(`${HOST_PORTS_TABLE.family} ${HOST_PORTS_TABLE.name}`)
      nft.close()
      if (isThere || byPod.size > 0) apply()
    },
  }
}

/** UDP has no end that the kernel could see: flows from before go where the port led then. */
function forget(
  deps: HostPortDeps,
  options: HostPortOptions,
  ports: readonly HostPort[],
  answeredBy: Ip | undefined,
): void {
  const filters = ports
    .filter(({ protocol }) => protocol === 'udp')
    .flatMap(({ hostIp, hostPort, address }): readonly FlowFilter[] => {
      const own = options.nodeAddresses.filter(one => familyOf(one) === familyOf(address))
      return (hostIp === undefined ? own : [hostIp]).map(destination => ({
        protocol: 'udp',
        destination,
        port: hostPort,
        answeredBy: answeredBy ?? destination,
      }))
    })
  if (filters.length === 0) return
  deps.conntrack
    .open(options.node)
    .forget(filters)
    .catch(error => deps.log.debug({ error: messageOf(error) }, 'stale flows to host ports could not be forgotten'))
}

/** What the pod asks for; nothing for one on the node's own network, whose ports are the node's. */
export function hostPortsOf(pod: Pod, addresses: readonly Ip[]): readonly HostPort[] {
  if (pod.spec.hostNetwork) return []
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  return [...sidecars, ...pod.spec.containers].flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, hostIP, containerPort, protocol = 'TCP' }): readonly HostPort[] => {
      if (!hostPort) return []
      const given = parseIp(hostIP ?? '')
      const isAny = given === undefined || /^(0\.0\.0\.0|::)$/.test(given)
      return addresses
        .filter(address => given === undefined || familyOf(address) === familyOf(given))
        .map(address => ({
          ...(isAny ? {} : { hostIp: given }),
          protocol: protocol.toLowerCase() as HostPort['protocol'],
          hostPort,
          address,
          port: containerPort,
        }))
    }),
  )
}

const collide = (a: HostPort, b: HostPort): boolean =>
  a.protocol === b.protocol &&
  a.hostPort === b.hostPort &&
  familyOf(a.address) === familyOf(b.address) &&
  (a.hostIp === undefined || b.hostIp === undefined || a.hostIp === b.hostIp)
