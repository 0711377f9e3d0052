import type { LoadBalancerStatus, Service } from '../../api/core/service.ts'
import type { Ip } from '../../lib/ip.ts'
import { addToIp, ipToBigint, parseIp } from '../../lib/ip.ts'

/** Addresses for load balancers, both ends included. */
export interface AddressPool {
  readonly first: Ip
  readonly last: Ip
}

export type Wish =
  /** The Service is another implementation's, or as it should be. */
  | { readonly is: 'nothing' }
  | { readonly is: 'status'; readonly loadBalancer: LoadBalancerStatus; readonly given?: Ip }
  | { readonly is: 'refused'; readonly why: string }

/** Those of our pool; another implementation's class is its own affair. */
export const isOurs = ({ spec }: Service): boolean => spec.type === 'LoadBalancer' && !spec.loadBalancerClass

export const addressesOf = ({ status }: Service): readonly Ip[] =>
  (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => parseIp(ip ?? '') ?? [])

/**
 * What a Service's load balancer status should become. `taken` are the addresses of all other Services; `after` is the
 * one that was given last: others follow it, so that one that was just freed is given again last.
 */
export function decide(service: Service, pool: AddressPool, taken: ReadonlySet<Ip>, after: Ip | undefined): Wish {
  const has = addressesOf(service)
  if (!isOurs(service)) {
    const isLeft = service.spec.type !== 'LoadBalancer' && (service.status?.loadBalancer?.ingress ?? []).length > 0
    return isLeft ? { is: 'status', loadBalancer: {} } : { is: 'nothing' }
  }
  if (service.metadata.deletionTimestamp) return { is: 'nothing' }
  const asked = service.spec.loadBalancerIP
  if (asked) return wishFor(parseIp(asked), asked, { has, pool, taken })
  const [kept] = has.filter(address => isIn(pool, address) && !taken.has(address))
  if (kept !== undefined) return has.length === 1 ? { is: 'nothing' } : given(kept)
  const next = nextFree(pool, taken, after)
  return next === undefined
    ? { is: 'refused', why: `no address is free between ${pool.first} and ${pool.last}` }
    : given(next)
}

interface Holdings {
  readonly has: readonly Ip[]
  readonly pool: AddressPool
  readonly taken: ReadonlySet<Ip>
}

function wishFor(address: Ip | undefined, text: string, { has, pool, taken }: Holdings): Wish {
  if (address === undefined || !isIn(pool, address))
    return { is: 'refused', why: `spec.loadBalancerIP ${text} is not between ${pool.first} and ${pool.last}` }
  if (taken.has(address)) return { is: 'refused', why: `spec.loadBalancerIP ${text} is another Service's` }
  return has.length === 1 && has[0] === address ? { is: 'nothing' } : given(address)
}

const given = (address: Ip): Wish => ({
  is: 'status',
  loadBalancer: { ingress: [{ ip: address, ipMode: 'VIP' }] },
  given: address,
})

const isIn = ({ first, last }: AddressPool, address: Ip): boolean =>
  address.includes(':') === first.includes(':') &&
  ipToBigint(address) >= ipToBigint(first) &&
  ipToBigint(address) <= ipToBigint(last)

function nextFree(pool: AddressPool, taken: ReadonlySet<Ip>, after: Ip | undefined): Ip | undefined {
  const size = Number(ipToBigint(pool.last) - ipToBigint(pool.first)) + 1
  const from = after === undefined || !isIn(pool, after) ? 0 : Number(ipToBigint(after) - ipToBigint(pool.first)) + 1
  for (let i = 0; i < size; i++) {
    const address = addToIp(pool.first, (from + i) % size)
    if (!taken.has(address)) return address
  }
  return undefined
}
