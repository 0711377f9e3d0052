import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import { PATHS } from '../../model/egress/nodes.ts'
import type { Confirmations } from '../../model/egress/voters.ts'
import type { Beats, Claim } from '../announce/beats.ts'
import type { Fence } from '../announce/fence.ts'
import type { Holder } from '../announce/holder.ts'
import { FENCE_MS, GONE_MS } from './timing.ts'

/** After so long since it took an address a node tells of it again; then as often as the last says. */
const REMINDERS_MS = [100, 300, 1000, 3000, 10_000]
/** A claim that took so long to write would last too long. */
const SLOW_MS = 30

export interface KeeperDeps {
  readonly fence: Fence
  readonly holder: Holder
  readonly beats: Beats
  readonly clock: Clock
  readonly log: Logger
  /** What proves that this node has not been given up; undefined: it has. */
  confirmations(): Confirmations | undefined
  /** So many complain of the node that it can answer for nothing. */
  isLost(name: string): boolean
}

/** Has the addresses that were given to this node, as long as nobody can have given them to another. */
export interface Keeper {
  /** The addresses that are this node's by the decision of that epoch. */
  want(addresses: ReadonlyMap<Ip, number>): void
  /** Once a beat: prolongs what is held, takes what may be taken, and says so. */
  beat(): void
  readonly held: ReadonlySet<Ip>
}

interface Wish {
  readonly epoch: number
  since?: number
}

interface Held {
  readonly takenMs: number
  told: number
}

/**
 * Two rules keep an address from having two answerers. A node answers only for a time after it spoke and was heard by so many
 * others that nobody can have called it dead meanwhile (`fence`). And it begins only when every other that lives has heard that
 * it wants to, and does not answer itself: whoever hears of a newer decision lets go, and takes nothing by an older one (`passedBy`).
 */
export function createKeeper(deps: KeeperDeps): Keeper {
  const { beats, clock, log } = deps
  const held = new Map<Ip, Held>()
  /** What this node wants, and the number of the first beat that said so. */
  const wanted = new Map<Ip, Wish>()
  beats.onBeat(isNews => {
    decide()
    if (isNews) say()
  })

  return {
    want(addresses) {
      for (const address of [...wanted.keys()]) if (!addresses.has(address)) wanted.delete(address)
      for (const [address, epoch] of addresses) {
        const before = wanted.get(address)
        if (!before || epoch > before.epoch)
          wanted.set(address, before && held.has(address) ? { ...before, epoch } : { epoch })
      }
      decide()
      say()
    },
    beat() {
      decide()
      renew()
      say()
      remind()
    },
    get held() {
      return new Set(held.keys())
    },
  }

  function say(): void {
    const claims = [...wanted].map(([address, { epoch }]): Claim => ({ address, epoch, isHeld: held.has(address) }))
    const number = beats.send([...claims, ...passedBy(deps, wanted)])
    for (const one of wanted.values()) one.since ??= number
  }

  function decide(): void {
    for (const address of [...held.keys()])
      if (!wanted.has(address) || isOutdated(deps, address, wanted.get(address)!)) release(address)
    for (const [address, wish] of wanted)
      if (!held.has(address) && !isOutdated(deps, address, wish) && isFree(deps, address, wish)) take(address)
  }

  function renew(addresses: readonly Ip[] = [...held.keys()]): void {
    const startMs = clock.monotonic()
    const forMs = Math.floor(remainingMs(deps))
    if (addresses.length === 0 || forMs <= 0) return
    deps.fence.renew(addresses, forMs)
    if (clock.monotonic() - startMs > SLOW_MS) deps.fence.giveUp(addresses)
  }

  function take(address: Ip): void {
    if (remainingMs(deps) < 1) return
    deps.holder.hold(address)
    held.set(address, { takenMs: clock.monotonic(), told: 0 })
    renew([address])
    deps.holder.tell(address)
    log.info({ address }, 'an egress address is here')
    say()
  }

  function release(address: Ip): void {
    deps.fence.giveUp([address])
    held.delete(address)
    deps.holder.release(address)
    log.info({ address }, 'an egress address is here no longer')
    say()
  }

  /** Switches forget, or miss the first word; who is not confirmed tells nothing. */
  function remind(): void {
    if (remainingMs(deps) <= 0) return
    for (const [address, one] of held) {
      const sinceMs = clock.monotonic() - one.takenMs
      const dueMs = REMINDERS_MS[one.told] ?? (one.told - REMINDERS_MS.length + 2) * REMINDERS_MS.at(-1)!
      if (sinceMs < dueMs) continue
      one.told++
      deps.holder.tell(address)
    }
  }
}

/**
 * Newer decisions than some node knows: whoever confirms it tells it of them in the same beat. Who begins has been heard by all
 * who may confirm another; so none that was cut off while its address went away goes on by what it knew, whomever it hears first.
 */
function passedBy({ beats }: KeeperDeps, wanted: ReadonlyMap<Ip, Wish>): readonly Claim[] {
  const claims = beats.peers().flatMap(name => beats.claimsOf(name).filter(({ isHearsay }) => !isHearsay))
  const newest = new Map<Ip, number>()
  for (const { address, epoch } of claims) newest.set(address, Math.max(epoch, newest.get(address) ?? epoch))
  const old = claims.filter(({ address, epoch }) => epoch < newest.get(address)! && !wanted.has(address))
  return [...new Set(old.map(({ address }) => address))].map(address => ({
    address,
    epoch: newest.get(address)!,
    isHeld: false,
    isHearsay: true,
  }))
}

/** Somebody knows of a newer decision. */
const isOutdated = (deps: KeeperDeps, address: Ip, { epoch }: Wish): boolean =>
  others(deps).some(name => deps.beats.claimsOf(name).some(claim => claim.address === address && claim.epoch > epoch))

/** All that may answer have heard of the wish, and none does. */
const isFree = (deps: KeeperDeps, address: Ip, { since }: Wish): boolean =>
  since !== undefined &&
  others(deps).every(
    name =>
      deps.beats.hasHeard(name) >= since &&
      !deps.beats.claimsOf(name).some(claim => claim.address === address && claim.isHeld),
  )

/** Whom this node does not hear may still be heard by others, and answer: it counts until they say that it is lost. */
const others = ({ beats, isLost }: KeeperDeps): readonly string[] =>
  beats
    .peers()
    .filter(
      name => PATHS.some(path => !beats.isSilent(name, path)) || !(isLost(name) || beats.silentMs(name) > GONE_MS),
    )

/** How long this node may still answer. */
function remainingMs({ beats, clock, confirmations }: KeeperDeps): number {
  const needed = confirmations()
  if (!needed) return 0
  if (needed.count === 0) return FENCE_MS
  const confirmed = needed.from
    .map(name => beats.confirmedMs(name) ?? Number.NEGATIVE_INFINITY)
    .toSorted((a, b) => b - a)
  return (confirmed[needed.count - 1] ?? Number.NEGATIVE_INFINITY) + FENCE_MS - clock.monotonic()
}
