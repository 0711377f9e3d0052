import { sharesOf } from '../../model/routes/shares.ts'
import type { RouteService } from '../../model/routes/types.ts'
import { shortHash } from './keys.ts'

/** The backend without servers: its answer is 503. */
export const NOWHERE = 'none'
/** The backend whose answer is 404. */
export const UNKNOWN = 'unknown'

export interface ServiceBackend {
  readonly name: string
  /** What a cookie says of the Service. */
  readonly id: string
  readonly label: string
  readonly service: RouteService
}

/**
 * Where requests of a Route go: one backend, or turns among several. Services without an endpoint get no turns; when none has one,
 * the answer is the first backend's 503. The Service of a cookie is found beside the turns.
 */
export function layOutTurns(
  route: string,
  backends: readonly ServiceBackend[],
  isSticky: boolean,
  weights: Map<string, string>,
): { readonly target: string; readonly label: string } {
  const live = backends.filter(({ service }) => service.endpoints.length > 0 || service.idled)
  const turning = live.filter(({ service }) => service.weight > 0)
  const kept = isSticky ? live : turning
  const first = backends.find(({ service }) => service.weight > 0)
  if (turning.length === 0) return first ? { target: first.name, label: first.label } : { target: NOWHERE, label: '-' }
  if (kept.length === 1) return { target: kept[0]!.name, label: kept[0]!.label }
  const { total, stride, turns } = sharesOf(turning.map(({ service }) => service.weight))
  const id = shortHash(route, ...kept.flatMap(({ name, service }) => [name, service.weight]))
  let turn = 0
  for (const [index, { name, label }] of turning.entries())
    for (const end = turn + turns[index]!; turn < end; turn++) weights.set(`${id}:${turn}`, `${name}|${label}`)
  if (isSticky) for (const { id: service, name, label } of kept) weights.set(`${id}:${service}`, `${name}|${label}`)
  return { target: `w:${id}:${total}:${stride}`, label: '-' }
}
