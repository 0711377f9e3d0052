/** Requests through the shop, each hop found again where that very request left a trace. Pure but for the Observer's answers. */
import type { Ip } from '../../lib/ip.ts'
import type { Flow, Side } from './tap.ts'

/** One end of a connection. */
export interface Endpoint {
  readonly address: Ip
  readonly port: number
}

/** What HAProxy wrote of one request. */
export interface RouterLine {
  readonly route: string
  readonly status: number
  /** HAProxy's own end of the connection to the pod. */
  readonly from: Endpoint
  readonly server: Endpoint
}

export interface PodPlace {
  readonly name: string
  readonly node: string
  readonly address: Ip
}

export interface Observer {
  /** The line of the router's log with this request, or undefined within a bounded time. */
  routerLine(id: string): Promise<RouterLine | undefined>
  routerNode(): Promise<string>
  podAt(address: Ip): Promise<PodPlace | undefined>
  /** The first of these pods whose log has this request, with the line; undefined when none has within a bounded time. */
  podLine(pods: readonly PodPlace[], id: string): Promise<{ readonly pod: PodPlace; readonly line: string } | undefined>
  flows(node: string, side: Side): Promise<readonly Flow[]>
}

export interface Hop {
  readonly where: string
  /** What was seen there; undefined when this request left no trace, which breaks the chain. */
  readonly seen: string | undefined
}

const end = ({ address, port }: Endpoint): string => `${address}:${port}`
const VXLAN = 'vxlan0'

/** From the router to the pod: HAProxy's log, the tap on both nodes, the pod's log. */
export async function throughRouter(observer: Observer, id: string): Promise<readonly Hop[]> {
  const line = await observer.routerLine(id)
  const haproxy: Hop = {
    where: 'HAProxy',
    seen: line && `log: Route ${line.route} -> server ${end(line.server)}, status ${line.status}`,
  }
  if (!line) return [haproxy]
  const [routerNode, pod] = await Promise.all([observer.routerNode(), observer.podAt(line.server.address)])
  if (!pod) return [haproxy, { where: 'Service', seen: undefined }]
  const service: Hop = { where: 'Service', seen: `endpoint ${end(line.server)} is pod ${pod.name} on ${pod.node}` }
  const network = await acrossNodes(observer, routerNode, pod.node, line.from, line.server)
  return [haproxy, service, ...network, await podHop(observer, pod, id)]
}

/** From a pod by a Service's address to another pod: the address before and after nftables rewrote it. */
export async function throughService(
  observer: Observer,
  id: string,
  client: PodPlace,
  service: Endpoint,
  candidates: readonly PodPlace[],
): Promise<readonly Hop[]> {
  const pod = (await observer.podLine(candidates, id))?.pod
  if (!pod) return [{ where: 'pod log', seen: undefined }]
  const arrived = (await observer.flows(client.node, 'arrived')).filter(
    flow =>
      flow.source === client.address && flow.destination === service.address && flow.destinationPort === service.port,
  )
  const left = (await observer.flows(client.node, 'left')).find(
    flow =>
      flow.destination === pod.address &&
      arrived.some(before => before.source === flow.source && before.sourcePort === flow.sourcePort),
  )
  const before = left && arrived.find(flow => flow.sourcePort === left.sourcePort)
  const dnat: Hop = {
    where: `nftables, ${client.node}`,
    seen:
      before &&
      `Service ${end(service)} became ${left.destination}:${left.destinationPort} (${before.packets} packets of port ${before.sourcePort})`,
  }
  if (!left) return [dnat]
  const to = { address: left.destination, port: left.destinationPort }
  const from = { address: left.source, port: left.sourcePort }
  return [dnat, ...(await acrossNodes(observer, client.node, pod.node, from, to)), await podHop(observer, pod, id)]
}

/** The same flow leaving one node by the tunnel and arriving on the other; nothing to cross when both are one. */
async function acrossNodes(
  observer: Observer,
  fromNode: string,
  toNode: string,
  from: Endpoint,
  to: Endpoint,
): Promise<readonly Hop[]> {
  if (fromNode === toNode) return []
  const seenOn = async (node: string, side: Side): Promise<string | undefined> => {
    const flow = (await observer.flows(node, side)).find(
      each =>
        each.link === VXLAN &&
        each.source === from.address &&
        each.sourcePort === from.port &&
        each.destination === to.address,
    )
    return flow && `${flow.packets} packets ${end(from)} -> ${end(to)} ${side === 'left' ? 'into' : 'out of'} ${VXLAN}`
  }
  return [
    { where: `VXLAN, ${fromNode}`, seen: await seenOn(fromNode, 'left') },
    { where: `VXLAN, ${toNode}`, seen: await seenOn(toNode, 'arrived') },
  ]
}

async function podHop(observer: Observer, pod: PodPlace, id: string): Promise<Hop> {
  const line = (await observer.podLine([pod], id))?.line
  return { where: `pod ${pod.name}`, seen: line && `log: ${line}` }
}
