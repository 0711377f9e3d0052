import type { Service } from '../../api/core/service.ts'
import type { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { Listener } from '../../host/socket/mod.ts'
import { endpointList } from '../../model/services/endpoints.ts'
import { serviceKeyOf } from '../../model/services/fronts.ts'

/** Reason and message of an Event of type Warning. */
export type Warning = readonly [reason: string, message: string]

/** One port of one pod of this node that a Service leads to. */
export interface Suspect {
  /** "namespace/name". */
  readonly service: string
  readonly pod: string
  readonly podUid: string
  readonly portName: string
  readonly protocol: 'TCP' | 'UDP'
  readonly port: number
}

/** What a slice makes of the pods of a node: those that are ready. */
export function suspectsOf(slice: EndpointSlice, node: string): readonly Suspect[] {
  const service = serviceKeyOf(slice)
  if (service === undefined) return []
  return endpointList(slice).flatMap(({ nodeName, conditions, targetRef }) => {
    const isOurs = nodeName === node && (conditions?.ready ?? true) && targetRef?.kind === 'Pod' && targetRef.uid
    if (!isOurs) return []
    return (slice.ports ?? []).flatMap(({ name, protocol = 'TCP', port }): readonly Suspect[] =>
      port && protocol !== 'SCTP'
        ? [{ service, pod: targetRef.name ?? '', podUid: targetRef.uid!, portName: name ?? '', protocol, port }]
        : [],
    )
  })
}

/** A port that nobody listens on: connections to it are refused, and every other one of a Service fails. */
export function unheardWarning(suspect: Suspect, listeners: readonly Listener[]): Warning | undefined {
  const { pod, portName, protocol, port } = suspect
  const there = listeners.filter(one => one.protocol === protocol && one.port === port)
  if (there.some(one => !one.isLoopback)) return undefined
  const who = `Pod ${pod} is ready and an endpoint${portName ? ` of port ${portName}` : ''}`
  return [
    'NobodyListens',
    there.length > 0
      ? `${who}, but listens on ${port}/${protocol} at 127.0.0.1 only: it should listen on 0.0.0.0`
      : `${who}, but nothing in it listens on ${port}/${protocol}: compare targetPort with what the container serves`,
  ]
}

export interface PortRange {
  readonly first: number
  readonly last: number
}

/** Ports that the kernel takes for connections of its own: net.ipv4.ip_local_port_range without ip_local_reserved_ports. */
export interface Ephemeral {
  readonly range: PortRange
  readonly reserved: readonly PortRange[]
}

/** Reads "32768\t60999" and "30000-32767,8080"; undefined where the first is nothing of the kind. */
export function readEphemeral(range: string | undefined, reserved: string | undefined): Ephemeral | undefined {
  const [first = Number.NaN, last = Number.NaN] = (range ?? '').split(/\s+/).filter(Boolean).map(Number)
  if (!(first <= last)) return undefined
  const parts = (reserved ?? '').split(',').filter(Boolean)
  return {
    range: { first, last },
    reserved: parts.map(part => {
      const [from = '', to = from] = part.split('-')
      return { first: Number(from), last: Number(to) }
    }),
  }
}

/** Node ports that a connection of the node's own may have taken before anybody comes to them. */
export function nodePortWarning({ spec }: Service, ephemeral: Ephemeral, node: string): Warning | undefined {
  const isIn = (port: number, { first, last }: PortRange): boolean => port >= first && port <= last
  const { range, reserved } = ephemeral
  const ports = [...(spec.ports ?? []).map(({ nodePort }) => nodePort ?? 0), spec.healthCheckNodePort ?? 0].filter(
    port => port > 0 && isIn(port, range) && !reserved.some(one => isIn(port, one)),
  )
  if (ports.length === 0) return undefined
  const list = [...new Set(ports)].join(', ')
  return [
    'NodePortNotReserved',
    `Node port ${list}: ${node} takes ports ${range.first}-${range.last} for connections of its own. Set net.ipv4.ip_local_reserved_ports to the range of node ports`,
  ]
}
