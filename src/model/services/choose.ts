import type { PortEndpoint } from './endpoints.ts'
import type { Vantage } from './types.ts'

/** Which endpoints of a port get new connections on one node, by each traffic policy. */
export interface Choice {
  /** For the policy Cluster: ready ones (near ones, where hints say so), else those that still serve while they end. */
  readonly cluster: readonly PortEndpoint[]
  /** For the policy Local: the same of this node alone; hints do not apply. */
  readonly local: readonly PortEndpoint[]
}

/** As kube-proxy does it (CategorizeEndpoints), with KEP-1669's fallback to terminating endpoints. */
export function choose(endpoints: readonly PortEndpoint[], vantage: Vantage): Choice {
  const isHere = (endpoint: PortEndpoint): boolean => endpoint.node === vantage.node
  const ready = endpoints.filter(endpoint => endpoint.ready)
  const ending = endpoints.filter(endpoint => endpoint.serving && endpoint.terminating)
  const readyHere = ready.filter(isHere)
  return {
    cluster: ready.length > 0 ? near(ready, vantage) : ending,
    local: readyHere.length > 0 ? readyHere : ending.filter(isHere),
  }
}

/** Hints count only when every ready endpoint has one, and one of them is for this node (or, else, this zone). */
function near(ready: readonly PortEndpoint[], { node, zone }: Vantage): readonly PortEndpoint[] {
  if (ready.every(endpoint => endpoint.hintNodes)) {
    const here = ready.filter(endpoint => endpoint.hintNodes!.includes(node))
    if (here.length > 0) return here
  }
  if (zone !== undefined && ready.every(endpoint => endpoint.hintZones)) {
    const here = ready.filter(endpoint => endpoint.hintZones!.includes(zone))
    if (here.length > 0) return here
  }
  return ready
}
