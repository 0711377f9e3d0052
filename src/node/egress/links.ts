import type { LinkFact } from '../../datapath/links.ts'
import { MANAGEMENT_LINK, POD_LINKS, VXLAN_LINK } from '../../datapath/options.ts'
import type { AddressState, LinkDriver, LinkState, RouteState } from '../../host/link/mod.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { contains, parseCidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import type { EgressGroup, Way } from '../../model/egress/members.ts'
import { isOfEgressIP } from '../../model/egress/members.ts'
import { isOfNetwork } from '../announce/holder.ts'

/** A link of the node beside that of the machine network, and the networks that it has addresses of. */
export interface SecondLink {
  readonly name: string
  /** By which what has an egress address of these networks leaves. */
  readonly table: number
  /** Where the routes of the link stand: in the main table, or in that of its VRF. */
  readonly from: number
  readonly networks: readonly Cidr[]
  /** The node's own, with their lengths. */
  readonly addresses: readonly string[]
}

/** Tables of ours for links; those of nodes are below. */
const FIRST_TABLE = 420_000
const MAIN_TABLE = 254

const isOurs = (name: string): boolean =>
  ['lo', MANAGEMENT_LINK, VXLAN_LINK].includes(name) || name.startsWith(POD_LINKS.slice(0, -1))

/** The second links that are up. `own`: the node's addresses on the machine network. */
export function secondLinks(
  links: readonly LinkState[],
  all: readonly AddressState[],
  own: readonly Ip[],
): readonly SecondLink[] {
  const first = new Set(all.filter(({ address }) => own.includes(address)).map(one => one.link))
  return links
    .filter(({ name, kind, up }) => up && kind !== 'vrf' && !isOurs(name) && !first.has(name))
    .flatMap(({ name, index, master }) => {
      const from = links.find(one => one.index === master && one.kind === 'vrf')?.table ?? MAIN_TABLE
      const own = all.filter(one => one.link === name && isOfNetwork(one))
      const addresses = own.map(({ address, bits }) => `${address}/${bits}`)
      const networks = addresses.flatMap(text => parseCidr(text) ?? [])
      return addresses.length > 0 ? [{ name, table: FIRST_TABLE + index, from, networks, addresses }] : []
    })
}

/**
 * What leaves here with an EgressIP of a second link's network leaves by that link. EgressServices say by which table theirs leave,
 * and the main one is meant where they do not.
 */
export const byLinks = (
  groups: readonly EgressGroup[],
  self: string,
  links: readonly SecondLink[],
): readonly EgressGroup[] => {
  const tableOf = ({ address }: Way): number | undefined =>
    links.find(({ networks }) => networks.some(network => contains(network, address)))?.table
  const led = (way: Way): Way => {
    const table = way.node === self ? tableOf(way) : undefined
    return table === undefined ? way : { ...way, table }
  }
  return groups.map(group => (isOfEgressIP(group) ? { ...group, ways: group.ways.map(led) } : group))
}

/** The routes of second links, as the main table or that of their VRF has them, in tables of their own. */
export const linkRoutes = (link: LinkDriver, netns: Netns, links: readonly SecondLink[]): readonly LinkFact[] =>
  links.length === 0
    ? []
    : ([4, 6] as const).flatMap(family =>
        link
          .routes(netns, family)
          .filter(({ isSpecial }) => !isSpecial)
          .flatMap(route =>
            links.filter(one => one.name === route.dev && one.from === route.table).flatMap(one => copied(route, one)),
          ),
      )

function copied({ to, via, dev }: RouteState, { table }: SecondLink): readonly LinkFact[] {
  const parsed = parseCidr(to)
  if (!parsed || !dev) return []
  const route = { to: parsed, table, family: parsed.family }
  return [
    {
      key: `route ${table} ${to}`,
      make: [{ op: 'route-replace', ...route, dev, ...(via ? { via, onlink: true } : {}) }],
      unmake: [{ op: 'route-delete', ...route }],
    },
  ]
}
