import type { APIServer } from '../../api/config/api-server.ts'
import type { DNS } from '../../api/config/dns.ts'
import type { Infrastructure } from '../../api/config/infrastructure.ts'
import type { Ingress as IngressConfig } from '../../api/config/ingress.ts'
import type { TLSSecurityProfile } from '../../api/config/tls-profile.ts'
import type { IngressController } from '../../api/operator/ingress-controller.ts'
import type { EndpointPublishingStrategy, HostNetworkStrategy } from '../../api/operator/ingress-publishing.ts'
import { ROUTER_DEFAULTS, type RouterOptions } from '../../model/routes/options.ts'
import type { ForwardedPolicy } from '../../model/routes/types.ts'
import { parseDuration, routerSettingsOf } from './router-settings.ts'

/** What the operator is told by whoever starts it. */
export interface IngressOperatorOptions {
  /** What the cluster says it is, as ClusterOperators tell it. */
  readonly version?: string
  /** The image of routers. */
  readonly image: string
  /** Second names of domains: see RouterOptions.alias. */
  readonly aliases?: Readonly<Record<string, string>>
  /** Makes the default certificate of a domain, PEM, with those who issued it. Absent: somebody else makes the Secret. */
  readonly certify?: (domain: string) => { readonly certificate: string; readonly key: string }
  readonly accessLog: boolean
  /** Load balancers that tell routers on nodes whose connections they bring, by the PROXY protocol. */
  readonly proxyFrom?: readonly string[]
  /** The version of HAProxy that routers run, as in 2.6.12. */
  readonly haproxyVersion?: Promise<string | undefined>
}

/** Everything that concerns one IngressController. */
export interface IngressSettings {
  readonly controller: IngressController
  readonly config: IngressConfig | undefined
  readonly infrastructure: Infrastructure | undefined
  readonly dns: DNS | undefined
  readonly apiServer: APIServer | undefined
  readonly options: IngressOperatorOptions
}

export const OPERATOR_NAMESPACE = 'openshift-ingress-operator'
export const OPERAND_NAMESPACE = 'openshift-ingress'
const PREFIX = 'ingresscontroller.operator.openshift.io'
export const DEPLOYMENT_LABEL = `${PREFIX}/deployment-ingresscontroller`
export const OWNER_LABEL = `${PREFIX}/owning-ingresscontroller`
export const HASH_LABEL = `${PREFIX}/hash`
export const FINALIZER = `${PREFIX}/finalizer-ingresscontroller`

export const selectorOf = ({ metadata }: IngressController): Readonly<Record<string, string>> => ({
  [DEPLOYMENT_LABEL]: metadata.name,
})

/** Empty when neither says one. Once it is in force it stays, whatever the spec says later: Routes were told of it. */
export const domainOf = ({ controller, config }: Pick<IngressSettings, 'controller' | 'config'>): string =>
  controller.status?.domain || controller.spec.domain || config?.spec.domain || ''

/** An IngressController without a profile of its own has the cluster's. */
export const tlsOf = ({ controller, apiServer }: IngressSettings): TLSSecurityProfile | undefined =>
  controller.spec.tlsSecurityProfile?.type ? controller.spec.tlsSecurityProfile : apiServer?.spec.tlsSecurityProfile

/** The Secret with the certificate for Routes without one. */
export const certificateOf = ({ metadata, spec }: IngressController): string =>
  spec.defaultCertificate?.name || `router-certs-${metadata.name}`

/** Two, unless the nodes that would run them have the topology SingleReplica. */
export function replicasOf({ controller, config, infrastructure }: IngressSettings): number {
  if (controller.spec.replicas !== undefined && controller.spec.replicas !== null) return controller.spec.replicas
  const { controlPlaneTopology, infrastructureTopology } = infrastructure?.status ?? {}
  return (isOnControlPlane(config) ? controlPlaneTopology : infrastructureTopology) === 'SingleReplica' ? 1 : 2
}

const isOnControlPlane = (config: IngressConfig | undefined): boolean =>
  config?.status?.defaultPlacement === 'ControlPlane'

/** Which nodes routers run on, where the IngressController does not say. */
export const defaultNodes = ({ config }: IngressSettings): Readonly<Record<string, string>> => ({
  'kubernetes.io/os': 'linux',
  [`node-role.kubernetes.io/${isOnControlPlane(config) ? 'master' : 'worker'}`]: '',
})

