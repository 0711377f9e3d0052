import { means } from '../../model/policy/peers.ts'
import { selects } from '../../model/policy/selector.ts'
import type { Labels, Member, PodsPeer, Tier } from '../../model/policy/types.ts'
import type { Identity, IdentityLedger } from './identities.ts'

/** An identity, and those of its members whom a peer means. */
export interface Meant {
  readonly identity: Identity
  readonly members: readonly Member[]
}

/** What the index was asked and what it said; `value` is another object as soon as it says otherwise. */
export interface Answer<T> {
  readonly value: T
}

/** Answers which identities a peer means. It follows the world: a change costs its own size, and other answers stay the same objects. */
export interface IdentityIndex {
  meant(peer: PodsPeer, tier: Tier): Answer<readonly Meant[]>
  /** Namespaces that a scope finds. */
  namespacesOf(peer: PodsPeer): Answer<readonly string[]>
  all(): Answer<readonly Identity[]>
  /** Answers that were neither given nor kept since the call before are forgotten: those that hold one must ask anew. */
  follow(ledger: IdentityLedger, namespaces: ReadonlyMap<string, Labels>): void
  /** Whether an answer still says this; if so it is kept. */
  stands<T>(answer: Answer<T>, value: T): boolean
}

interface Kept<T> {
  value: T
  round: number
}

interface KeptMeant extends Kept<readonly Meant[]> {
  readonly peer: PodsPeer
  readonly tier: Tier
}

interface KeptScope extends Kept<readonly string[]> {
  readonly peer: PodsPeer
}

type NamespaceLabels = ReadonlyMap<string, Labels>

const keyed = (of: (peer: PodsPeer) => unknown): ((peer: PodsPeer) => string) => {
  const keys = new WeakMap<PodsPeer, string>()
  return peer => {
    const known = keys.get(peer)
    if (known !== undefined) return known
    const key = JSON.stringify(of(peer))
    keys.set(peer, key)
    return key
  }
}

const scopeKey = keyed(({ scope }) => scope)
const networkKey = keyed(({ scope, pods }) => [scope, pods, true])
const otherKey = keyed(({ scope, pods }) => [scope, pods, false])

const look = ({ scope }: PodsPeer, namespaces: NamespaceLabels): readonly string[] =>
  'namespace' in scope
    ? [scope.namespace]
    : [...namespaces].filter(([, labels]) => selects(scope.selector, labels)).map(([name]) => name)

function meantOf(peer: PodsPeer, tier: Tier, identity: Identity, namespaces: NamespaceLabels): readonly Meant[] {
  const members = identity.members.filter(member => means(peer, member, namespaces, tier))
  return members.length > 0 ? [{ identity, members }] : []
}

/** Whoever holds it sees that it is none any more. */
const forget = <T extends Kept<readonly unknown[]>>(kept: Map<string, T>, key: string, one: T): void => {
  kept.delete(key)
  one.value = []
}

export function createIdentityIndex(): IdentityIndex {
  let round = 0
  let ledger: IdentityLedger = new Map()
  let namespaces: ReadonlyMap<string, Labels> = new Map()
  const all: Kept<readonly Identity[]> = { value: [], round: Number.POSITIVE_INFINITY }
  const byNamespace = new Map<string, Set<Identity>>()
  const answers = new Map<string, KeptMeant>()
  const scopes = new Map<string, KeptScope>()
  const use = <K extends Kept<unknown>>(kept: K): K => {
    if (kept.round < round) kept.round = round
    return kept
  }
  const namespacesOf = (peer: PodsPeer): KeptScope => {
    const key = scopeKey(peer)
    const known = scopes.get(key)
    if (known) return use(known)
    const made: KeptScope = { peer, value: look(peer, namespaces), round }
    scopes.set(key, made)
    return made
  }
  const findMeant = (peer: PodsPeer, tier: Tier): readonly Meant[] => {
    const candidates = new Set(namespacesOf(peer).value.flatMap(name => [...(byNamespace.get(name) ?? [])]))
    return [...candidates].flatMap(identity => meantOf(peer, tier, identity, namespaces))
  }
  const followNamespaces = (next: ReadonlyMap<string, Labels>): void => {
    namespaces = next
    const changed = new Set<string>()
    for (const [key, kept] of scopes) {
      const value = look(kept.peer, namespaces)
      if (value.length === kept.value.length && value.every((name, i) => name === kept.value[i])) continue
      kept.value = value
      changed.add(key)
    }
    if (changed.size === 0) return
    for (const [key, kept] of answers) if (changed.has(scopeKey(kept.peer))) forget(answers, key, kept)
  }
  const followLedger = (next: IdentityLedger): void => {
    const went = new Set([...ledger].filter(([key, identity]) => next.get(key) !== identity).map(([, one]) => one))
    const came = [...next].filter(([key, identity]) => ledger.get(key) !== identity).map(([, one]) => one)
    ledger = next
    all.value = [...next.values()]
    for (const identity of went)
      for (const { namespace } of identity.members) byNamespace.get(namespace)?.delete(identity)
    for (const identity of came)
      for (const { namespace } of identity.members)
        byNamespace.set(namespace, (byNamespace.get(namespace) ?? new Set()).add(identity))
    for (const kept of answers.values()) {
      const added = came.flatMap(identity => meantOf(kept.peer, kept.tier, identity, namespaces))
      const isLess = kept.value.some(({ identity }) => went.has(identity))
      if (added.length > 0 || isLess)
        kept.value = [...kept.value.filter(({ identity }) => !went.has(identity)), ...added]
    }
  }
  return {
    all: () => all,
    namespacesOf,
    meant(peer, tier) {
      const key = tier === 'network' ? networkKey(peer) : otherKey(peer)
      const known = answers.get(key)
      if (known) return use(known)
      const made: KeptMeant = { peer, tier, value: findMeant(peer, tier), round }
      answers.set(key, made)
      return made
    },
    follow(nextLedger, nextNamespaces) {
      for (const [key, kept] of answers) if (kept.round < round) forget(answers, key, kept)
      for (const [key, kept] of scopes) if (kept.round < round) forget(scopes, key, kept)
      round++
      if (nextNamespaces !== namespaces) followNamespaces(nextNamespaces)
      if (nextLedger !== ledger) followLedger(nextLedger)
    },
    stands(answer, value) {
      use(answer as Kept<unknown>)
      return answer.value === value
    },
  }
}
