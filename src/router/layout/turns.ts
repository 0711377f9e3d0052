import { sharesOf } from '../../model/routes/shares.ts'
import type { CanaryRule, RouteFacts, RouteService } from '../../model/routes/types.ts'
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

interface TurnMaps {
  readonly weights: Map<string, string>
  /** Patterns, and the Service that what they match goes to. */
  readonly canaries: Map<string, string>
}

/**
 * Where requests of a Route go: one backend, or turns among several. Services without an endpoint get no turns; when none has one,
 * the answer is the first backend's 503. `isChosen`: clients may say which Service they want, by a cookie or as a canary has it; it is then
 * found beside the turns.
 */
export function layOutTurns(
  { key, canary }: Pick<RouteFacts, 'key' | 'canary'>,
  backends: readonly ServiceBackend[],
  isChosen: boolean,
  { weights, canaries }: TurnMaps,
): { readonly target: string; readonly label: string } {
  const live = backends.filter(({ service }) => service.endpoints.length > 0 || service.idled)
  const turning = live.filter(({ service }) => service.weight > 0)
  const kept = isChosen ? live : turning
  const first = backends.find(({ service }) => service.weight > 0)
  if (turning.length === 0) return first ? { target: first.name, label: first.label } : { target: NOWHERE, label: '-' }
  if (kept.length === 1) return { target: kept[0]!.name, label: kept[0]!.label }
  const { total, stride, turns } = sharesOf(turning.map(({ service }) => service.weight))
  const asked = canary ? canaryRecord(canary, backends) : ''
  const id = shortHash(
    key,
    ...(asked ? [asked, canary?.pattern ?? ''] : []),
    ...kept.flatMap(({ name, service }) => [name, service.weight]),
  )
  let turn = 0
  for (const [index, { name, label }] of turning.entries())
    for (const end = turn + turns[index]!; turn < end; turn++) weights.set(`${id}:${turn}`, `${name}|${label}`)
  if (isChosen) for (const { id: service, name, label } of kept) weights.set(`${id}:${service}`, `${name}|${label}`)
  if (asked) weights.set(`${id}:c`, asked)
  if (canary?.pattern !== undefined) canaries.set(`^${id}:${canary.pattern}`, asked.split('|')[0]!)
  return { target: `w:${id}:${total}:${stride}${asked && ':c'}`, label: '-' }
}

/** The canary, the other Service, header, value, whether a pattern is asked, cookie; empty where only turns decide. */
function canaryRecord(
  { service, header, value, pattern, cookie }: CanaryRule,
  backends: readonly ServiceBackend[],
): string {
  const mine = backends.find(one => one.service.service === service)
  const other = backends.find(one => one !== mine)
  if (!mine || !other || (header === undefined && cookie === undefined)) return ''
  return [mine.id, other.id, header ?? '', value ?? '', pattern === undefined ? '' : 'p', cookie ?? '', ''].join('|')
}
