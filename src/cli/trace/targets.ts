import type { Pod } from '../../api/core/pod.ts'
import type { ServicePort } from '../../api/core/service.ts'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import { Route } from '../../api/route/route.ts'
import type { Client } from '../../client/mod.ts'
import { UserError } from '../../lib/errors.ts'
import type { Family, Ip } from '../../lib/ip.ts'
import { familyOf, parseIp } from '../../lib/ip.ts'

/** One connection that must be made to get there. */
export interface Leg {
  /** Who makes it, where it is not the pod that was named. */
  readonly from?: { readonly name: string; readonly address: Ip }
  readonly to: string
  readonly address: Ip
  /** Absent: what was asked for. */
  readonly port?: number
  /** What is sent to, where it is a Service that leads to the address. */
  readonly by?: { readonly address: Ip; readonly port: number }
  readonly names?: readonly string[]
}

/** The address that is sent to. */
interface Front {
  readonly address: Ip
  readonly family: Family
}

export interface TargetQuery {
  readonly client: Client
  readonly pods: readonly Pod[]
  readonly clusterDomain: string
  readonly port: number | undefined
  /** Whom what a node sends itself comes from, by the node's name. */
  readonly management: ReadonlyMap<string, Ip>
  /** Whom connections of pods to addresses of Services but ClusterIPs come from, where it is not the pods. */
  readonly standIn: Leg['from']
  /** Whose address it is: of the pod's own node, or of another, which leads on what comes to its node ports. */
  nodeAt(address: Ip): 'own' | 'other' | undefined
  /** Addresses behind a name, as the pod's own DNS says. */
  resolve(name: string): Promise<readonly Ip[]>
}

/**
 * What a target means: an address, namespace/pod, service/namespace/name, a name of a Service in the cluster's domain,
 * route/namespace/name or the host of a Route, or any other name. Throws UserError where there is none.
 */
export async function legsTo(query: TargetQuery, target: string): Promise<readonly Leg[]> {
  const address = parseIp(target)
  if (address !== undefined) return (await frontLegs(query, address)) ?? [{ to: target, address }]
  const [first = '', second, third] = target.split('/')
  if (/^(service|svc)$/.test(first) && third) return serviceLegs(query, second!, third)
  if (first === 'route' && third) return routeLegs(query, await findRoute(query.client, second!, third))
  if (second !== undefined || !target.includes('.')) return [podLeg(query.pods, target)]
  return nameLegs(query, target.toLowerCase().replace(/\.$/, ''))
}

/** By namespace/name; without a namespace, of `default`. Throws UserError where there is none. */
export function findPod(pods: readonly Pod[], text: string): Pod {
  const [name = '', namespace = 'default'] = text.split('/').toReversed()
  const pod = pods.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace)
  if (!pod)
    throw new UserError('Usage', `there is no pod ${namespace}/${name}`, {
      hint: 'give namespace/pod, service/namespace/name, route/namespace/name, a name or an address',
    })
  return pod
}

/** A pod, by its address of the family, where it has one. */
export function podLeg(pods: readonly Pod[], text: string, family: Family = 4): Leg {
  const { metadata, status } = findPod(pods, text)
  const to = `pod ${metadata.namespace}/${metadata.name}`
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed')
    throw new UserError('Usage', `the ${to} has run to its end (${status.phase}): it has no address any more`)
  const own = (status?.podIPs ?? []).map(({ ip }) => parseIp(ip ?? '')).filter(one => one !== undefined)
  const address = own.find(one => familyOf(one) === family) ?? own[0]
  if (address === undefined) throw new UserError('Usage', `the ${to} has no address yet`)
  return { to, address }
}

async function nameLegs(query: TargetQuery, name: string): Promise<readonly Leg[]> {
  const own = new RegExp(`^([^.]+)\\.([^.]+)\\.svc(\\.${query.clusterDomain.replaceAll('.', '\\.')})?$`).exec(name)
  if (own) return serviceLegs(query, own[2]!, own[1]!)
  const routes = await query.client.list(Route).catch(() => ({ items: [] }))
  const route = routes.items.find(
    ({ spec, status }) => spec.host === name || status?.ingress?.some(({ host }) => host === name),
  )
  if (route) return routeLegs(query, route)
  const addresses = await query.resolve(name)
  if (addresses.length === 0)
    throw new UserError('Usage', `the pod's DNS knows no address of ${name}`, { hint: 'a policy may cut its DNS' })
  return addresses.map(address => ({ to: name, address, names: [name] }))
}

