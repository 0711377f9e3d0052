/** The loops that make a cluster of stored objects: Deployments become pods, pods get nodes, Services get endpoints. */
import { ControllerRevision } from '../api/apps/controller-revision.ts'
import { DaemonSet } from '../api/apps/daemon-set.ts'
import { Deployment } from '../api/apps/deployment.ts'
import { ReplicaSet } from '../api/apps/replica-set.ts'
import { StatefulSet } from '../api/apps/stateful-set.ts'
import { CronJob } from '../api/batch/cron-job.ts'
import { Job } from '../api/batch/job.ts'
import { Endpoints } from '../api/core/endpoints.ts'
import { Namespace } from '../api/core/namespace.ts'
import { Node } from '../api/core/node.ts'
import { PersistentVolumeClaim } from '../api/core/persistent-volume-claim.ts'
import { Pod } from '../api/core/pod.ts'
import { Service } from '../api/core/service.ts'
import { ReplicationController } from '../api/core/workload/replication-controller.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import type { ApiObject, Kind } from '../api/meta/meta.ts'
import { PodDisruptionBudget } from '../api/policy/pod-disruption-budget.ts'
import { KINDS } from '../api/registry.ts'
import { createEventRecorder } from '../client/events.ts'
import type { LiveInformers } from '../client/informers.ts'
import type { Client, Role } from '../client/mod.ts'
import type { ProgressCollector } from '../client/progress.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { type AccountTokensOptions, startAccountTokens } from './account-tokens/controller.ts'
import { type CertificatesOptions, startCertificates } from './certificates/controller.ts'
import { startComponentRoutes } from './component-routes/controller.ts'
import { startCronJob } from './cronjob/controller.ts'
import { startDaemonSet } from './daemonset/controller.ts'
import { startDeployment } from './deployment/controller.ts'
import { startDisruption } from './disruption/controller.ts'
import { type DnsOperatorOptions, startDnsOperator } from './dns-operator/controller.ts'
import { type DnsRecordOptions, startDnsRecord } from './dns-record/controller.ts'
import { startEgressIP } from './egress-ip/controller.ts'
import { startEgressRouter } from './egress-router/controller.ts'
import { startEgressService } from './egress-service/controller.ts'
import { startEndpoints } from './endpoints/controller.ts'
import { type SliceSizes, startEndpointSlice } from './endpointslice/controller.ts'
import { startEndpointSliceMirroring } from './endpointslice-mirroring/controller.ts'
import { startGarbage } from './garbage/controller.ts'
import { type IngressCanaryOptions, startIngressCanary } from './ingress-canary/controller.ts'
import { startIngressClaims } from './ingress-claims/controller.ts'
import { type IngressOperatorOptions, startIngressOperator } from './ingress-operator/controller.ts'
import { startIngressToRoute } from './ingress-to-route/controller.ts'
import { startJob } from './job/controller.ts'
import { startKubernetesService } from './kubernetes-service/controller.ts'
import type { KubernetesServiceOptions } from './kubernetes-service/decide.ts'
import { type AddressPool, startLoadBalancer } from './load-balancer/controller.ts'
import { startNamespace } from './namespace/controller.ts'
import { startNodeIpam } from './node-ipam/controller.ts'
import type { ClusterNetwork } from './node-ipam/decide.ts'
import { startNodeLifecycle } from './node-lifecycle/controller.ts'
import { startNodeTtl } from './node-ttl/controller.ts'
import { startPodGarbage } from './pod-garbage/controller.ts'
import { startPolicyGroup } from './policy-group/controller.ts'
import { startQuota } from './quota/controller.ts'
import { startReplicaSet } from './replicaset/controller.ts'
import { startReplicationController } from './replication-controller/controller.ts'
import { startScheduler } from './scheduler/controller.ts'
import { type NamespaceContentOptions, startNamespaceContent } from './service-account/controller.ts'
import { type ServiceCaOptions, startServiceCa } from './service-ca/controller.ts'
import { type ServiceCidrOptions, startServiceCidr } from './service-cidr/controller.ts'
import type { ControllerDeps } from './shared/controller.ts'
import { startStatefulSet } from './statefulset/controller.ts'
import { startTaintEviction } from './taint-eviction/controller.ts'
import { startUnidling } from './unidling/controller.ts'

export interface ControllersDeps {
  readonly informers: LiveInformers
  /** For Events; everything else is written through the informers. */
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly progress: ProgressCollector
}

