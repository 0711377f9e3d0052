import type { Pod } from '../../api/core/pod.ts'
import { ROUTER_TABLE, routerSteps, routerTable } from '../../datapath/egress-router.ts'
import type { ArpDriver } from '../../host/arp/mod.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import type { Netns, NetnsDriver } from '../../host/netns/mod.ts'
import type { NftDriver } from '../../host/nft/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { familyOf } from '../../lib/ip.ts'
import type { RouterSettings } from '../../model/egress-router/settings.ts'
import { transaction } from '../../wire/nft/transaction.ts'

export interface RouterDeps {
  readonly netns: NetnsDriver
  readonly link: LinkDriver
  readonly nft: NftDriver
  readonly arp?: ArpDriver
}

/** A pod's second link, on the nodes' network. */
export interface RouterLink {
  /** Inside the pod. */
  readonly name: string
  readonly mode: 'bridge' | 'private' | 'vepa' | 'passthru'
  /** The node's link that it hangs on; absent: that of the default route. */
  readonly parent?: string
  /** Absent: the link alone, and what is in the pod makes of it what it wants. */
  readonly settings?: RouterSettings
}

/** Makes a pod an egress router; one that is it already stays so. Throws LinkError, NftError, or an Error that says what is missing. */
export function attachRouter(
  deps: RouterDeps,
  at: { readonly node: Netns; readonly pod: Netns; readonly inside: readonly Cidr[] },
  wanted: RouterLink,
): void {
  const { link } = deps
  if (link.links(at.pod).some(({ name }) => name === wanted.name)) return
  const parent = wanted.parent ?? parentOf(link, at.node)
  link.apply(at.node, [{ op: 'macvlan', name: wanted.name, parent, mode: wanted.mode, netns: at.pod }])
  try {
    if (wanted.settings) configure(deps, at, wanted.name, wanted.settings)
  } catch (error) {
    // Half a router is none: with its link the next attempt would take it for whole.
    link.apply(at.pod, [{ op: 'delete', name: wanted.name }])
    throw error
  }
}

function configure(
  { link, nft: driver, arp }: RouterDeps,
  { pod, inside }: { readonly pod: Netns; readonly inside: readonly Cidr[] },
  name: string,
  settings: RouterSettings,
): void {
  const family = familyOf(settings.address)
  const gateway = link.routes(pod, family).find(one => isDefault(one) && one.dev === 'eth0')?.via
  if (gateway === undefined) throw new Error(`the pod has no IPv${family} route out by eth0`)
  if (family === 4) {
    link.sysctl(pod, 'net/ipv4/ip_forward', '1')
    link.sysctl(pod, 'net/ipv4/conf/all/rp_filter', '0')
  } else link.sysctl(pod, 'net/ipv6/conf/all/forwarding', '1')
  link.apply(pod, routerSteps(settings, name, { networks: inside, gateway }))
  const nft = driver.open(pod)
  try {
    nft.run(transaction(ROUTER_TABLE, routerTable(settings, name)))
  } finally {
    nft.close()
  }
  const own = link.links(pod).find(one => one.name === name)
  // Whoever knew the address at another node is to learn of this one.
  if (own) arp?.announce(pod, own, settings.address)
}

const isDefault = ({ to }: { readonly to: string }): boolean => to === '0.0.0.0/0' || to === '::/0'

function parentOf(link: LinkDriver, node: Netns): string {
  const found = [...link.routes(node, 4), ...link.routes(node, 6)].find(one => isDefault(one) && one.dev)?.dev
  if (found === undefined)
    throw new Error("the node has no default route, so its link to the nodes' network is not known")
  return found
}

/** Whether any container of the pod, init or not, may do everything. Only such pods get a link by annotation alone. */
export const isPrivileged = ({ spec }: Pod): boolean =>
  [...(spec.initContainers ?? []), ...spec.containers].some(({ securityContext }) => securityContext?.privileged)
