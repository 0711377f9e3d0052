import type { EgressIP } from '../../api/ovn/egress-ip.ts'
import type { Family, Ip } from '../../lib/ip.ts'
import { familyOf, parseIp } from '../../lib/ip.ts'
import { selects } from '../policy/selector.ts'
import type { Labels } from '../policy/types.ts'
import type { Note } from './assign.ts'
import { addressesOf, byAge } from './assign.ts'

/** What pods meet while an EgressIP of theirs has no node: NodeIP, as upstream, or Drop. */
export const WHEN_UNASSIGNED = 'fairlead.dev/egress-when-unassigned'

/** A pod with addresses of its own. */
export interface Member {
  readonly namespace: string
  readonly name: string
  readonly labels: Labels
  readonly node: string
  readonly addresses: readonly Ip[]
}

/** An address by which pods leave, and the node that has it. */
export interface Way {
  readonly address: Ip
  readonly node: string
  /** The routing table of that node by which it leaves there, where it is not the group's. */
  readonly table?: number
}

/** Pods that leave by the same ways. */
export interface EgressGroup {
  /** "egressip web" or "egressservice shop/web". */
  readonly key: string
  readonly ways: readonly Way[]
  readonly members: readonly Member[]
  /** Families in which they may not leave as long as there is no way. */
  readonly dropped: readonly Family[]
  /** The routing table by which they leave, where it is not the main one. */
  readonly table?: number
  /** Where clients outside come to the group: what answers them leaves by the table, too. */
  readonly fronts?: readonly Ip[]
}

export const isOfEgressIP = ({ key }: EgressGroup): boolean => key.startsWith('egressip ')

export interface Grouped {
  readonly groups: readonly EgressGroup[]
  readonly notes: readonly Note[]
}

/** Which pods leave by which EgressIP; of several the elder serves a pod. `served`: pods that others serve already. */
export function groupsOf(
  egressIPs: readonly EgressIP[],
  namespaces: ReadonlyMap<string, Labels>,
  podsIn: (namespace: string) => readonly Member[],
  served: ReadonlySet<string> = new Set(),
): Grouped {
  const servedBy = new Map<string, string>([...served].map(key => [key, '']))
  const notes: Note[] = []
  const groups = egressIPs
    .filter(({ metadata }) => !metadata.deletionTimestamp)
    .toSorted(byAge)
    .map((one): EgressGroup => {
      const members: Member[] = []
      let contested: string | undefined
      for (const pod of selected(one, namespaces, podsIn)) {
        const key = `${pod.namespace}/${pod.name}`
        const elder = servedBy.get(key)
        if (elder === undefined) {
          servedBy.set(key, one.metadata.name)
          members.push(pod)
        } else if (elder !== '')
          contested ??= `pod ${key} is served by EgressIP ${elder}, which is older, and not by this`
      }
      if (contested) notes.push({ egressIP: one.metadata.name, reason: 'UndefinedRequest', message: contested })
      return { key: `egressip ${one.metadata.name}`, ways: waysOf(one), members, dropped: droppedOf(one) }
    })
  return { groups, notes }
}

function* selected(
  { spec }: EgressIP,
  namespaces: ReadonlyMap<string, Labels>,
  podsIn: (namespace: string) => readonly Member[],
): Iterable<Member> {
  for (const [name, labels] of namespaces)
    if (spec.namespaceSelector && selects(spec.namespaceSelector, labels))
      for (const pod of podsIn(name)) if (!spec.podSelector || selects(spec.podSelector, pod.labels)) yield pod
}

const waysOf = (one: EgressIP): readonly Way[] => {
  const wanted = new Set(addressesOf(one))
  return (one.status?.items ?? []).flatMap(({ node, egressIP }) => {
    const address = parseIp(egressIP)
    return address && wanted.has(address) ? [{ address, node }] : []
  })
}

const droppedOf = (one: EgressIP): readonly Family[] =>
  one.metadata.annotations?.[WHEN_UNASSIGNED] === 'Drop' ? [...new Set(addressesOf(one).map(familyOf))] : []
