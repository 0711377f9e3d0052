import type { Socket } from 'node:dgram'
import type { Netns } from '../../host/netns/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import { parseIp } from '../../lib/ip.ts'
import type { Path } from '../../model/egress/nodes.ts'
import { PATHS } from '../../model/egress/nodes.ts'

/** So many times what a peer was late of late is given to it. */
const PATIENCE = 2
const MAX_PACKET = 65_000

/** A node that beats late forgets half of that in so long. */
const LATE_HALF_LIFE_MS = 1000

/** An address that a node has, or waits for; the higher the epoch, the newer the decision: 0 where there is none. */
export interface Claim {
  readonly address: Ip
  readonly epoch: number
  readonly isHeld: boolean
  /** The sender passes on what another says of itself. */
  readonly isHearsay?: true
}

/** A node, and its address on each way by which it is heard. */
export interface Peer {
  readonly name: string
  readonly addresses: Addresses
}

type Addresses = Readonly<Partial<Record<Path, Ip>>>

/** Nodes tell each other, by one way or two, that they live, whom they heard, and what they claim. */
export interface Beats {
  /** One beat to every peer by each way; answers its number. */
  send(claims: readonly Claim[]): number
  /** Those that are `kept` stay though they are not among them. */
  setPeers(peers: readonly Peer[], isKept?: (name: string) => boolean): void
  peers(): readonly string[]
  /**
   * Once a beat: this node was there to listen for so long since the last, and beats late by so much of late. What it missed while
   * it got no processor is held against nobody.
   */
  pass(awakeMs: number, lateMs: number): void
  /** Nothing came from the peer by this way for longer than it may be silent: `forMs`, or more. New peers count as heard. */
  isSilent(name: string, path: Path, forMs?: number): boolean
  /** For how long nothing came from the peer by any way. */
  silentMs(name: string): number
  /** When we sent what the peer has confirmed to have heard by both ways; undefined before. */
  confirmedMs(name: string): number | undefined
  /** The number of the newest beat of ours that the peer has heard by any way. */
  hasHeard(name: string): number
  claimsOf(name: string): readonly Claim[]
  /** After each beat that was heard; `isNews`: the peer claims something else than before, and waits for a word. */
  onBeat(handler: (isNews: boolean) => void): void
  close(): void
}

interface Heard {
  readonly peer: Peer
  readonly atMs: Record<Path, number>
  /** Time for which this node listened since then. */
  readonly silentMs: Record<Path, number>
  lateMs: number
  readonly sequence: Record<Path, number>
  readonly confirmed: Record<Path, number>
  newest: number
  claims: readonly Claim[]
}

export interface BeatsOptions {
  readonly node: string
  readonly netns: Netns
  readonly port: number
  /** Who was not heard by a way for so long is not to be reached by it; one that says that it runs late is given more time. */
  readonly deadMs: number
  /** The most that is given to one that runs late. */
  readonly patienceMs: number
  /** The node's own: one for each way that is used. */
  readonly addresses: Addresses
}

/** Rejects with EADDRINUSE when somebody else has the port, EADDRNOTAVAIL while the tunnel is not there. */
export async function openBeats(
  { sockets, clock }: { readonly sockets: SocketDriver; readonly clock: Clock },
  { node, netns, port, deadMs, patienceMs, addresses }: BeatsOptions,
): Promise<Beats> {
  const open = new Map<Path, Socket>()
  for (const path of PATHS) {
    const address = addresses[path]
    if (address) open.set(path, await sockets.udp({ netns, address, port }))
  }
  const ways = [...open.keys()]
  const heard = new Map<string, Heard>()
  const handlers: ((isNews: boolean) => void)[] = []
  // Numbers of an agent before this one must not count as confirmations of ours.
  let last = Math.floor(clock.now())
  let ownLateMs = 0
  const sentMs = new Map<number, number>()
  const byAddress = (path: Path, address: string): Heard | undefined =>
    [...heard.values()].find(({ peer }) => peer.addresses[path] === address)
  for (const [path, socket] of open) {
    socket.on('message', (bytes, from) => {
      const one = byAddress(path, from.address)
      const beat = one && readBeat(bytes)
      if (!beat || beat.from !== one.peer.name) return
      one.atMs[path] = clock.monotonic()
      one.silentMs[path] = 0
      one.lateMs = beat.lateMs
      one.sequence[path] = Math.max(one.sequence[path], beat.sequence)
      for (const each of PATHS)
        one.confirmed[each] = Math.max(one.confirmed[each], beat.heard[node]?.[PATHS.indexOf(each)] ?? 0)
      if (beat.sequence < one.newest) return
      one.newest = beat.sequence
      const isNews = JSON.stringify(one.claims) !== JSON.stringify(beat.claims)
      one.claims = beat.claims
      for (const handler of handlers) handler(isNews)
    })
    // Peers that cannot be reached are simply not heard.
    socket.on('error', () => {})
  }
  return {
    send(claims) {
      last++
      sentMs.set(last, clock.monotonic())
      sentMs.delete(last - KEPT)
      const bytes = printBeat({ from: node, sequence: last, lateMs: ownLateMs, heard: heardOf(heard), claims })
      for (const { peer } of heard.values())
        for (const [path, socket] of open) {
          const to = peer.addresses[path]
          if (to) socket.send(bytes, port, to, () => {})
        }
      return last
    },
    setPeers(peers, isKept = () => false) {
      const names = new Map(peers.map(peer => [peer.name, JSON.stringify(peer)]))
      for (const [name, { peer }] of heard)
        if (names.get(name) !== JSON.stringify(peer) && (names.has(name) || !isKept(name))) heard.delete(name)
      const nowMs = clock.monotonic()
      for (const peer of peers) if (!heard.has(peer.name)) heard.set(peer.name, newcomer(peer, nowMs))
    },
    peers: () => [...heard.keys()],
    pass(awakeMs, lateMs) {
      ownLateMs = Math.round(lateMs)
      const nowMs = clock.monotonic()
      for (const { atMs, silentMs } of heard.values())
        for (const path of ways) silentMs[path] += Math.min(awakeMs, nowMs - atMs[path])
    },
    isSilent(name, path, forMs = 0) {
      const one = heard.get(name)
      return !one || one.silentMs[path] >= Math.max(deadMs, forMs) + Math.min(PATIENCE * one.lateMs, patienceMs)
    },
    silentMs(name) {
      const one = heard.get(name)
      return one ? Math.min(...ways.map(path => one.silentMs[path])) : Number.POSITIVE_INFINITY
    },
    confirmedMs(name) {
      const one = heard.get(name)
      return one && sentMs.get(Math.min(...ways.map(path => one.confirmed[path])))
    },
    hasHeard(name) {
      const one = heard.get(name)
      return one ? Math.max(...ways.map(path => one.confirmed[path])) : 0
    },
    claimsOf: name => heard.get(name)?.claims ?? [],
    onBeat: handler => void handlers.push(handler),
    close: () => {
      for (const socket of open.values()) socket.close()
    },
  }
}

