import type { Endpoint, EndpointSlice } from '../../api/discovery/endpoint-slice.ts'

export interface Packed {
  /** Slices of which the endpoints change. */
  readonly update: readonly { readonly slice: EndpointSlice; readonly endpoints: readonly Endpoint[] }[]
  readonly create: readonly (readonly Endpoint[])[]
  /** Slices left without endpoints. */
  readonly empty: readonly EndpointSlice[]
}

/** endpointHash: what makes two endpoints the same one; the rest are its properties. */
const identity = ({ addresses, hostname, targetRef }: Endpoint): string =>
  [...addresses, hostname, targetRef?.namespace, targetRef?.name, targetRef?.uid].join('/')

/** What else a consumer sees. */
const isSame = (a: Endpoint, b: Endpoint): boolean =>
  a.conditions?.ready === b.conditions?.ready &&
  a.conditions?.serving === b.conditions?.serving &&
  a.conditions?.terminating === b.conditions?.terminating &&
  a.nodeName === b.nodeName &&
  a.zone === b.zone &&
  sameHints(a.hints, b.hints)

const sameHints = (a: Endpoint['hints'], b: Endpoint['hints']): boolean =>
  namesOf(a?.forZones) === namesOf(b?.forZones) && namesOf(a?.forNodes) === namesOf(b?.forNodes)
const namesOf = (of: readonly { readonly name: string }[] | undefined): string =>
  (of ?? []).map(({ name }) => name).join()

/**
 * reconcileByPortMapping: puts endpoints of one group of ports into slices with as few writes as can be. What is in a slice
 * stays there; slices that are written anyway are filled first, fullest first; the rest goes into the slice that comes
 * closest to full, or into new ones. Slices are never rebalanced.
 */
export function pack(wanted: readonly Endpoint[], slices: readonly EndpointSlice[], max: number): Packed {
  const left = new Map(wanted.map(endpoint => [identity(endpoint), endpoint]))
  const changed = new Map<EndpointSlice, Endpoint[]>()
  const same: EndpointSlice[] = []
  const empty: EndpointSlice[] = []
  for (const slice of slices) {
    const { kept, isChanged } = keep(slice, left)
    if (kept.length === 0) empty.push(slice)
    else if (isChanged) changed.set(slice, kept)
    else same.push(slice)
  }
  const rest = [...left.values()]
  const fullestFirst = [...changed.values()].sort((a, b) => b.length - a.length)
  for (const endpoints of fullestFirst) endpoints.push(...rest.splice(0, max - endpoints.length))
  const create: (readonly Endpoint[])[] = []
  while (rest.length > 0) {
    const host = rest.length < max ? closestToFull(same, rest.length, max) : undefined
    if (host) {
      same.splice(same.indexOf(host), 1)
      changed.set(host, [...host.endpoints, ...rest.splice(0)])
    } else create.push(rest.splice(0, max))
  }
  const update = [...changed].map(([slice, endpoints]) => ({ slice, endpoints }))
  return { update, create, empty }
}

/** Takes the slice's endpoints out of what is left to place. */
function keep(slice: EndpointSlice, left: Map<string, Endpoint>): { kept: Endpoint[]; isChanged: boolean } {
  const kept: Endpoint[] = []
  let isChanged = false
  for (const old of slice.endpoints ?? []) {
    const id = identity(old)
    const now = left.get(id)
    if (now) kept.push(now)
    if (!now || !isSame(now, old)) isChanged = true
    left.delete(id)
  }
  return { kept, isChanged }
}

function closestToFull(slices: readonly EndpointSlice[], count: number, max: number): EndpointSlice | undefined {
  let best: EndpointSlice | undefined
  for (const slice of slices)
    if (slice.endpoints.length + count <= max && slice.endpoints.length > (best?.endpoints.length ?? -1)) best = slice
  return best
}
