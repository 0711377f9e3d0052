import type { Family } from '../../lib/ip.ts'
import { portRanges } from '../../model/policy/ports.ts'
import type {
  Direction,
  Member,
  NamedPort,
  PodsPeer,
  Policy,
  PolicyNode,
  Ports,
  Tier,
} from '../../model/policy/types.ts'
import type { NftText } from '../../wire/nft/text.ts'
import type { Identity } from './identities.ts'
import type { Answer, IdentityIndex, Meant } from './identity-index.ts'
import type { Versions } from './name-sets.ts'
import type { NetMaps } from './net-maps.ts'
import type { PortSet } from './port-set.ts'
import { portSet } from './port-set.ts'
import type { PortUnions } from './port-unions.ts'
import type { RulesetMap } from './ruleset.ts'
import { field, peerSide } from './skeleton.ts'

/** What a tier says about some pods, in one direction: all pods about which it says the same share its chains. */
export interface TierClass {
  /** Its name differs where something below differs, but for what the policies say. */
  readonly chain: string
  readonly direction: Direction
  readonly tier: Tier
  /** Those about these pods, first ones first. */
  readonly policies: readonly Policy[]
  /** What ports are called in these pods, where the policies go by that; empty for egress, where the other side's names count. */
  readonly ports: readonly NamedPort[]
}

export interface Asked {
  readonly answer: Answer<unknown>
  readonly value: unknown
}

export interface ClassWorld {
  readonly index: IdentityIndex
  readonly nodes: readonly PolicyNode[]
  /** The number of a namespace, as it stands in the maps of addresses. */
  numberOf(namespace: string): NftText
  readonly versions: Versions
  /** What classes have in common. */
  readonly unions: PortUnions
  readonly netMaps: NetMaps
}

export const FAMILIES: readonly Family[] = [4, 6]
/** What a compilation gathers. */
export interface Out {
  readonly chains: Map<string, readonly NftText[]>
  readonly maps: Map<string, RulesetMap>
  readonly asked: Map<Answer<unknown>, unknown>
  readonly about: TierClass
  readonly world: ClassWorld
}

export function ask<T>({ asked }: Out, answer: Answer<T>): T {
  asked.set(answer, answer.value)
  return answer.value
}

export const everybody = (out: Out): readonly Identity[] => ask(out, out.world.index.all())
export const meantBy = (out: Out, peer: PodsPeer, tier: Tier): readonly Meant[] =>
  ask(out, out.world.index.meant(peer, tier))

/** Ports as they are for packets between these pods and members of the other side. */
export const portsFor = ({ about }: Out, ports: Ports, others: readonly Member[]): PortSet => {
  if (ports === 'any') return 'all'
  const own: Member = { kind: 'pod', namespace: '', labels: {}, ports: about.ports }
  return portSet(portRanges(ports, about.direction === 'ingress' ? [own] : others))
}

export const isNamed = (ports: Ports): boolean => ports !== 'any' && ports.some(match => 'name' in match)

export const peerField = ({ about }: Out, family: Family): NftText => field(family, peerSide(about.direction))
