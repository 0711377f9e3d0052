import { createHash } from 'node:crypto'
import type { Family, Ip } from '../lib/ip.ts'
import { familyOf } from '../lib/ip.ts'
import type { Command, Table } from '../wire/nft/command.ts'
import { print } from '../wire/nft/command.ts'
import type { Group } from '../wire/nft/transaction.ts'
import type { FrontChange, ServiceChange } from './claims.ts'
import { createClaims } from './claims.ts'
import type { Entry } from './elements.ts'
import { adding, changeOf, deleting, entriesOf, setEntry } from './elements.ts'
import { createLeafChains } from './leaf-chains.ts'
import type { Lowered } from './lower.ts'
import { digest } from './lower.ts'
import type { SkeletonOptions } from './skeleton.ts'
import { familiesOf, foundation, hooks, TABLE } from './skeleton.ts'

export interface Delta {
  /** Each is to be applied as a whole; together in this order. Empty when nothing changes. */
  readonly groups: readonly Group[]
  readonly changes: readonly FrontChange[]
}

/**
 * What the table should hold, kept so that a change costs no more than its own size. Two programs that were told the same
 * Services hold the same, in whatever order they were told.
 */
export interface Program {
  update(changes: Iterable<ServiceChange>): Delta
  /** As update, where nobody wants to know what changes: half the work, for the start with everything. */
  fill(changes: Iterable<ServiceChange>): void
  /** Addresses of all nodes: VXLAN is taken from them, and pods keep their own address towards them. */
  setNodes(addresses: readonly Ip[]): Delta
  /** What stands at each address, protocol and port. */
  fronts(): Iterable<Lowered>
  /** All elements. */
  entries(): Iterable<Entry>
  /** What must stand before elements can: maps and leaf chains. */
  base(): readonly Command[]
  /** Everything that sees packets. */
  hooks(): readonly Command[]
  content(): Content
}

/** Hashes of what the table holds, kept in the table itself. */
export interface Content {
  /** Of maps and hooks. */
  readonly skeleton: string
  /** Of all elements, whatever the order they came in. */
  readonly elements: string
}

export function createProgram(options: SkeletonOptions): Program {
  const claims = createClaims()
  const chains = createLeafChains()
  const clusterIps = createCounted(address => setEntry('cluster-ips', address))
  const sum = [0, 0, 0, 0]
  const skeleton = shortHash([...foundation(options), ...hooks(options)].map(command => print(TABLE, command)))
  // A Node may have addresses, and a Service fronts, of a family in which the cluster has no pods: there are no maps for them.
  const families = new Set<Family>(familiesOf(options))
  const isServed = (address: Ip): boolean => families.has(familyOf(address))
  let nodes = new Set<Ip>()

  const toggle = (lowered: Lowered | undefined): void => {
    if (lowered) for (const [i, word] of digest(lowered).entries()) sum[i] = (sum[i]! ^ word) >>> 0
  }
  return {
    update(asked) {
      const made: Command[] = []
      const groups: Group[] = []
      const changes: FrontChange[] = []
      for (const change of claims.claim(served(asked, isServed))) {
        const { old, next } = change
        const commands = old || next ? changeOf(old, next) : []
        const counted = [...clusterIps.add(next?.clusterIp), ...clusterIps.remove(old?.clusterIp)]
        if (commands.length + counted.length === 0) continue
        toggle(old)
        toggle(next)
        if (next) made.push(...chains.need(next))
        groups.push([...commands, ...counted])
        changes.push(change)
      }
      return { groups: made.length > 0 ? [made, ...groups] : groups, changes }
    },
    fill(asked) {
      for (const { old, next } of claims.claim(served(asked, isServed))) {
        clusterIps.add(next?.clusterIp)
        clusterIps.remove(old?.clusterIp)
        toggle(old)
        toggle(next)
        if (next) chains.need(next)
      }
    },
    setNodes(addresses) {
      const before = nodes
      nodes = new Set(addresses.filter(isServed))
      const commands = [
        ...[...before].filter(address => !nodes.has(address)).map(address => deleting(setEntry('nodes', address))),
        ...[...nodes].filter(address => !before.has(address)).map(address => adding(setEntry('nodes', address))),
      ]
      return { groups: commands.length > 0 ? [commands] : [], changes: [] }
    },
    fronts: () => claims.winners(),
    *entries() {
      for (const lowered of claims.winners()) yield* entriesOf(lowered)
      yield* clusterIps.entries()
      for (const address of nodes) yield setEntry('nodes', address)
    },
    base: () => [...foundation(options), ...chains.all()],
    hooks: () => hooks(options),
    content: () => ({ skeleton, elements: shortHash([...sum.map(String), ...[...nodes].sort()]) }),
  }
}

function* served(changes: Iterable<ServiceChange>, isServed: (address: Ip) => boolean): Iterable<ServiceChange> {
  for (const change of changes) {
    const isWhole = change.fronts.every(({ address }) => isServed(address))
    yield isWhole ? change : { ...change, fronts: change.fronts.filter(({ address }) => isServed(address)) }
  }
}

/** A set whose elements several fronts share: there as long as one of them is. */
function createCounted(entryOf: (address: Ip) => Entry): {
  add(address: Ip | undefined): readonly Command[]
  remove(address: Ip | undefined): readonly Command[]
  entries(): Iterable<Entry>
} {
  const counts = new Map<Ip, number>()
  const change = (address: Ip | undefined, by: 1 | -1): number | undefined => {
    if (address === undefined) return undefined
    const after = (counts.get(address) ?? 0) + by
    if (after === 0) counts.delete(address)
    else counts.set(address, after)
    return after
  }
  return {
    add: address => (change(address, 1) === 1 ? [adding(entryOf(address!))] : []),
    remove: address => (change(address, -1) === 0 ? [deleting(entryOf(address!))] : []),
    *entries() {
      for (const address of counts.keys()) yield entryOf(address)
    },
  }
}

const shortHash = (parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 24)

/**
 * The kernel keeps a table's comment from its creation on, so the note is a table of its own, made anew with each change
 * and in the same transaction.
 */
export const CONTENT_TABLE: Table = { family: 'inet', name: 'fairlead-content' }

/** `changing`: a change of several transactions is under way. */
export function noteContent(content: Content | 'changing'): string {
  const comment = content === 'changing' ? content : `${content.skeleton}.${content.elements}`
  const commands: readonly Command[] = [
    { do: 'add', what: 'table' },
    { do: 'delete', what: 'table' },
    { do: 'add', what: 'table', comment },
  ]
  return commands.map(command => `${print(CONTENT_TABLE, command)}\n`).join('')
}

/** Reads the note back; undefined when there is none, or when a change was cut short. */
export function readContent(comment: string | undefined): Content | undefined {
  const match = /^([0-9a-f]{24})\.([0-9a-f]{24})$/.exec(comment ?? '')
  return match ? { skeleton: match[1]!, elements: match[2]! } : undefined
}
