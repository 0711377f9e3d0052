import type { LinkDriver } from '../../host/link/mod.ts'
import type { Netns, NetnsDriver } from '../../host/netns/mod.ts'
import { UserError } from '../../lib/errors.ts'
import type { NodePlan, WorldPlan } from '../plan.ts'
import type { Host } from './network.ts'
import {
  hostLink,
  hostSide,
  hostsOf,
  linkOf,
  NODE_SYSCTLS,
  neighboursOf,
  nodeHost,
  worldLinks,
  worldNeighbours,
  worldSysctls,
} from './network.ts'

export interface WorldDeps {
  readonly netns: NetnsDriver
  readonly links: LinkDriver
}

/** Every namespace of the underlay, made and joined. */
export interface World {
  /** Throws UserError for a name that is neither a node nor an outside host. */
  netns(host: string): Netns
  readonly hosts: readonly Host[]
  /** One more node joins the others. */
  addNode(plan: WorldPlan, node: NodePlan): void
  /** Takes the underlay's end of a host's link up or down: the host sees its carrier go. */
  setLink(host: string, up: boolean): void
  linkIsUp(host: string): boolean
}

/** Network namespaces by node or outside host. */
export type Places = Map<string, Netns>

/** Makes the namespaces, still without a link: what is to run in them can be started. */
export const makePlaces = (netns: NetnsDriver, plan: WorldPlan): Places =>
  new Map(hostsOf(plan).map(({ name }) => [name, netns.create(name)]))

/** Joins them, and those that come later. */
export function buildWorld(deps: WorldDeps, plan: WorldPlan, places: Places): World {
  const { netns, links } = deps
  let hosts: readonly Host[] = []

  const join = (host: Host): void => {
    const place = places.get(host.name) ?? netns.create(host.name)
    places.set(host.name, place)
    links.apply(netns.home, hostLink(host, place))
    links.apply(place, hostSide(host))
    hosts = [...hosts, host]
  }
  const introduce = (host: Host): void => {
    links.apply(places.get(host.name)!, neighboursOf(host, hosts))
  }
  const setUpNode = (name: string): void => {
    for (const [key, value] of Object.entries(NODE_SYSCTLS)) links.sysctl(places.get(name)!, key, value)
  }
  const find = (name: string): Netns => {
    const found = places.get(name)
    if (!found)
      throw new UserError('NoHost', `there is no node or outside host "${name}"`, {
        hint: `there are ${[...places.keys()].join(', ')}; a pod is named as namespace/name`,
      })
    return found
  }

  links.apply(netns.home, worldLinks(plan))
  for (const [key, value] of Object.entries(worldSysctls(plan))) links.sysctl(netns.home, key, value)
  for (const host of hostsOf(plan)) join(host)
  links.apply(netns.home, worldNeighbours(hosts))
  for (const host of hosts) introduce(host)
  for (const node of plan.nodes) setUpNode(node.name)
  return {
    netns: find,
    get hosts() {
      return hosts
    },
    addNode: (grown, node) => {
      join(nodeHost(grown, node))
      setUpNode(node.name)
      links.apply(netns.home, worldNeighbours(hosts))
      for (const host of hosts) introduce(host)
    },
    setLink: (host, up) => {
      find(host)
      links.apply(netns.home, [{ op: up ? 'up' : 'down', name: linkOf(host) }])
    },
    linkIsUp: host => {
      find(host)
      return links.links(netns.home).some(link => link.name === linkOf(host) && link.up)
    },
  }
}
