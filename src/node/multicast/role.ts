import { Namespace } from '../../api/core/namespace.ts'
import { Node } from '../../api/core/node.ts'
import { runLoop } from '../../client/loop.ts'
import type { Informers, Role } from '../../client/mod.ts'
import type { ProgressCollector } from '../../client/progress.ts'
import { tunnelSteps } from '../../datapath/links.ts'
import type { MulticastPlan } from '../../datapath/multicast.ts'
import { MULTICAST_TABLE, multicastTable } from '../../datapath/multicast.ts'
import type { DatapathOptions } from '../../datapath/options.ts'
import { VXLAN_LINK } from '../../datapath/options.ts'
import type { LinkDriver, LinkState } from '../../host/link/mod.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { NftDriver } from '../../host/nft/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import type { NodeFacts } from '../../model/nodes/facts.ts'
import { nodeFacts } from '../../model/nodes/facts.ts'
import { isMulticastOn } from '../../model/policy/multicast.ts'
import { transaction } from '../../wire/nft/transaction.ts'
import { linkOf } from '../cni/names.ts'
import type { FollowedPods, KnownPod } from './pods.ts'
import { followPods } from './pods.ts'

export interface MulticastDeps {
  readonly informers: Informers
  readonly progress: ProgressCollector
  readonly nft: NftDriver
  readonly link: LinkDriver
  readonly clock: Clock
  readonly log: Logger
}

export interface MulticastOptions extends Pick<DatapathOptions, 'transport' | 'mtu'> {
  readonly node: string
  readonly netns: Netns
}

/** Where frames go whose address no entry knows. */
const UNKNOWN = '00:00:00:00:00:00'
const RESYNC_MS = 30_000

/**
 * Multicast between the pods of namespaces that ask for it, over all nodes. Idle, and without a look at pods, while none does.
 * Resolves when the caches are synced. Ending it changes nothing in the kernel.
 */
export async function startMulticast(
  deps: MulticastDeps,
  options: MulticastOptions,
  signal: AbortSignal,
): Promise<Role> {
  const namespaces = deps.informers.of(Namespace)
  const nodes = deps.informers.of(Node)
  await deps.informers.sync(signal)
  const pods = followPods(deps.informers, signal)
  const kernel = createKernel(deps, options)
  const step = async (): Promise<void> => {
    const wanted = namespaces
      .list()
      .filter(isMulticastOn)
      .map(({ metadata }) => metadata.name)
    await pods.follow(wanted.toSorted())
    const own = nodes.get({ name: options.node })
    const others = nodes.list().filter(node => node !== own)
    const to = wanted.length === 0 ? [] : others.flatMap(node => nodeFacts(node).addresses.slice(0, 1))
    kernel.apply(pods, { self: own && nodeFacts(own), others: to })
  }
  const loop = runLoop(
    deps,
    { name: 'multicast', informers: [namespaces, nodes, pods], step, resyncMs: RESYNC_MS },
    signal,
  )
  return { progress: deps.progress.progress, done: loop.done }
}

interface Place {
  readonly self: NodeFacts | undefined
  /** Where frames for other nodes go; empty while no namespace asks. */
  readonly others: readonly Ip[]
}

function createKernel({ nft, link, log }: MulticastDeps, options: MulticastOptions) {
  const { node, netns } = options
  let loaded = ''
  let flooded: { readonly index: number; readonly to: readonly Ip[] } = { index: 0, to: [] }
  const flood = (tunnel: LinkState, to: readonly Ip[]): void => {
    // With a link that was made anew its entries went.
    const before = flooded.index === tunnel.index ? flooded.to : []
    const entry = (op: 'fdb' | 'fdb-delete') => (via: Ip) => ({ op, dev: VXLAN_LINK, mac: UNKNOWN, via })
    const gone = before.filter(address => !to.includes(address))
    const more = to.filter(address => !before.includes(address))
    if (gone.length + more.length > 0) link.apply(netns, [...gone.map(entry('fdb-delete')), ...more.map(entry('fdb'))])
    flooded = { index: tunnel.index, to }
  }
  /** Where other packets need no tunnel there is one for groups alone, for as long as somebody asks. */
  const isOwn = options.transport === 'host-gw'
  /** An agent before may have left it. */
  let mayStand = isOwn
  const read = () => new Map(indexed(link.links(netns)))
  return {
    apply(pods: FollowedPods, { self, others }: Place): void {
      if (others.length > 0) mayStand = isOwn
      const isFalling = mayStand && others.length === 0
      const isAsked = pods.namespaces().length > 0 || flooded.to.length > 0
      let links: ReadonlyMap<string, LinkState> = isAsked || isFalling ? read() : new Map()
      if (isOwn && self && others.length > 0 && !links.has(VXLAN_LINK)) {
        link.apply(netns, tunnelSteps({ mtu: options.mtu }, self))
        links = read()
      }
      const way = links.get(VXLAN_LINK)
      if (way) flood(way, others)
      const plan = planOf(pods, node, links, way !== undefined && others.length > 0)
      const text = transaction(MULTICAST_TABLE, multicastTable(plan))
      const handle = nft.open(netns)
      try {
        const isThere = handle.tables().includes(`${MULTICAST_TABLE.family} ${MULTICAST_TABLE.name}`)
        const hasAny = plan.groups.some(({ local }) => local.length > 0)
        const key = `${text} ${[...links].map(([name, { index }]) => `${name}#${index}`).join()}`
        if (key !== loaded || isThere !== hasAny) {
          if (hasAny || isThere) handle.run(text)
          loaded = key
          if (hasAny || isThere) log.info({ namespaces: pods.namespaces() }, 'multicast stands')
        }
      } finally {
        handle.close()
      }
      if (isFalling) {
        if (way) link.apply(netns, [{ op: 'delete', name: VXLAN_LINK }])
        mayStand = false
      }
    },
  }
}

const indexed = (links: readonly LinkState[]): readonly (readonly [string, LinkState])[] =>
  links.filter(({ name }) => name === VXLAN_LINK || name.startsWith('pod')).map(link => [link.name, link])

function planOf(
  pods: FollowedPods,
  node: string,
  links: ReadonlyMap<string, LinkState>,
  hasTunnel: boolean,
): MulticastPlan {
  const groups = pods.namespaces().map(namespace => {
    const all = pods.of(namespace)
    const local = all
      .filter(pod => pod.node === node)
      .map(({ uid, addresses }: KnownPod) => ({ link: linkOf(uid), addresses }))
      .filter(({ link }) => links.has(link))
    return { namespace, local, remote: all.filter(pod => pod.node !== node).map(({ addresses }) => addresses) }
  })
  return { groups, ...(hasTunnel ? { tunnel: VXLAN_LINK } : {}) }
}
