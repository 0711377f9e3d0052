import type { EventRecorder } from '../../client/events.ts'
import type { ArpDriver } from '../../host/arp/mod.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import type { Nft } from '../../host/nft/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import type { Announcement } from '../../model/services/announce.ts'
import type { Beats } from './beats.ts'
import { timekeeper } from './beats.ts'
import { createFence, guardedBefore } from './fence.ts'
import type { AnnounceOptions } from './holder.ts'
import { createHolder } from './holder.ts'
import type { Neighbourhood } from './owner.ts'
import { ownerOf } from './owner.ts'

/** Between nodes only: the port MetalLB's speakers use among themselves. */
export const BEAT_PORT = 7946
const BEAT_MS = 150
/** Who was not heard for so long is dead. */
export const DEAD_MS = 600
/** Neighbours that forgot, or were told wrong by a partition, are told again. */
const REMIND_MS = 10_000
export interface SpeakerDeps {
  readonly nft: Nft
  readonly beats: Beats
  readonly link: LinkDriver
  readonly arp: ArpDriver
  readonly events: EventRecorder
  readonly clock: Clock
  readonly log: Logger
}

/** Holds and announces what falls to this node. */
export interface Speaker {
  /** Resolves when what is to be held at once is held. */
  want(all: readonly Announcement[]): Promise<void>
  /** Stops beating. What is held expires in the kernel, and others take it. */
  close(): void
}

export function createSpeaker(deps: SpeakerDeps, options: AnnounceOptions): Speaker {
  const { beats, clock, log, events } = deps
  const { node } = options
  const holder = createHolder(deps, options)
  // An agent that comes back listens first: its addresses may have gone to others. The fence of the one before stands until they
  // are gone.
  const strangers = holder.among(guardedBefore(deps.nft) ?? new Set())
  for (const address of strangers) holder.release(address)
  const fence = createFence(deps.nft)
  const held = new Map<Ip, number>()
  let wanted: readonly Announcement[] = []
  let isListening = strangers.length > 0
  let cancel = (): void => {}
  let pass = timekeeper(beats, clock, BEAT_MS)
  beats.onBeat(decide)
  beat()

  return {
    async want(all) {
      const before = wanted
      wanted = all
      if (all.map(({ address }) => address).join() !== before.map(({ address }) => address).join())
        fence.guard(all.map(({ address }) => address))
      decide()
      if (before.length === 0 && all.length > 0) {
        pass = timekeeper(beats, clock, BEAT_MS)
        beat()
      }
      if (isListening) await clock.sleep(DEAD_MS, new AbortController().signal)
      isListening = false
      decide()
    },
    close: () => cancel(),
  }

  /** While there is something to announce: says that we live, and prolongs what is held. */
  function beat(): void {
    cancel()
    if (wanted.length === 0 && held.size === 0) return
    try {
      decide()
      fence.renew([...held.keys()], DEAD_MS)
      say()
      const nowMs = clock.monotonic()
      for (const [address, toldMs] of held) if (nowMs - toldMs >= REMIND_MS) tell(address)
    } catch (error) {
      log.error({ error: messageOf(error) }, 'load balancer addresses cannot be announced')
    }
    pass()
    cancel = clock.after(BEAT_MS, beat)
  }

  function say(): void {
    beats.send([...held.keys()].map(address => ({ address, epoch: 0, isHeld: true })))
  }

  function decide(): void {
    if (isListening) return
    const neighbours = neighbourhood(beats, node, held)
    const mine = new Map(wanted.filter(one => ownerOf(one, neighbours) === node).map(one => [one.address, one]))
    drop([...held.keys()].filter(address => !mine.has(address)))
    for (const [address, one] of mine) if (!held.has(address)) take(address, one)
  }

  function take(address: Ip, { service }: Announcement): void {
    holder.hold(address)
    fence.renew([address], DEAD_MS)
    tell(address)
    log.info({ address, service }, 'announcing a load balancer address')
    const [namespace = '', name = ''] = service.split('/')
    const object = { apiVersion: 'v1', kind: 'Service', namespace, name }
    events.record(object, 'Normal', 'nodeAssigned', `announcing ${address} from node "${node}" with protocol "layer2"`)
    say()
  }

  function drop(addresses: readonly Ip[]): void {
    if (addresses.length === 0) return
    fence.giveUp(addresses)
    for (const address of addresses) {
      held.delete(address)
      holder.release(address)
      log.info({ address }, 'a load balancer address is announced here no longer')
    }
  }

  function tell(address: Ip): void {
    held.set(address, clock.monotonic())
    holder.tell(address)
  }
}

/** Who lives and announces what, as this node hears it: itself among them. */
function neighbourhood(beats: Beats, self: string, held: ReadonlyMap<Ip, number>): Neighbourhood {
  const others = beats.peers().filter(name => !beats.isSilent(name, 'uplink'))
  const claimed = (name: string): ReadonlySet<Ip> => new Set(beats.claimsOf(name).map(({ address }) => address))
  return new Map([[self, new Set(held.keys())], ...others.map(name => [name, claimed(name)] as const)])
}
