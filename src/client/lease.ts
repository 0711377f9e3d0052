import { Lease } from '../api/coordination/lease.ts'
import { type Clock, rfc3339Micro } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import { type Client, isAlreadyExists, isConflict, type ObjectKey } from './mod.ts'
import { retryOnConflict } from './retry.ts'

export interface ElectionDeps {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
}

export interface ElectionOptions {
  readonly lease: ObjectKey
  /** Unique among the candidates. */
  readonly identity: string
  /** Others take over after the lease has not been renewed for so long, by their own clock. */
  readonly leaseMs?: number
  /** The leader gives up when it could not renew for so long; shorter than leaseMs. */
  readonly renewDeadlineMs?: number
  readonly retryMs?: number
}

/** What a candidate last saw of the lease, and when by its own clock: clocks of different machines are never compared. */
interface Seen {
  readonly resourceVersion: string
  readonly atMs: number
}

/**
 * Runs lead while this candidate holds the lease; its signal aborts when the lease is lost. Candidates again afterwards,
 * until the outer signal aborts; then the lease is given back.
 */
export async function runElected(
  deps: ElectionDeps,
  options: ElectionOptions,
  lead: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const retryMs = options.retryMs ?? 2000
  const tryAcquire = acquirer(deps, options)
  while (!signal.aborted) {
    if (await tryAcquire()) await leadWhileHeld(deps, options, lead, tryAcquire, signal)
    else await deps.clock.sleep(retryMs, signal).catch(() => {})
  }
}

async function leadWhileHeld(
  deps: ElectionDeps,
  options: ElectionOptions,
  lead: (signal: AbortSignal) => Promise<void>,
  tryAcquire: () => Promise<boolean>,
  outer: AbortSignal,
): Promise<void> {
  const { clock, log } = deps
  const name = options.lease.name
  const held = new AbortController()
  const giveUp = (): void => held.abort(outer.reason)
  outer.addEventListener('abort', giveUp, { once: true })
  log.info({ lease: name, identity: options.identity }, 'became the leader')
  const leading = lead(held.signal).finally(() => held.abort(new Error('the leader has ended')))
  let renewedMs = clock.monotonic()
  while (!held.signal.aborted) {
    await clock.sleep(options.retryMs ?? 2000, held.signal).catch(() => {})
    if (held.signal.aborted) break
    const deadlineMs = renewedMs + (options.renewDeadlineMs ?? 10_000)
    const renewed = await within(clock, deadlineMs - clock.monotonic(), tryAcquire())
    if (renewed) renewedMs = clock.monotonic()
    else if (clock.monotonic() >= deadlineMs) held.abort(new Error(`the lease ${name} was lost`))
  }
  outer.removeEventListener('abort', giveUp)
  try {
    await leading
  } catch (error) {
    if (!outer.aborted) log.error({ lease: name, error: messageOf(error) }, 'the leader failed')
  }
  await release(deps, options)
}

/** False when the promise has not settled in time. */
function within(clock: Clock, ms: number, promise: Promise<boolean>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(Math.max(0, ms), () => resolve(false))
    promise.finally(cancel).then(resolve, reject)
  })
}

/** True when this candidate holds the lease after the call: it was free, expired, or its own. */
function acquirer({ client, clock, log }: ElectionDeps, options: ElectionOptions): () => Promise<boolean> {
  const leaseMs = options.leaseMs ?? 15_000
  let seen: Seen | undefined
  return async () => {
    try {
      const now = rfc3339Micro(clock.now())
      const spec = { holderIdentity: options.identity, leaseDurationSeconds: Math.ceil(leaseMs / 1000), renewTime: now }
      const lease = await client.find(Lease, options.lease)
      if (!lease) {
        await client.create(Lease, {
          metadata: options.lease,
          spec: { ...spec, acquireTime: now, leaseTransitions: 0 },
        })
        return true
      }
      const { resourceVersion } = lease.metadata
      if (seen?.resourceVersion !== resourceVersion) seen = { resourceVersion, atMs: clock.monotonic() }
      const holder = lease.spec?.holderIdentity
      const isMine = holder === options.identity
      if (holder && !isMine && clock.monotonic() < seen.atMs + leaseMs) return false
      const since = isMine
        ? { acquireTime: lease.spec?.acquireTime ?? now, leaseTransitions: lease.spec?.leaseTransitions ?? 0 }
        : { acquireTime: now, leaseTransitions: (lease.spec?.leaseTransitions ?? 0) + 1 }
      await client.update(Lease, { ...lease, spec: { ...spec, ...since } })
      return true
    } catch (error) {
      const isLostRace = isConflict(error) || isAlreadyExists(error)
      if (!isLostRace) log.debug({ lease: options.lease.name, error: messageOf(error) }, 'the lease could not be taken')
      return false
    }
  }
}

/** So that the next leader need not wait for the lease to expire. */
async function release({ client, log }: ElectionDeps, options: ElectionOptions): Promise<void> {
  try {
    await retryOnConflict(async () => {
      const lease = await client.find(Lease, options.lease)
      if (lease?.spec?.holderIdentity !== options.identity) return
      await client.update(Lease, { ...lease, spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 } })
    })
  } catch (error) {
    log.debug({ lease: options.lease.name, error: messageOf(error) }, 'the lease could not be given back')
  }
}
