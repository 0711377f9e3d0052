import type { EgressNode } from './nodes.ts'

/** With three, one that is cut off is told from the two that are not. */
const FEWEST = 3
/** So that a large cluster does not spend its time with this. */
const MOST = 9

/**
 * The nodes that say who is reachable: those that may have addresses, and others until there are three. Every node and the
 * controller come to the same list.
 */
export function votersOf(nodes: readonly EgressNode[]): readonly string[] {
  const ready = nodes.filter(({ isReady }) => isReady).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const able = ready.filter(({ isAssignable }) => isAssignable)
  const others = ready.filter(({ isAssignable }) => !isAssignable)
  const names = [...able, ...others.slice(0, Math.max(0, FEWEST - able.length))].map(({ name }) => name)
  return names.slice(0, MOST)
}

/** Who must be heard by this node: voters hear all that may have addresses, others hear the voters. */
export function peersOf(nodes: readonly EgressNode[], self: string, extra: ReadonlySet<string>): readonly string[] {
  const voters = new Set(votersOf(nodes))
  const able = nodes.filter(({ isAssignable, name }) => isAssignable || extra.has(name)).map(({ name }) => name)
  const concerned = new Set([...voters, ...able])
  if (!concerned.has(self)) return []
  return [...(voters.has(self) ? concerned : voters)].filter(name => name !== self).toSorted()
}

/**
 * How many of the others must complain of one of n nodes (itself included) before it counts as lost. Two can only accuse each
 * other: one accuser is enough then, unless it is accused itself.
 */
export const needed = (n: number): number => (n === 2 ? 1 : Math.floor(n / 2) + 1)

/** Which nodes count as lost, by what the nodes say of each other. */
export function lostOf(nodes: readonly EgressNode[]): ReadonlySet<string> {
  const voters = votersOf(nodes)
  const byName = new Map(nodes.map(node => [node.name, node]))
  const complains = (who: string, of: string): boolean => byName.get(who)?.unheard.has(of) ?? false
  const lost = new Set<string>()
  for (;;) {
    const alive = voters.filter(name => !lost.has(name))
    const accused = nodes
      .filter(({ name }) => !lost.has(name))
      .map(({ name }) => ({ name, by: alive.filter(voter => voter !== name && complains(voter, name)) }))
      .filter(({ name, by }) => isEnough(name, by, alive))
      .toSorted((a, b) => b.by.length - a.by.length || (a.name < b.name ? -1 : 1))
    const [first] = accused
    if (!first) return lost
    lost.add(first.name)
  }

  function isEnough(name: string, by: readonly string[], alive: readonly string[]): boolean {
    const n = alive.includes(name) ? alive.length : alive.length + 1
    if (by.length < needed(n)) return false
    return n !== 2 || !complains(name, by[0]!)
  }
}

/** Whose confirmations a node needs, and how many of them. */
export interface Confirmations {
  readonly from: readonly string[]
  readonly count: number
}

/**
 * What proves that nobody can have decided that the node is lost: so many others confirm that they hear it; of two, its own
 * complaint of the other stands. Undefined: it counts as lost already.
 */
export function confirmationsFor(nodes: readonly EgressNode[], self: string): Confirmations | undefined {
  const lost = lostOf(nodes)
  if (lost.has(self)) return undefined
  const from = votersOf(nodes).filter(name => name !== self && !lost.has(name))
  const n = from.length + 1
  const complains = nodes.find(({ name }) => name === self)?.unheard.has(from[0] ?? '') ?? false
  return { from, count: n === 1 || (n === 2 && complains) ? 0 : n - needed(n) }
}
