import type { Ip } from '../../lib/ip.ts'
import { hostMember } from '../../model/policy/evaluate.ts'
import type { Member, PolicyWorld } from '../../model/policy/types.ts'
import { PACKET_MARK } from '../marks.ts'

/** All addresses whose holders selectors cannot tell apart have one identity: a number that a packet's mark can hold. */
export interface Identity {
  readonly id: number
  readonly members: readonly Member[]
}

/** Numbers that were given, by what they stand for; kept so that a number stays what it was. */
export type IdentityLedger = ReadonlyMap<string, Identity>

export interface Identities {
  readonly ledger: IdentityLedger
  readonly byAddress: ReadonlyMap<Ip, Identity>
  /** The namespace of whoever has the address, where a peer may mean all of a namespace: not of pods of the host network. */
  readonly namespaceAt: ReadonlyMap<Ip, string>
}

/** 0 is the world: whatever is not of the cluster. */
const MOST = PACKET_MARK.identity.mask

/** The ledger is the same object as long as nobody comes or goes. Throws RangeError when a mark cannot tell them all apart. */
export function identitiesOf(world: PolicyWorld, before: IdentityLedger): Identities {
  const keyed = new Map<Ip, string>()
  const members = new Map<string, readonly Member[]>()
  for (const [address, holders] of holdersOf(world)) {
    const key = keyOf(holders)
    keyed.set(address, key)
    if (!members.has(key)) members.set(key, holders)
  }
  const ledger = ledgerOf(members, before)
  const namespaceAt = new Map<Ip, string>()
  for (const [address, key] of keyed) {
    const whole = members.get(key)!.find(({ kind }) => kind !== 'host-pod')
    if (whole) namespaceAt.set(address, whole.namespace)
  }
  const byAddress = new Map([...keyed].map(([address, key]) => [address, ledger.get(key)!] as const))
  return { ledger, byAddress, namespaceAt }
}

function ledgerOf(members: ReadonlyMap<string, readonly Member[]>, before: IdentityLedger): IdentityLedger {
  const added = [...members.keys()].filter(key => !before.has(key)).toSorted()
  if (added.length === 0 && members.size === before.size) return before
  const ledger = new Map([...before].filter(([key]) => members.has(key)))
  const taken = new Set([...ledger.values()].map(({ id }) => id))
  let next = 1
  for (const key of added) {
    while (taken.has(next)) next++
    if (next > MOST) throw new RangeError(`more than ${MOST} identities`)
    taken.add(next)
    ledger.set(key, { id: next, members: members.get(key)! })
  }
  return ledger
}

function holdersOf({ pods, hostPods, nodes }: PolicyWorld): ReadonlyMap<Ip, readonly Member[]> {
  const holders = new Map<Ip, Member[]>()
  const add = (address: Ip, member: Member): void => {
    const known = holders.get(address)
    if (known) known.push(member)
    else holders.set(address, [member])
  }
  for (const { member, addresses } of hostPods) for (const address of addresses) add(address, member)
  for (const { management, join } of nodes) for (const address of [...management, ...join]) add(address, hostMember)
  // An address is one pod's alone: should two claim it for a moment, the later one of the list has it.
  for (const pod of pods) for (const address of pod.addresses) holders.set(address, [pod])
  return holders
}

/** Nearly all have one holder, whose key is the same text each time: it is not read anew. */
const keyOf = (holders: readonly Member[]): string =>
  holders.length === 1 ? memberKey(holders[0]!) : holders.map(memberKey).toSorted().join('\n')

const MEMBER_KEYS = new WeakMap<Member, string>()

function memberKey(member: Member): string {
  const known = MEMBER_KEYS.get(member)
  if (known !== undefined) return known
  const { kind, namespace, labels, ports } = member
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const key = JSON.stringify([kind, namespace, sorted, ports.map(one => [one.name, one.protocol, one.port]).toSorted()])
  MEMBER_KEYS.set(member, key)
  return key
}
