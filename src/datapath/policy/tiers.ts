import type { Cidr } from '../../lib/cidr.ts'
import type { Family, Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import { namePattern } from '../../model/policy/names.ts'
import { selects } from '../../model/policy/selector.ts'
import type { NetPeer, Rule, Tier } from '../../model/policy/types.ts'
import type { NftText } from '../../wire/nft/text.ts'
import { at, name, nft } from '../../wire/nft/text.ts'
import { CONNECTION_MARK } from '../marks.ts'
import { shortHash } from '../shape.ts'
import type { Asked, ClassWorld, Out, TierClass } from './gathering.ts'
import { everybody, FAMILIES, isNamed, meantBy, peerField, portsFor } from './gathering.ts'
import type { Identity } from './identities.ts'
import { intervalsOf, intervalText } from './intervals.ts'
import { nameRules, nameSet, VERSIONS_OF } from './name-sets.ts'
import type { PortSet } from './port-set.ts'
import { conditions, joined, NO_PORTS, union } from './port-set.ts'
import type { RulesetMap } from './ruleset.ts'
import { denyChain, identify } from './skeleton.ts'
import { unionRules } from './union.ts'

/** What a tier needs of the kernel; names of what is shared say what it holds. */
export interface CompiledTier {
  readonly chains: ReadonlyMap<string, readonly NftText[]>
  readonly maps: ReadonlyMap<string, RulesetMap>
  /** What was asked for it: as long as all of it stands, it need not be compiled again. */
  readonly asked: readonly Asked[]
  /** Whether it speaks of nodes. */
  readonly usesNodes: boolean
}

const ACCEPT = nft`accept`

export function compileTier(about: TierClass, world: ClassWorld): CompiledTier {
  const out: Out = { chains: new Map(), maps: new Map(), asked: new Map(), about, world }
  out.chains.set(about.chain, about.tier === 'network' ? unionRules(out) : orderedRules(out))
  const asked = [...out.asked].map(([answer, value]): Asked => ({ answer, value }))
  return { chains: out.chains, maps: out.maps, asked, usesNodes: speaksOfNodes(about) }
}

const speaksOfNodes = ({ direction, policies }: TierClass): boolean =>
  policies.some(policy =>
    policy[direction]!.some(({ peers }) => peers !== 'any' && peers.some(({ kind }) => kind === 'nodes')),
  )

/** A rule of an ordered tier as it stands for one identity. */
interface Step {
  readonly rule: Rule
  /** What of the rule holds for the identity whatever its address; undefined: nothing. */
  readonly ports?: PortSet
}

/**
 * Tiers in which the first match decides: for each identity a chain of the rules that speak about it, found by one
 * lookup. Rules about addresses stand in all of them, at their place.
 */
function orderedRules(out: Out): readonly NftText[] {
  const { chain: map, direction, tier, policies } = out.about
  const rules = policies.flatMap(policy => policy[direction]!)
  const steps = new Map<Identity, Map<Rule, PortSet>>()
  for (const rule of rules) {
    for (const [identity, ports] of portsByIdentity(out, tier, rule)) {
      const own = steps.get(identity) ?? new Map<Rule, PortSet>()
      steps.set(identity, own)
      own.set(rule, union(own.get(rule) ?? NO_PORTS, ports))
    }
  }
  const stepsOf = (ports: ReadonlyMap<Rule, PortSet>): readonly Step[] =>
    rules.map(rule => {
      const own = rule.peers === 'any' ? portsFor(out, rule.ports, []) : ports.get(rule)
      return own ? { rule, ports: own } : { rule }
    })
  const elements = new Map<NftText, NftText>()
  for (const [identity, own] of steps) {
    const lines = stepsOf(own).flatMap(step => stepRules(out, step))
    const chain = `steps-${shortHash([direction, ...lines].join('\n'))}`
    out.chains.set(chain, lines)
    elements.set(nft`${identity.id}`, nft`goto ${name(chain)}`)
  }
  if (elements.size > 0) out.maps.set(map, { definition: nft`type mark : verdict;`, elements })
  return [
    ...(elements.size > 0 ? [...identify(direction), nft`meta mark vmap ${at(map)}`] : []),
    ...stepsOf(new Map()).flatMap(step => stepRules(out, step)),
  ]
}

function portsByIdentity(out: Out, tier: Tier, { peers, ports }: Rule): readonly (readonly [Identity, PortSet])[] {
  if (peers === 'any')
    return out.about.direction === 'egress' && isNamed(ports)
      ? everybody(out).map(identity => [identity, portsFor(out, ports, identity.members)] as const)
      : []
  return peers.flatMap(peer =>
    peer.kind === 'pods'
      ? meantBy(out, peer, tier).map(({ identity, members }) => [identity, portsFor(out, ports, members)] as const)
      : [],
  )
}

function stepRules(out: Out, { rule, ports }: Step): readonly NftText[] {
  const verdict = verdictText(out, rule)
  const byWhom = ports === undefined ? [] : conditions(ports).map(condition => nft`${condition}${verdict}`)
  const addresses = rule.peers === 'any' ? [] : rule.peers.flatMap(peer => addressesOf(out, peer))
  const open = conditions(portsFor(out, rule.ports, []))
  const byAddress = FAMILIES.flatMap(family => {
    const own = addresses.filter(one => one.family === family).map(({ text }) => text)
    if (own.length === 0) return []
    return open.map(condition => nft`${peerField(out, family)} { ${joined(own)} } ${condition}${verdict}`)
  })
  return [...byWhom, ...byAddress, ...FAMILIES.flatMap(family => namedRules(out, rule, family, open, verdict))]
}

/** Only what allows speaks of names. */
function namedRules(
  out: Out,
  { peers, action }: Rule,
  family: Family,
  open: readonly NftText[],
  verdict: NftText,
): readonly NftText[] {
  const named = peers === 'any' ? [] : peers.flatMap(peer => (peer.kind === 'names' ? peer.names : []))
  if (named.length === 0 || action !== 'allow') return []
  const { name: set, set: holds } = nameSet(
    named.map(text => namePattern(text, 'more')),
    family,
  )
  out.maps.set(set, holds)
  const memory = { in: CONNECTION_MARK.policyNames, version: versionOf(out) }
  return open.flatMap(condition => nameRules(set, family, condition, verdict, memory))
}

const versionOf = ({ about, world }: Out): number =>
  world.versions.of(
    about.chain,
    JSON.stringify(about.policies.map(policy => policy.egress)),
    VERSIONS_OF[about.tier === 'admin' ? 'admin' : 'baseline'],
  )

interface AddressText {
  readonly family: Family
  readonly text: NftText
}

function addressesOf({ world }: Out, peer: Exclude<Rule['peers'], 'any'>[number]): readonly AddressText[] {
  if (peer.kind === 'pods' || peer.kind === 'names') return []
  const nets: readonly NetPeer[] =
    peer.kind === 'net'
      ? [peer]
      : world.nodes
          .filter(({ labels }) => selects(peer.selector, labels))
          .flatMap(({ addresses }) => addresses.map(address => ({ kind: 'net', cidr: single(address), except: [] })))
  return nets.flatMap(net =>
    intervalsOf(net).map(interval => ({ family: net.cidr.family, text: intervalText(interval, net.cidr.family) })),
  )
}

const single = (address: Ip): Cidr => ({
  address,
  bits: familyOf(address) === 4 ? 32 : 128,
  family: familyOf(address),
})

const verdictText = ({ about }: Out, { action }: Rule): NftText =>
  action === 'allow' ? ACCEPT : action === 'pass' ? nft`return` : nft`goto ${name(denyChain(about.direction))}`
