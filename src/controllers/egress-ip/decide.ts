import type { Service } from '../../api/core/service.ts'
import type { EgressIP, EgressIPStatusItem } from '../../api/ovn/egress-ip.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Assignment } from '../../model/egress/assign.ts'
import type { EgressNode } from '../../model/egress/nodes.ts'
import { balancerAddresses } from '../../model/services/announce.ts'

/** A node that has come back must stay for so long before addresses are moved to it for balance. */
export const SETTLED_MS = 5000
/** Addresses are moved for balance one at a time, so often. */
export const MOVE_MS = 1000

/** Addresses that no EgressIP may have, and whose they are. */
export function inUse(nodes: readonly EgressNode[], services: readonly Service[]): ReadonlyMap<Ip, string> {
  return new Map([
    ...services.flatMap(service =>
      balancerAddresses(service).map(
        address => [address, `Service ${service.metadata.namespace}/${service.metadata.name}`] as const,
      ),
    ),
    ...nodes.flatMap(({ name, addresses, hosts }) =>
      [...addresses, ...hosts].map(address => [address, `node ${name}`] as const),
    ),
  ])
}

/** Since when each node may have addresses, as far as this process knows. */
export function stillFit(
  before: ReadonlyMap<string, number>,
  nodes: readonly EgressNode[],
  lost: ReadonlySet<string>,
  nowMs: number,
): ReadonlyMap<string, number> {
  const fit = nodes.filter(({ isAssignable, isReady, name }) => isAssignable && isReady && !lost.has(name))
  return new Map(fit.map(({ name }) => [name, before.get(name) ?? nowMs]))
}

export interface Move {
  readonly egressIP: EgressIP
  readonly items: readonly EgressIPStatusItem[]
  /** What is told of it: reason and message. */
  readonly told: readonly (readonly [reason: string, message: string])[]
}

/** The statuses that are to be written. */
export function movesOf(all: readonly EgressIP[], { items }: Assignment): readonly Move[] {
  return all.flatMap(egressIP => {
    const next = items.get(egressIP.metadata.name)
    const before = egressIP.status?.items ?? []
    if (!next || JSON.stringify(next) === JSON.stringify(before)) return []
    return [{ egressIP, items: next, told: [...gone(before, next), ...come(before, next)] }]
  })
}

const nodeOf = (items: readonly EgressIPStatusItem[], address: string): string | undefined =>
  items.find(({ egressIP }) => egressIP === address)?.node

const gone = (before: readonly EgressIPStatusItem[], next: readonly EgressIPStatusItem[]): Move['told'] =>
  before
    .filter(({ egressIP }) => nodeOf(next, egressIP) === undefined)
    .map(({ egressIP, node }) => ['EgressIPUnassigned', `${egressIP} is on ${node} no longer`] as const)

const come = (before: readonly EgressIPStatusItem[], next: readonly EgressIPStatusItem[]): Move['told'] =>
  next.flatMap(({ egressIP, node }) => {
    const old = nodeOf(before, egressIP)
    if (old === node) return []
    return [['EgressIPAssigned', `${egressIP} is on ${node}${old === undefined ? '' : `, and was on ${old}`}`] as const]
  })
