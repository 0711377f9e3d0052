import type { Rule } from '../../model/policy/types.ts'
import type { NftText } from '../../wire/nft/text.ts'
import { at, name, nft } from '../../wire/nft/text.ts'
import { CONNECTION_MARK } from '../marks.ts'
import { shortHash } from '../shape.ts'
import type { Out } from './gathering.ts'
import { ask, everybody, FAMILIES, isNamed, meantBy, peerField, portsFor } from './gathering.ts'
import type { Identity } from './identities.ts'
import type { Meant } from './identity-index.ts'
import type { Net } from './net-maps.ts'
import type { PortSet } from './port-set.ts'
import { conditions, isEmpty } from './port-set.ts'
import type { PortUnion } from './port-unions.ts'
import { denyChain, identify, locate } from './skeleton.ts'

/** What NetworkPolicies allow together: to whom, to which namespaces whole, at which networks, and to everybody. */
interface Allowed {
  readonly who: Map<Identity, PortUnion>
  readonly where: Map<string, PortUnion>
  readonly nets: Net[]
  anybody: PortUnion
}

/** NetworkPolicies: one lookup of who it is, one of the namespace, one of the address, one of ports that are open to all. */
export function unionRules(out: Out): readonly NftText[] {
  const { about, world } = out
  const allowed: Allowed = { who: new Map(), where: new Map(), nets: [], anybody: world.unions.none }
  for (const policy of about.policies) for (const rule of policy[about.direction]!) readRule(out, rule, allowed)
  const who = portsMap(out, `who-${about.chain}`, allowed.who, identity => nft`${identity.id}`)
  const where = portsMap(out, `where-${about.chain}`, allowed.where, world.numberOf)
  return [
    // A pod always reaches itself, also by way of a Service.
    nft`ct mark and ${CONNECTION_MARK.hairpin.mask} != 0 accept`,
    ...conditions(allowed.anybody.ports).map(condition => nft`${condition}accept`),
    ...(who ? [...identify(about.direction), ...who] : []),
    ...(where ? [...locate(about.direction), ...where] : []),
    ...netRules(out, allowed.nets),
    nft`goto ${name(denyChain(about.direction))}`,
  ]
}

function readRule(out: Out, { peers, ports }: Rule, allowed: Allowed): void {
  const { index, unions } = out.world
  // Names differ from one destination to the next; numbers are the same for all.
  const isSame = out.about.direction === 'ingress' || !isNamed(ports)
  const common = commonPorts(out, ports)
  const allow = <K>(of: Map<K, PortUnion>, key: K, more: PortUnion): void => {
    if (!isEmpty(more.ports)) of.set(key, unions.add(of.get(key) ?? unions.none, more))
  }
  const allowAll = (identities: readonly Meant[]): void => {
    for (const { identity, members } of identities)
      allow(allowed.who, identity, isSame ? common : unions.of(portsFor(out, ports, members)))
  }
  if (peers === 'any') {
    allowed.anybody = unions.add(allowed.anybody, common)
    if (!isSame) allowAll(everybody(out).map(identity => ({ identity, members: identity.members })))
    return
  }
  for (const peer of peers) {
    // Whole namespaces are one element each, however many identities they have.
    if (peer.kind === 'pods' && isSame && !peer.pods)
      for (const namespace of isEmpty(common.ports) ? [] : ask(out, index.namespacesOf(peer)))
        allow(allowed.where, namespace, common)
    else if (peer.kind === 'pods') allowAll(meantBy(out, peer, 'network'))
    else if (peer.kind === 'net' && !isEmpty(common.ports)) allowed.nets.push({ peer, ports: common })
  }
}

/** Of ports that are the same at every destination of the class. */
function commonPorts(out: Out, ports: Rule['ports']): PortUnion {
  const { unions } = out.world
  if (ports === 'any') return unions.of('all')
  if (isNamed(ports)) return unions.of(portsFor(out, ports, []))
  const known = COMMON.get(ports)
  if (known) return unions.of(known)
  const found = portsFor(out, ports, [])
  COMMON.set(ports, found)
  return unions.of(found)
}

const COMMON = new WeakMap<object, PortSet>()

/** Whose mark it is, as a number of ports, and these; undefined when there is nobody. */
function portsMap<K>(
  out: Out,
  map: string,
  of: ReadonlyMap<K, PortUnion>,
  key: (of: K) => NftText,
): readonly NftText[] | undefined {
  if (of.size === 0) return undefined
  const elements = new Map<NftText, NftText>()
  for (const [one, ports] of of) elements.set(key(one), ports.number)
  out.maps.set(map, { definition: nft`type mark : mark;`, elements })
  return [nft`meta mark set meta mark map ${at(map)}`, open(out, new Set(of.values()))]
}

/**
 * Ports by their numbers. Each time a rule changes the kernel follows, element by element, whatever leads from chain to
 * chain: so the large maps hold numbers, and small ones lead. What was not found has left a mark that is no number of ports.
 */
function open(out: Out, all: Iterable<PortUnion>): NftText {
  const elements = new Map<NftText, NftText>()
  for (const ports of all) {
    const { verdict, chain } = ports.lead()
    if (chain) out.chains.set(...chain)
    elements.set(ports.number, verdict)
  }
  const map = `open-${shortHash([...elements.keys()].toSorted().join())}`
  out.maps.set(map, { definition: nft`type mark : verdict;`, elements })
  return nft`meta mark vmap ${at(map)}`
}

const netRules = (out: Out, nets: readonly Net[]): readonly NftText[] =>
  FAMILIES.flatMap(family => {
    const own = nets.filter(({ peer }) => peer.cidr.family === family)
    if (own.length === 0) return []
    const { name, map, ports } = out.world.netMaps.of(family, own)
    out.maps.set(name, map)
    return [nft`meta mark set ${peerField(out, family)} map ${at(name)}`, open(out, ports)]
  })
