import type { ArpDriver } from '../../host/arp/mod.ts'
import type { IpPacketDriver } from '../../host/ip-packets/mod.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import { decodeAdvertisement, encodeAdvertisement, VRRP_GROUP, VRRP_PROTOCOL } from '../../wire/vrrp/advertisement.ts'
import { type Candidate, INTERVAL_MS, nextStanding, type Standing } from './election.ts'

export interface SharingDeps {
  readonly ipPackets: IpPacketDriver
  readonly arp: ArpDriver
  readonly links: LinkDriver
  readonly clock: Clock
  readonly log: Logger
}

export interface SharingHost extends Candidate {
  readonly netns: Netns
  readonly link: { readonly name: string; readonly mac: string }
  /** What the group shares: all of them are at one host. */
  readonly shared: readonly Ip[]
}

export interface Sharing {
  standing(): Standing['is']
  /** As when the machine loses power: nothing is said to the others. */
  stop(): void
}

/** Advertisements speak in hundredths of a second. */
const CENTISECOND_MS = 10
/** Neighbours are told once more, should the first word be lost. */
const TOLD_AGAIN_MS = 1000

/**
 * Takes part in the election of who holds the shared addresses. Only the holder has them on its link, so nobody else answers for
 * them; it tells all neighbours when it takes them.
 */
export function shareAddresses(deps: SharingDeps, host: SharingHost): Sharing {
  const { clock, links, log } = deps
  const { netns, link, address, shared } = host
  const packets = deps.ipPackets.open({ netns, link: link.name, address, protocol: VRRP_PROTOCOL, group: VRRP_GROUP })
  const { router, priority } = host
  const said = { router, priority, interval: INTERVAL_MS / CENTISECOND_MS, addresses: shared }
  const advertisement = encodeAdvertisement(said, address)
  let standing: Standing = { is: 'faulty' }
  let cancel = (): void => {}
  let stopTelling = (): void => {}

  const put = (op: 'address' | 'address-delete'): void =>
    links.apply(
      netns,
      shared.map(each => ({ op, name: link.name, address: each, bits: 32 })),
    )
  const tell = (): void => {
    for (const each of shared) deps.arp.announce(netns, link, each)
  }
  const change = (next: Standing): void => {
    const [was, is] = [standing.is, next.is]
    standing = next
    if (was === is) return
    log.info({ host: netns.name, was, is }, 'shared addresses')
    stopTelling()
    if (was === 'holder') put('address-delete')
    if (is !== 'holder') return
    put('address')
    tell()
    stopTelling = clock.after(TOLD_AGAIN_MS, tell)
  }
  const turn = (): void => {
    const heard = packets.drain().flatMap(packet => decodeAdvertisement(packet) ?? [])
    change(nextStanding(host, standing, { nowMs: clock.monotonic(), isLinked: packets.isLinked(), heard }))
    if (standing.is === 'holder') packets.send(advertisement)
    cancel = clock.after(INTERVAL_MS, turn)
  }
  turn()
  return {
    standing: () => standing.is,
    stop: () => {
      cancel()
      stopTelling()
      if (standing.is === 'holder') put('address-delete')
      standing = { is: 'faulty' }
      packets.close()
    },
  }
}
