import type { LoadBalancerStatus, Service } from '../../api/core/service.ts'
import type { Ip } from '../../lib/ip.ts'
import { addToIp, familyOf, ipToBigint, parseIp } from '../../lib/ip.ts'

/** Addresses of one family for load balancers, both ends included. */
export interface AddressPool {
  readonly first: Ip
  readonly last: Ip
}

export type Wish =
  /** The Service is another implementation's, or as it should be. */
  | { readonly is: 'nothing' }
  | { readonly is: 'status'; readonly loadBalancer: LoadBalancerStatus; readonly given?: readonly Ip[] }
  | { readonly is: 'refused'; readonly why: string }

/** Those of our pool; another implementation's class is its own affair. */
export const isOurs = ({ spec }: Service): boolean => spec.type === 'LoadBalancer' && !spec.loadBalancerClass

export const addressesOf = ({ status }: Service): readonly Ip[] =>
  (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => parseIp(ip ?? '') ?? [])

/**
 * What a Service's load balancer status should become: one address for each family that it has and a pool is of. `taken` are the
 * addresses of all other Services; `after` are those that were given last, one a family: others follow them, so that one that was
 * just freed is given again last.
 */
export function decide(
  service: Service,
  pools: readonly AddressPool[],
  taken: ReadonlySet<Ip>,
  after: readonly Ip[],
): Wish {
  const has = addressesOf(service)
  if (!isOurs(service)) {
    const isLeft = service.spec.type !== 'LoadBalancer' && (service.status?.loadBalancer?.ingress ?? []).length > 0
    return isLeft ? { is: 'status', loadBalancer: {} } : { is: 'nothing' }
  }
  if (service.metadata.deletionTimestamp) return { is: 'nothing' }
  const chosen: Ip[] = []
  for (const pool of poolsFor(service, pools)) {
    const found = choose(service, pool, { has, taken, after })
    if (typeof found !== 'string') return found
    chosen.push(found)
  }
  if (chosen.length === 0) return { is: 'refused', why: 'no pool is of its families' }
  return chosen.join() === has.join() ? { is: 'nothing' } : given(chosen)
}

/** In the order of the Service's families. */
function poolsFor({ spec }: Service, pools: readonly AddressPool[]): readonly AddressPool[] {
  const families = spec.ipFamilies?.length ? spec.ipFamilies : ['IPv4']
  return families.flatMap(name => pools.find(({ first }) => (familyOf(first) === 6) === (name === 'IPv6')) ?? [])
}

interface Holdings {
  readonly has: readonly Ip[]
  readonly taken: ReadonlySet<Ip>
  readonly after: readonly Ip[]
}

function choose({ spec }: Service, pool: AddressPool, { has, taken, after }: Holdings): Ip | Wish {
  const { loadBalancerIP: text, ipFamilies = [] } = spec
  const asked = text ? parseIp(text) : undefined
  const isOther = asked !== undefined && familyOf(asked) !== familyOf(pool.first) && ipFamilies.length > 1
  if (text && !isOther) return wishFor(asked, text, pool, taken)
  const kept = has.find(address => isIn(pool, address) && !taken.has(address))
  const last = after.find(address => isIn(pool, address))
  const found = kept ?? nextFree(pool, taken, last)
  return found ?? { is: 'refused', why: `no address is free between ${pool.first} and ${pool.last}` }
}

function wishFor(address: Ip | undefined, text: string, pool: AddressPool, taken: ReadonlySet<Ip>): Ip | Wish {
  if (address === undefined || !isIn(pool, address))
    return { is: 'refused', why: `spec.loadBalancerIP ${text} is not between ${pool.first} and ${pool.last}` }
  return taken.has(address) ? { is: 'refused', why: `spec.loadBalancerIP ${text} is another Service's` } : address
}

const given = (addresses: readonly Ip[]): Wish => ({
  is: 'status',
  loadBalancer: { ingress: addresses.map(ip => ({ ip, ipMode: 'VIP' })) },
  given: addresses,
})

const isIn = ({ first, last }: AddressPool, address: Ip): boolean =>
  familyOf(address) === familyOf(first) &&
  ipToBigint(address) >= ipToBigint(first) &&
  ipToBigint(address) <= ipToBigint(last)

function nextFree(pool: AddressPool, taken: ReadonlySet<Ip>, after: Ip | undefined): Ip | undefined {
  const size = Number(ipToBigint(pool.last) - ipToBigint(pool.first)) + 1
  const from = after === undefined ? 0 : Number(ipToBigint(after) - ipToBigint(pool.first)) + 1
  for (let i = 0; i < size; i++) {
    const address = addToIp(pool.first, (from + i) % size)
    if (!taken.has(address)) return address
  }
  return undefined
}