/** Tells `beats` at each beat how long this node was there to listen, and how late it beats of late. */
export function timekeeper(beats: Beats, clock: Clock, beatMs: number): () => void {
  let lastMs = clock.monotonic()
  let lateMs = 0
  return () => {
    const nowMs = clock.monotonic()
    const passedMs = nowMs - lastMs
    lastMs = nowMs
    lateMs = Math.max(passedMs - beatMs, lateMs * 0.5 ** (passedMs / LATE_HALF_LIFE_MS))
    beats.pass(Math.min(passedMs, 2 * beatMs), lateMs)
  }
}

/** Beats of ours whose time is remembered: those of more than a fence's time. */
const KEPT = 64

const newcomer = (peer: Peer, nowMs: number): Heard => ({
  peer,
  atMs: { overlay: nowMs, uplink: nowMs },
  silentMs: { overlay: 0, uplink: 0 },
  lateMs: 0,
  sequence: { overlay: 0, uplink: 0 },
  confirmed: { overlay: 0, uplink: 0 },
  newest: 0,
  claims: [],
})

interface Beat {
  readonly from: string
  readonly sequence: number
  /** How late it beats. */
  readonly lateMs: number
  /** Of each peer the newest beat by each of PATHS. */
  readonly heard: Readonly<Record<string, readonly number[]>>
  readonly claims: readonly Claim[]
}

/** How a beat says which kind of claim it is; 0 of a wish. */
const [HELD, HEARSAY] = [1, 2]

const heardOf = (heard: ReadonlyMap<string, Heard>): Beat['heard'] =>
  Object.fromEntries([...heard].map(([name, { sequence }]) => [name, PATHS.map(path => sequence[path])]))

const printBeat = ({ from, sequence, lateMs, heard, claims }: Beat): Buffer =>
  Buffer.from(
    JSON.stringify([
      from,
      sequence,
      lateMs,
      heard,
      claims.map(({ address, epoch, isHeld, isHearsay }) => [address, epoch, isHearsay ? HEARSAY : isHeld ? HELD : 0]),
    ]),
  )

/** Undefined for anything that is no beat. */
function readBeat(bytes: Buffer): Beat | undefined {
  if (bytes.length > MAX_PACKET) return undefined
  try {
    const [from, sequence, lateMs, heard, claims] = JSON.parse(bytes.toString()) as unknown[]
    if (typeof from !== 'string' || typeof sequence !== 'number' || !Array.isArray(claims)) return undefined
    if (typeof lateMs !== 'number' || lateMs < 0 || typeof heard !== 'object' || heard === null) return undefined
    return { from, sequence, lateMs, heard: numbersIn(heard), claims: claims.flatMap(readClaim) }
  } catch {
    return undefined
  }
}

const numbersIn = (heard: object): Beat['heard'] =>
  Object.fromEntries(
    Object.entries(heard).map(([name, numbers]) => [
      name,
      Array.isArray(numbers) ? numbers.map(one => (typeof one === 'number' ? one : 0)) : [],
    ]),
  )

function readClaim(claim: unknown): readonly Claim[] {
  if (!Array.isArray(claim)) return []
  const [text, epoch, how] = claim as unknown[]
  const address = typeof text === 'string' ? parseIp(text) : undefined
  if (!address || typeof epoch !== 'number') return []
  return [{ address, epoch, isHeld: how === HELD, ...(how === HEARSAY ? { isHearsay: true } : {}) }]
}
