import type { ExternalIPConfig } from '../../../api/config/network.ts'
import { Network } from '../../../api/config/network.ts'
import type { Service } from '../../../api/core/service.ts'
import type { Cidr } from '../../../lib/cidr.ts'
import { contains, parseCidr } from '../../../lib/cidr.ts'
import { parseIp } from '../../../lib/ip.ts'
import type { Store } from '../../../store/mod.ts'
import type { Authorizer } from '../../auth/authorizer.ts'
import { aggregateText, forbidden } from '../../errors.ts'
import type { Registry } from '../../resource/registry.ts'
import { storedObject } from '../../stored.ts'
import type { Plugin } from '../mod.ts'

/**
 * Who may give Services external addresses, and which: networks.config.openshift.io/cluster says it, and none without a policy. Whoever
 * may create service/externalips of network.openshift.io may give any. Where the API has no such kind all may. Source: OpenShift's
 * admission plugin network.openshift.io/ExternalIPRanger.
 */
export const externalIps = (authorizer: Authorizer, store: Store, registry: Registry): Plugin => ({
  name: 'ExternalIPRanger',
  operations: ['CREATE', 'UPDATE'],
  validate({ resource, subresource, object, old, name, user }) {
    if (resource.group !== '' || resource.plural !== 'services' || subresource !== '') return
    const service = object as unknown as Service
    if (!service.spec.externalIPs?.length) return
    if (!registry.find(Network.group, Network.version, Network.plural)) return
    const network = storedObject(store, registry, Network, undefined, 'cluster')
    const problems = externalIpProblems(service, old as Service | undefined, network?.spec?.externalIP)
    const mayGiveAny = (): boolean => authorizer.authorize({ user, verb: 'create', path: '', resource: ANY }).allowed
    if (problems.length === 0 || mayGiveAny()) return
    throw forbidden(resource, name, aggregateText(problems))
  },
})

const ANY = {
  group: 'network.openshift.io',
  version: '*',
  plural: 'service',
  subresource: 'externalips',
  namespace: '',
  name: '',
} as const

/** What is wrong with a Service's external addresses. Those that are given automatically are always its own. */
export function externalIpProblems(
  { spec }: Service,
  old: Service | undefined,
  config: ExternalIPConfig | undefined,
): readonly string[] {
  const given = spec.externalIPs ?? []
  const isAutomatic = (config?.autoAssignCIDRs ?? []).length > 0 && spec.type === 'LoadBalancer'
  const own = isAutomatic ? old?.status?.loadBalancer?.ingress?.[0]?.ip : undefined
  const [admitted, rejected] = [networksOf(config?.policy?.allowedCIDRs), networksOf(config?.policy?.rejectedCIDRs)]
  if (admitted.length === 0 && rejected.length === 0)
    return given.length === 1 && given[0] === own ? [] : ['spec.externalIPs: Forbidden: externalIPs have been disabled']
  return given.flatMap((text, index) => {
    const address = parseIp(text)
    const isIn = (networks: readonly Cidr[]): boolean =>
      address !== undefined && networks.some(network => contains(network, address))
    const refuse = (why: string): readonly string[] => [`spec.externalIPs[${index}]: Forbidden: ${why}`]
    if (address === undefined) return refuse('externalIPs must be a valid address')
    const isFine = text === own || (!isIn(rejected) && (admitted.length === 0 || isIn(admitted)))
    return isFine ? [] : refuse('externalIP is not allowed')
  })
}

const networksOf = (texts: readonly string[] = []): readonly Cidr[] => texts.flatMap(text => parseCidr(text) ?? [])
