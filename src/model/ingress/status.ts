import type { Ingress, IngressLoadBalancerIngress } from '../../api/networking/ingress.ts'

type Addresses = readonly IngressLoadBalancerIngress[]

/** status.loadBalancer.ingress of an Ingress that is served at these addresses; undefined when it says so already. */
export const addressesOf = ({ status }: Ingress, wanted: Addresses): Addresses | undefined =>
  textOf(status?.loadBalancer?.ingress) === textOf(wanted) ? undefined : wanted

/** The same once it is served no more: what another controller wrote stays. */
export function withoutAddresses({ status }: Ingress, ours: Addresses): Addresses | undefined {
  const present = status?.loadBalancer?.ingress ?? []
  const known = new Set(ours.map(one => textOf([one])))
  const left = present.filter(one => !known.has(textOf([one])))
  return left.length === present.length ? undefined : left
}

const textOf = (addresses: Addresses | undefined): string =>
  JSON.stringify((addresses ?? []).map(({ ip = '', hostname = '' }) => [ip, hostname]))
