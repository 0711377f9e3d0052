import type { LinkDriver } from '../../host/link/mod.ts'
import type { Netns, NetnsDriver } from '../../host/netns/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { contains } from '../../lib/cidr.ts'
import type { Family, Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import type { Guard } from './guard.ts'
import type { Sandbox } from './mod.ts'
import { linkOf, netnsOf } from './names.ts'

interface Look {
  readonly netns: NetnsDriver
  readonly link: LinkDriver
  readonly guard: Guard
}

interface Where {
  readonly node: Netns
  readonly ranges: readonly Cidr[]
}

/** What the kernel lacks of a pod's network, in words. */
export function missing(
  deps: Look,
  { node, ranges }: Where,
  podUid: string,
  addresses: readonly Ip[],
  sandbox: Sandbox | undefined,
): readonly string[] {
  if (addresses.length === 0) return ['no address is noted for the pod']
  const outdated = addresses.filter(address => !ranges.some(range => contains(range, address)))
  if (outdated.length > 0) return outdated.map(address => `${address} is in none of the node's pod networks`)
  if (!sandbox && !deps.netns.list().includes(netnsOf(podUid))) return [`the namespace ${netnsOf(podUid)} is gone`]
  const name = linkOf(podUid)
  const link = deps.link.links(node).find(state => state.name === name)
  if (!link) return [`the node's link ${name} is gone`]
  const pod = sandbox?.netns ?? deps.netns.open(netnsOf(podUid))
  try {
    return [
      // Routes go with a link that is down.
      ...(link.up ? ofNode(deps, node, name, addresses) : [`the node's link ${name} is down`]),
      ...ofPod(deps, pod, sandbox?.ifname ?? 'eth0', addresses),
      ...(deps.guard.holds({ link: name, addresses }) ? [] : [`the rules that let ${name} send are gone`]),
    ]
  } finally {
    if (!sandbox) deps.netns.close(pod)
  }
}

function ofNode({ link }: Look, node: Netns, name: string, addresses: readonly Ip[]): readonly string[] {
  const led = new Set(
    routesOf(link, node, addresses)
      .filter(({ dev }) => dev === name)
      .map(({ to }) => to.split('/')[0]),
  )
  return addresses.filter(address => !led.has(address)).map(address => `the node's route to ${address} is gone`)
}

/** Further links and routes are somebody else's: a default route by another link is none that is missing. */
function ofPod({ link }: Look, pod: Netns, ifname: string, addresses: readonly Ip[]): readonly string[] {
  const own = link.links(pod).find(({ name }) => name === ifname)
  if (!own) return [`the pod's link ${ifname} is gone`]
  const present = new Set(
    link
      .addresses(pod)
      .filter(state => state.link === ifname)
      .map(({ address }) => address),
  )
  const routes = routesOf(link, pod, addresses)
  const hasDefault = (family: Family): boolean =>
    routes.some(({ to }) => to === 'default' || to === (family === 4 ? '0.0.0.0/0' : '::/0'))
  return [
    ...(own.up ? [] : [`the pod's link ${ifname} is down`]),
    ...addresses.filter(address => !present.has(address)).map(address => `the pod has lost its address ${address}`),
    ...addresses
      .filter(address => !hasDefault(familyOf(address)))
      .map(address => `the pod's default route for ${address} is gone`),
  ]
}

const routesOf = (link: LinkDriver, at: Netns, addresses: readonly Ip[]) =>
  [...new Set(addresses.map(familyOf))].flatMap(family => link.routes(at, family))
