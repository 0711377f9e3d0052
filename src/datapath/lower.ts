import { createHash } from 'node:crypto'
import type { Cidr } from '../lib/cidr.ts'
import type { Family, Ip } from '../lib/ip.ts'
import { familyOf } from '../lib/ip.ts'
import type { Front, Outcome } from '../model/services/types.ts'
import { isSameOutcome } from '../model/services/types.ts'
import type { NftText } from '../wire/nft/text.ts'
import { addressText, name, nft } from '../wire/nft/text.ts'
import { admitName, widest } from './admit.ts'
import type { Shape, Transport } from './shape.ts'
import { isLearned, learnName, shapeName } from './shape.ts'

/** A front as elements: what each map holds for it. */
export interface Lowered {
  readonly family: Family
  readonly transport: Transport
  /** Address . protocol . port. */
  readonly key: NftText
  /** Address . port: the key in a map that holds one protocol. */
  readonly slot: NftText
  /** Data of the element of each verdict map, where it has one. */
  readonly services?: NftText
  readonly outside?: NftText
  readonly refused?: NftText
  readonly sticky?: NftText
  /** Who may connect, where not everybody may. */
  readonly admit?: NftText
  /** Data of the elements slot . 0, slot . 1, ... */
  readonly endpoints: readonly NftText[]
  readonly outsideEndpoints: readonly NftText[]
  /** The address, when it is a ClusterIP. */
  readonly clusterIp?: Ip
  /** Chains that must be there. */
  readonly shapes: readonly Shape[]
  readonly learnSeconds?: number
  /** The ranges of `admit`, of the front's family. */
  readonly admitted?: readonly Cidr[]
}

const TRANSPORT = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const
/** What `numgen ... mod 65536` in the map's key can hold. */
const MAX_ENDPOINTS = 65_536

export const frontKey = ({ address, protocol, port }: Front): NftText =>
  nft`${addressText(address)} . ${name(TRANSPORT[protocol])} . ${port}`

export function lower(front: Front): Lowered {
  const family = familyOf(front.address)
  const within = lowerOutcome(front, front.within, 'within')
  const isSame = front.role === 'clusterIP' || isSameOutcome(front.within, front.outside)
  const outside = isSame ? undefined : lowerOutcome(front, front.outside, 'outside')
  const isForwarded = (within.goto ?? outside?.goto) !== undefined
  const learnSeconds = isLearned(family) && isForwarded ? front.affinitySeconds : undefined
  const outsideVerdict = outside?.goto ?? outside?.refusal
  const admitted = front.sourceRanges && widest(front.sourceRanges, family)
  return {
    family,
    transport: TRANSPORT[front.protocol],
    key: frontKey(front),
    slot: nft`${addressText(front.address)} . ${front.port}`,
    ...(within.goto ? { services: within.goto } : {}),
    ...(within.refusal ? { refused: within.refusal } : {}),
    ...(outsideVerdict ? { outside: outsideVerdict } : {}),
    ...(learnSeconds === undefined ? {} : { sticky: nft`jump ${name(learnName(learnSeconds))}` }),
    ...(admitted ? { admit: nft`goto ${name(admitName(admitted))}`, admitted } : {}),
    endpoints: within.endpoints,
    outsideEndpoints: outside?.endpoints ?? [],
    ...(front.role === 'clusterIP' ? { clusterIp: front.address } : {}),
    shapes: [within.shape, outside?.shape].filter(shape => shape !== undefined),
    ...(learnSeconds === undefined ? {} : { learnSeconds }),
  }
}

const REFUSALS = { reject: nft`goto refusal`, drop: nft`drop`, wake: nft`goto wake` } as const

interface LoweredOutcome {
  readonly goto?: NftText
  readonly refusal?: NftText
  readonly endpoints: readonly NftText[]
  readonly shape?: Shape
}

function lowerOutcome(front: Front, outcome: Outcome, endpoints: 'within' | 'outside'): LoweredOutcome {
  // In a nat chain only a drop can stand; a refusal for clients outside is one for all, and comes by the other map.
  if (outcome.is !== 'forward')
    return { refusal: endpoints === 'outside' ? nft`drop` : REFUSALS[outcome.is], endpoints: [] }
  const backends = outcome.backends.slice(0, MAX_ENDPOINTS)
  const shape: Shape = {
    family: familyOf(front.address),
    count: backends.length,
    source: outcome.source,
    isSticky: front.affinitySeconds !== undefined,
    endpoints,
  }
  return {
    goto: nft`goto ${name(shapeName(shape))}`,
    endpoints: backends.map(({ address, port }) => nft`${addressText(address)} . ${port}`),
    shape,
  }
}

/** 128 bits of a front's content; those of all fronts are combined by exclusive or, so their order does not matter. */
export function digest(lowered: Lowered): readonly number[] {
  const { key, services, outside, refused, sticky, admit, endpoints, outsideEndpoints, clusterIp } = lowered
  const text = JSON.stringify([key, services, outside, refused, sticky, admit, endpoints, outsideEndpoints, clusterIp])
  const bytes = createHash('sha256').update(text).digest()
  return [0, 4, 8, 12].map(offset => bytes.readUInt32BE(offset))
}