export interface ControllersOptions {
  /** Every kind the server stores, custom ones left out; a kind it does not have would never sync. */
  readonly kinds?: readonly Kind<ApiObject>[]
  /** Ranges from which nodes get pod addresses. Absent: something else gives them (a cluster not of our own making). */
  readonly clusterNetwork?: readonly ClusterNetwork[]
  /** How pods reach the API. Absent: the API server itself keeps the Service. */
  readonly kubernetesService?: KubernetesServiceOptions
  readonly sliceSizes?: SliceSizes
  readonly namespaceContent?: NamespaceContentOptions
  /** Routers for IngressControllers. Absent: the API has no such kind, or somebody else runs them. */
  readonly ingressOperator?: IngressOperatorOptions
  /** Asks a Route of its own each minute. Absent: somebody else does. */
  readonly ingressCanary?: IngressCanaryOptions
  /** Publishes DNSRecords. Absent: somebody else does. */
  readonly dnsRecord?: DnsRecordOptions
  /** Who signs certificates for Services. Absent: somebody else does. */
  readonly serviceCa?: ServiceCaOptions
  /** Tokens of service accounts for Secrets that ask for one. Absent: somebody else makes them. */
  readonly accountTokens?: AccountTokensOptions
  /** Who signs what CertificateSigningRequests ask for. Absent: somebody else does. */
  readonly certificates?: CertificatesOptions
  /** The cluster's DNS servers, as OKD has them. Absent: the API has no such kind, or somebody else runs them. */
  readonly dnsOperator?: DnsOperatorOptions
  /** Where Services' addresses come from. Absent: the API server itself tells of them. */
  readonly serviceNetworks?: ServiceCidrOptions
  /** Addresses for Services of type LoadBalancer. Absent: something else gives them. */
  readonly loadBalancerPools?: readonly AddressPool[]
  /** A node that was not heard for so long is lost; 40 s where absent. */
  readonly nodeGraceMs?: number
}

/** Kinds that the controllers below keep whole in their caches. */
const WHOLE: readonly Kind<ApiObject>[] = [
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
  CronJob,
  Job,
  Endpoints,
  Namespace,
  Node,
  PersistentVolumeClaim,
  Pod,
  ReplicationController,
  Service,
  EndpointSlice,
  PodDisruptionBudget,
]

/** All controllers over one set of caches. Resolves once all caches are filled and all that exists is queued. */
export async function startControllers(
  deps: ControllersDeps,
  options: ControllersOptions,
  signal: AbortSignal,
): Promise<Role> {
  const kinds = options.kinds ?? KINDS
  const recorderDeps = { client: deps.client, clock: deps.clock, log: deps.log }
  const each: ControllerDeps = {
    ...deps,
    client: deps.informers.client,
    events: component => createEventRecorder(recorderDeps, { component }),
  }
  const running = await Promise.all([
    startNamespace(each, { kinds }, signal),
    startGarbage(each, { kinds, whole: WHOLE }, signal),
    startDeployment(each, signal),
    startReplicaSet(each, signal),
    startReplicationController(each, signal),
    startDaemonSet(each, signal),
    startStatefulSet(each, signal),
    startJob(each, {}, signal),
    startCronJob(each, signal),
    startDisruption(each, signal),
    startNodeTtl(each, signal),
    startTaintEviction(each, signal),
    startPodGarbage(each, {}, signal),
    startQuota(each, { kinds, whole: WHOLE }, signal),
    startScheduler(each, {}, signal),
    startEndpointSlice(each, options.sliceSizes ?? {}, signal),
    startEndpoints(each, signal),
    startEndpointSliceMirroring(each, options.sliceSizes ?? {}, signal),
    startUnidling(each, signal),
    startEgressIP(each, signal),
    startEgressService(each, signal),
    ...(kinds.some(({ kind }) => kind === 'EgressRouter') ? [startEgressRouter(each, signal)] : []),
    startIngressClaims(each, { classless: options.ingressOperator !== undefined }, signal),
    startNodeLifecycle(each, options.nodeGraceMs === undefined ? {} : { graceMs: options.nodeGraceMs }, signal),
    ...(options.clusterNetwork ? [startNodeIpam(each, { clusterNetwork: options.clusterNetwork }, signal)] : []),
    ...(options.kubernetesService ? [startKubernetesService(each, options.kubernetesService, signal)] : []),
    ...(options.serviceCa ? [startServiceCa(each, options.serviceCa, signal)] : []),
    ...(options.accountTokens ? [startAccountTokens(each, options.accountTokens, signal)] : []),
    ...(options.certificates ? [startCertificates(each, options.certificates, signal)] : []),
    ...(options.dnsOperator ? [startDnsOperator(each, options.dnsOperator, signal)] : []),
    ...(options.ingressCanary ? [startIngressCanary(each, options.ingressCanary, signal)] : []),
    ...(options.dnsRecord ? [startDnsRecord(each, options.dnsRecord, signal)] : []),
    ...(options.serviceNetworks ? [startServiceCidr(each, options.serviceNetworks, signal)] : []),
    ...(options.loadBalancerPools ? [startLoadBalancer(each, options.loadBalancerPools, signal)] : []),
    ...(options.ingressOperator
      ? [
          startIngressOperator(each, options.ingressOperator, signal),
          startIngressToRoute(each, signal),
          startComponentRoutes(each, signal),
          startPolicyGroup(each, signal),
        ]
      : []),
    ...(options.namespaceContent ? [startNamespaceContent(each, options.namespaceContent, signal)] : []),
  ])
  const done = Promise.all(running.map(controller => controller.done)).then(() => {})
  return { progress: () => deps.progress.progress(), done }
}
