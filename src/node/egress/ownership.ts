import { managementOf } from '../../datapath/options.ts'
import type { ArpDriver } from '../../host/arp/mod.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import type { Nft } from '../../host/nft/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import type { EgressNode, Path } from '../../model/egress/nodes.ts'
import { PATHS, printUnheard, UNHEARD } from '../../model/egress/nodes.ts'
import { confirmationsFor, lostOf, peersOf, votersOf } from '../../model/egress/voters.ts'
import type { Beats, Peer } from '../announce/beats.ts'
import { openBeats, timekeeper } from '../announce/beats.ts'
import { createFence, guardedBefore } from '../announce/fence.ts'
import { createHolder } from '../announce/holder.ts'
import type { Keeper } from './holder.ts'
import { createKeeper } from './holder.ts'
import type { Report } from './report.ts'
import type { EgressOptions } from './role.ts'
import { BEAT_MS, BEATS, GONE_MS } from './timing.ts'
import type { EgressWatch } from './watch.ts'

export const EGRESS_FENCE = 'fairlead-egress-fence'

export interface OwnershipDeps {
  readonly nft: Nft
  readonly link: LinkDriver
  readonly arp: ArpDriver
  readonly sockets: SocketDriver
  readonly clock: Clock
  readonly log: Logger
  readonly watch: Pick<EgressWatch, 'given' | 'addresses' | 'hosts' | 'silenceMs' | 'isIdle'>
  readonly report: Report
  /** Of the own Node, as far as is known. */
  annotations(): Readonly<Record<string, string>>
}

/** Which addresses this node answers for, and what it hears of the others. */
export interface Ownership {
  /** Makes it so; beats begin when there is something to have or to watch. */
  step(self: EgressNode, nodes: readonly EgressNode[]): Promise<void>
  /** An agent before this one had addresses. */
  readonly isLeft: boolean
  close(): void
}

interface Running {
  readonly beats: Beats
  readonly keeper: Keeper
  readonly pass: () => void
  readonly addresses: string
}

export function createOwnership(deps: OwnershipDeps, options: EgressOptions): Ownership {
  const { nft, clock, log, watch } = deps
  const guarded = guardedBefore(nft, EGRESS_FENCE)
  let running: Running | undefined
  let nodes: readonly EgressNode[] = []
  let guardedNow = ''
  let fence: ReturnType<typeof createFence> | undefined
  let lost: ReadonlySet<string> = new Set()
  let cancel = (): void => {}

  const start = async (self: EgressNode, own: readonly Ip[]): Promise<Running | undefined> => {
    const addresses = waysTo(self)
    if (!addresses) return undefined
    const made = JSON.stringify(addresses)
    if (running?.addresses === made) return running
    running?.beats.close()
    const holder = createHolder(deps, { node: options.node, netns: options.netns, address: addresses.uplink })
    if (!fence) {
      // An agent that comes back begins with nothing: its addresses may have gone to others. The fence of the one before stands
      // until they are gone.
      for (const address of holder.among(new Set([...(guarded ?? []), ...own]))) holder.release(address)
      fence = createFence(nft, EGRESS_FENCE)
    }
    const beats = await openBeats(deps, { ...options, ...BEATS, addresses })
    const confirmations = () => confirmationsFor(nodes, options.node)
    const isLost = (name: string): boolean => lost.has(name)
    const keeper = createKeeper({ fence, holder, beats, clock, log, confirmations, isLost })
    return { beats, keeper, pass: timekeeper(beats, clock, BEAT_MS), addresses: made }
  }

  /** What no other has, a node may take only behind the fence: so the fence comes first. */
  const guard = (addresses: readonly Ip[]): void => {
    const all = [...new Set(addresses)].toSorted()
    if (!fence || all.join() === guardedNow) return
    fence.guard(all)
    guardedNow = all.join()
  }

  const beat = (): void => {
    cancel()
    if (!running) return
    const { beats, keeper, pass } = running
    try {
      keeper.beat()
      const unheard = votersOf(nodes).includes(options.node) ? unheardIn(beats, watch.silenceMs()) : ''
      deps.report.set({ [UNHEARD]: unheard || null }, deps.annotations())
      // Last: what has arrived while this node was away is read before the next beat judges.
      pass()
    } catch (error) {
      log.error({ error: messageOf(error) }, 'egress addresses cannot be kept')
    }
    cancel = clock.after(BEAT_MS, beat)
  }

  return {
    isLeft: (guarded?.size ?? 0) > 0,
    async step(self, all) {
      nodes = all
      lost = lostOf(all)
      const given = watch.given(options.node)
      const peers = peersOf(all, options.node, watch.hosts())
      const isConcerned = given.size > 0 || peers.length > 0 || (guarded?.size ?? 0) > 0
      if (!running && (!isConcerned || watch.isIdle()) && !guarded?.size) return
      running = await start(self, watch.addresses())
      if (!running) return
      guard([...watch.addresses(), ...running.keeper.held])
      const { beats, keeper } = running
      // Who is no candidate any more may not know it yet: while it or this node has an address, they go on to hear each other.
      beats.setPeers(
        peers.flatMap(name => peerOf(all, name)),
        name => keeper.held.size > 0 || mayHold(beats, name),
      )
      running.keeper.want(given)
      guard([...watch.addresses(), ...running.keeper.held])
      if (watch.isIdle()) stop()
      else beat()
    },
    close() {
      cancel()
      running?.beats.close()
      running = undefined
    },
  }

  /** Nobody asks for anything any more. */
  function stop(): void {
    cancel()
    if (!running) return
    running.beats.close()
    running = undefined
    deps.report.set({ [UNHEARD]: null }, deps.annotations())
  }
}

/** By what it said last, unless that was too long ago. */
const mayHold = (beats: Beats, name: string): boolean =>
  beats.claimsOf(name).some(({ isHeld }) => isHeld) && beats.silentMs(name) <= GONE_MS

/** Whom it does not hear, and by which way, as its Node says it. */
const unheardIn = (beats: Beats, forMs: number): string =>
  printUnheard(
    new Map(
      beats.peers().flatMap(name => {
        const paths = PATHS.filter(path => beats.isSilent(name, path, forMs))
        return paths.length > 0 ? [[name, paths] as const] : []
      }),
    ),
  )

/** The node's address on the machine network, and the one inside the tunnel; undefined while it has none. */
function waysTo({ addresses, podNetworks }: EgressNode): Readonly<Record<Path, Ip>> | undefined {
  const [uplink] = addresses
  const network = podNetworks.find(({ family }) => family === (uplink?.includes(':') ? 6 : 4)) ?? podNetworks[0]
  return uplink && network ? { uplink, overlay: managementOf(network) } : undefined
}

function peerOf(nodes: readonly EgressNode[], name: string): readonly Peer[] {
  const node = nodes.find(one => one.name === name)
  const addresses = node && waysTo(node)
  return addresses ? [{ name, addresses }] : []
}
