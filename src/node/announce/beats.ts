import type { Netns } from '../../host/netns/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import { parseIp } from '../../lib/ip.ts'

/** Between nodes only: the port MetalLB's speakers use among themselves. */
export const BEAT_PORT = 7946
/** Who was not heard for so long is dead. */
export const DEAD_MS = 600
const MAX_PACKET = 32_768

/** The node that speaks, and its address on the machine network. */
export interface AnnounceOptions {
  readonly node: string
  readonly netns: Netns
  readonly address: Ip
}

export interface Peer {
  readonly name: string
  readonly address: Ip
}

/** Nodes tell each other that they live, and what they announce. */
export interface Beats {
  /** Sends one beat to every peer. */
  send(announced: readonly Ip[]): void
  /** Those who are spoken to and listened to; others are not heard. */
  setPeers(peers: readonly Peer[]): void
  /** New peers count as heard. */
  isAlive(name: string): boolean
  /** What a living peer said that it announces. */
  announcedBy(name: string): ReadonlySet<Ip>
  /** After each beat that was heard. */
  onBeat(handler: () => void): void
  close(): void
}

interface Heard {
  readonly peer: Peer
  atMs: number
  announced: ReadonlySet<Ip>
}

/** Rejects with EADDRINUSE when somebody else has the port. */
export async function openBeats(
  { sockets, clock }: { readonly sockets: SocketDriver; readonly clock: Clock },
  at: { readonly netns: Netns; readonly address: Ip },
): Promise<Beats> {
  const socket = await sockets.udp({ ...at, port: BEAT_PORT })
  const heard = new Map<Ip, Heard>()
  const handlers: (() => void)[] = []
  const named = (name: string): Heard | undefined => [...heard.values()].find(({ peer }) => peer.name === name)
  const isAlive = (name: string): boolean =>
    clock.monotonic() - (named(name)?.atMs ?? Number.NEGATIVE_INFINITY) < DEAD_MS
  socket.on('message', (bytes, from) => {
    const one = heard.get(from.address as Ip)
    const announced = one && readBeat(bytes)
    if (!announced) return
    one.atMs = clock.monotonic()
    one.announced = announced
    for (const handler of handlers) handler()
  })
  // Peers that cannot be reached are simply not heard.
  socket.on('error', () => {})
  return {
    send(announced) {
      const bytes = Buffer.from(announced.join(' '))
      for (const { peer } of heard.values()) socket.send(bytes, BEAT_PORT, peer.address, () => {})
    },
    setPeers(peers) {
      const kept = new Set(peers.map(({ address }) => address))
      for (const address of heard.keys()) if (!kept.has(address)) heard.delete(address)
      for (const peer of peers)
        if (heard.get(peer.address)?.peer.name !== peer.name)
          heard.set(peer.address, { peer, atMs: clock.monotonic(), announced: new Set() })
    },
    isAlive,
    announcedBy: name => (isAlive(name) ? named(name)!.announced : new Set()),
    onBeat: handler => void handlers.push(handler),
    close: () => socket.close(),
  }
}

/** Addresses with blanks between; undefined for anything else. */
function readBeat(bytes: Buffer): ReadonlySet<Ip> | undefined {
  if (bytes.length > MAX_PACKET) return undefined
  const parts = bytes.toString('latin1').split(' ').filter(Boolean)
  const addresses = parts.flatMap(text => parseIp(text) ?? [])
  return addresses.length === parts.length ? new Set(addresses) : undefined
}