/** An address that a Service has, or a node for it: what pods send there is led to endpoints, on the pod's own node. */
async function frontLegs(query: TargetQuery, address: Ip): Promise<readonly Leg[] | undefined> {
  const { items: services } = await query.client.list(Service)
  const isAmong = (all: readonly string[] = []): boolean => all.some(text => parseIp(text) === address)
  const led = async ({ metadata, spec }: Service, port: number | undefined): Promise<readonly Leg[]> => {
    const at = { address, family: familyOf(address) }
    const legs = await serviceLegs({ ...query, port }, metadata.namespace!, metadata.name, { at })
    const from = isAmong(spec.clusterIPs) ? undefined : query.standIn
    return from ? legs.map(leg => ({ ...leg, from })) : legs
  }
  for (const service of services) {
    const { spec, status } = service
    if (isAmong([...(spec.clusterIPs ?? []), ...(spec.externalIPs ?? []), ...balancersOf(status)]))
      return led(service, query.port)
    const node = query.nodeAt(address)
    const port = node && spec.ports?.find(({ nodePort }) => nodePort && nodePort === query.port)?.port
    if (port !== undefined && node === 'own') return led(service, port)
    if (port !== undefined) throw otherNode(address, service)
  }
  return undefined
}

const otherNode = (address: Ip, { metadata }: Service): UserError =>
  new UserError('Usage', `${address} is another node's: policy sees what comes by its node ports as from that node`, {
    hint: `ask for service/${metadata.namespace}/${metadata.name}, or for the pod's own node`,
  })

const balancersOf = (status: Service['status']): readonly string[] =>
  (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, ipMode = 'VIP' }) => (ip && ipMode === 'VIP' ? [ip] : []))

/** What a connection to the Service may be led to: policy sees no more of it than that. */
async function serviceLegs(
  { client, port }: TargetQuery,
  namespace: string,
  name: string,
  { targetPort, at }: { readonly targetPort?: number | string | undefined; readonly at?: Front } = {},
): Promise<readonly Leg[]> {
  const [service, slices] = await Promise.all([
    client.find(Service, { namespace, name }),
    client.list(EndpointSlice, { namespace, labelSelector: `kubernetes.io/service-name=${name}` }),
  ])
  if (!service) throw new UserError('Usage', `there is no Service ${namespace}/${name}`)
  const isMeant = ({ port: number, name: called, targetPort: target = number }: ServicePort): boolean =>
    targetPort === undefined ? port === undefined || number === port : called === targetPort || target === targetPort
  const wanted = (service.spec.ports ?? []).filter(isMeant)
  if (wanted.length === 0)
    throw new UserError('Usage', `the Service ${namespace}/${name} has no port ${targetPort ?? port}`, {
      hint: `its ports: ${(service.spec.ports ?? []).map(one => one.port).join(', ')}`,
    })
  const clusterIp = at?.address ?? parseIp(service.spec.clusterIP ?? '')
  const legs = wanted.flatMap(one =>
    slices.items.flatMap(slice => {
      const target = slice.ports?.find(each => (each.name ?? '') === (one.name ?? ''))?.port
      if (target === undefined) return []
      const ready = slice.endpoints.filter(({ conditions }) => conditions?.ready !== false)
      return ready.flatMap(({ addresses: [text = ''], targetRef }): readonly Leg[] => {
        const address = parseIp(text)
        const who = targetRef?.name ? `pod ${targetRef.namespace ?? namespace}/${targetRef.name}` : text
        return address === undefined || (at && familyOf(address) !== at.family)
          ? []
          : [
              {
                to: `${who}, behind Service ${namespace}/${name}:${one.port}`,
                address,
                port: target,
                ...(clusterIp === undefined ? {} : { by: { address: clusterIp, port: one.port } }),
              },
            ]
      })
    }),
  )
  if (legs.length === 0) throw new UserError('Usage', `nothing is ready behind the Service ${namespace}/${name}`)
  // Ports of several protocols with one number are one place.
  return [...new Map(legs.map(leg => [`${leg.to} ${leg.port}`, leg])).values()]
}

async function findRoute(client: Client, namespace: string, name: string): Promise<Route> {
  const route = await client.find(Route, { namespace, name })
  if (!route) throw new UserError('Usage', `there is no Route ${namespace}/${name}`)
  return route
}

/** From the pod to a router, and from the router to each endpoint: two connections. */
async function routeLegs(query: TargetQuery, { metadata, spec }: Route): Promise<readonly Leg[]> {
  const routers = query.pods.filter(
    ({ metadata: { labels, namespace } }) =>
      namespace === 'openshift-ingress' &&
      labels?.['ingresscontroller.operator.openshift.io/deployment-ingresscontroller'],
  )
  const namespace = metadata.namespace ?? ''
  const services = [spec.to, ...(spec.alternateBackends ?? [])].map(({ name }) => name)
  const reached = services.map(name =>
    serviceLegs({ ...query, port: undefined }, namespace, name, { targetPort: spec.port?.targetPort }),
  )
  const behind = (await Promise.all(reached)).flat()
  return routers.flatMap(router => {
    const { to, address } = podLeg(query.pods, `${router.metadata.namespace}/${router.metadata.name}`)
    const where = `Route ${namespace}/${metadata.name}`
    const sends = router.spec.hostNetwork ? query.management.get(router.spec.nodeName ?? '') : undefined
    const from = { name: `router ${router.metadata.name}`, address: sends ?? address }
    return [
      { to: `${to}, the router of ${where}`, address, port: spec.tls ? 443 : 80 },
      ...behind.map((leg): Leg => ({ ...leg, from })),
    ]
  })
}
