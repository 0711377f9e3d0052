import { Node } from '../../api/core/node.ts'
import type { EgressService } from '../../api/ovn/egress-service.ts'
import type { EventRecorder } from '../../client/events.ts'
import type { Client } from '../../client/mod.ts'
import type { AddressState } from '../../host/link/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import type { EgressGroup } from '../../model/egress/members.ts'
import { HOST_CIDRS, PRIMARY_ADDRESSES, UNHEARD } from '../../model/egress/nodes.ts'
import { keyOfService } from '../../model/egress/services.ts'
import type { SecondLink } from './links.ts'
import type { TableOf } from './tables.ts'

/** The node's addresses on the machine network and on its second links, under OVN-Kubernetes' names; undefined while they are not there. */
export function hostAddresses(
  all: readonly AddressState[],
  own: readonly Ip[],
  links: readonly SecondLink[],
): Readonly<Record<string, string>> | undefined {
  const primary = own.flatMap(address => all.find(one => one.address === address) ?? [])
  if (primary.length === 0) return undefined
  const shown = primary.map(({ address, bits }) => [`ipv${familyOf(address)}`, `${address}/${bits}`])
  const hosts = [
    ...primary.map(({ address, bits }) => `${address}/${bits}`),
    ...links.flatMap(({ addresses }) => addresses),
  ]
  return {
    [PRIMARY_ADDRESSES]: JSON.stringify(Object.fromEntries(shown.toReversed())),
    [HOST_CIDRS]: JSON.stringify(hosts.toSorted()),
  }
}

interface Told {
  readonly clock: Clock
  readonly log: Logger
}

/** Writes annotations of the own Node, one write at a time, the latest state last. */
export interface Report {
  /** `shown`: what the Node says as far as is known. null takes an annotation away. */
  set(wanted: Readonly<Record<string, string | null>>, shown: Readonly<Record<string, string>>): void
}

/** A write that failed is tried again after so long. */
const RETRY_MS = 200

export function createReport(client: Client, node: string, { clock, log }: Told): Report {
  let isWriting = false
  return {
    set(wanted, shown) {
      const changed = Object.entries(wanted).filter(([key, value]) => (shown[key] ?? null) !== value)
      if (isWriting || changed.length === 0) return
      isWriting = true
      const body = { metadata: { annotations: Object.fromEntries(changed) } }
      client
        .patch(Node, { name: node }, { type: 'merge', body })
        .then(() => log.info({ unheard: wanted[UNHEARD] }, 'told what this node hears'))
        .catch(error => {
          log.warn({ error: messageOf(error) }, 'the Node cannot be annotated')
          return clock.sleep(RETRY_MS)
        })
        .finally(() => {
          isWriting = false
        })
    },
  }
}

/** Tells once of each EgressService whose pods leave here and whose network this node does not know. */
export function createNetworkWarnings(node: string, events: EventRecorder | undefined) {
  let told: ReadonlyMap<string, string> = new Map()
  return (services: readonly EgressService[], groups: readonly EgressGroup[], tableOf: TableOf): void => {
    const unknown = services.filter(one => {
      const group = groups.find(({ key }) => key === `egressservice ${keyOfService(one)}`)
      const isHere = group && [...group.ways, ...group.members].some(each => each.node === node)
      return isHere && tableOf(one.spec!.network!) === undefined
    })
    const before = told
    told = new Map(unknown.map(({ metadata, spec }) => [metadata.uid, spec!.network!]))
    for (const one of unknown) {
      const network = one.spec!.network!
      if (before.get(one.metadata.uid) === network) continue
      const why = `${node} has no routing table ${JSON.stringify(network)} (a number, a VRF, or a name in rt_tables)`
      events?.record(one, 'Warning', 'InvalidNetwork', `${why}: what its pods send leaves there by the main one`)
    }
  }
}