/** With defaults: outside of clouds that have load balancers, routers listen on their nodes. */
export function publishingOf({ controller, infrastructure }: IngressSettings): EndpointPublishingStrategy {
  const { endpointPublishingStrategy: wanted } = controller.spec
  const { platform } = infrastructure?.status ?? {}
  const type = wanted?.type ?? (CLOUDS.includes(platform ?? '') ? 'LoadBalancerService' : 'HostNetwork')
  if (type === 'HostNetwork') return { type, hostNetwork: { ...HOST_PORTS, ...wanted?.hostNetwork } }
  if (type === 'Private') return { type, private: { protocol: 'TCP', ...wanted?.private } }
  if (type === 'NodePortService') return { type, nodePort: { protocol: 'TCP', ...wanted?.nodePort } }
  return {
    type,
    loadBalancer: wanted?.loadBalancer ?? { scope: 'External', dnsManagementPolicy: 'Managed' },
  }
}

const CLOUDS: readonly string[] = ['AWS', 'Azure', 'GCP', 'IBMCloud', 'PowerVS']
const HOST_PORTS = {
  protocol: 'TCP',
  httpPort: 80,
  httpsPort: 443,
  statsPort: 1936,
} as const satisfies HostNetworkStrategy

const FORWARDED: Readonly<Record<string, ForwardedPolicy>> = {
  Append: 'append',
  Replace: 'replace',
  IfNone: 'if-none',
  Never: 'never',
}

/** Of the cluster's Ingress configuration where the IngressController has none. */
const annotationOf = ({ controller, config }: IngressSettings, name: string): string | undefined =>
  controller.metadata.annotations?.[name] ?? config?.metadata.annotations?.[name]

const HTTP2 = 'ingress.operator.openshift.io/default-enable-http2'

const http2Of = (settings: IngressSettings): boolean => annotationOf(settings, HTTP2) === 'true'

const HARD_STOP = 'ingress.operator.openshift.io/hard-stop-after'

/** How long the connections of a replaced process may last. */
function hardStopOf(settings: IngressSettings): number | undefined {
  const text = annotationOf(settings, HARD_STOP)
  return text === undefined ? undefined : parseDuration(text)
}

/** As many as the open files allow: the API takes no larger number. */
const UNLIMITED = 2_000_000

const HTTP2_ALWAYS = 'router.fairlead.dev/http2-always'

/** Whoever is in front says whose connection it is. */
export function isProxied(settings: IngressSettings): boolean {
  const { hostNetwork, nodePort, private: own } = publishingOf(settings)
  return (hostNetwork ?? nodePort ?? own)?.protocol === 'PROXY'
}

/** What every router of the IngressController is started with. */
export function routerOptionsOf(settings: IngressSettings): RouterOptions {
  const { controller, options } = settings
  const { spec, metadata } = controller
  const { httpPort, httpsPort, statsPort } = { ...HOST_PORTS, ...publishingOf(settings).hostNetwork }
  const domain = domainOf(settings)
  const maxConnections = spec.tuningOptions?.maxConnections || ROUTER_DEFAULTS.maxConnections
  const hardStopMs = hardStopOf(settings)
  return {
    ...ROUTER_DEFAULTS,
    controller: metadata.name,
    domain,
    defaultCertificate: `${OPERAND_NAMESPACE}/${certificateOf(controller)}`,
    namespaceOwnership: spec.routeAdmission?.namespaceOwnership || 'Strict',
    wildcards: spec.routeAdmission?.wildcardPolicy === 'WildcardsAllowed',
    httpPort,
    httpsPort,
    statsPort,
    threads: spec.tuningOptions?.threadCount || ROUTER_DEFAULTS.threads,
    maxConnections: maxConnections > 0 ? maxConnections : UNLIMITED,
    // As on OKD a log that is asked for; beside it the twin's own, unless it goes elsewhere.
    accessLog: options.accessLog || spec.logging?.access !== undefined,
    forwarded: FORWARDED[spec.httpHeaders?.forwardedHeaderPolicy || 'Append'] ?? 'append',
    statsSecret: `${OPERAND_NAMESPACE}/router-stats-${metadata.name}`,
    http2: http2Of(settings) || metadata.annotations?.[HTTP2_ALWAYS] === 'true',
    http2Always: metadata.annotations?.[HTTP2_ALWAYS] === 'true',
    settings: {
      ...routerSettingsOf(controller, isProxied(settings), tlsOf(settings)),
      ...(hardStopMs === undefined ? {} : { hardStopMs }),
      ...(options.proxyFrom && publishingOf(settings).type === 'HostNetwork' ? { proxyFrom: options.proxyFrom } : {}),
    },
    ...(options.aliases?.[domain] === undefined ? {} : { alias: options.aliases[domain] }),
  }
}
