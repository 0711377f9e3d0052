import { createHash } from 'node:crypto'
import type { Deployment } from '../../api/apps/deployment.ts'
import type { NodeSelectorRequirement } from '../../api/core/pod/affinity.ts'
import type { Service } from '../../api/core/service.ts'
import type { IngressClass } from '../../api/networking/ingress-class.ts'
import type { IngressController } from '../../api/operator/ingress-controller.ts'
import type { PodDisruptionBudget } from '../../api/policy/pod-disruption-budget.ts'
import type { Draft } from '../../client/mod.ts'
import { routerArgs } from '../../model/routes/options.ts'
import { LOG_FOLDER, LOG_PIPE } from './router-settings.ts'
import {
  defaultNodes,
  HASH_LABEL,
  type IngressSettings,
  OPERAND_NAMESPACE,
  OWNER_LABEL,
  publishingOf,
  replicasOf,
  routerOptionsOf,
  selectorOf,
} from './settings.ts'

/** The objects that one IngressController is made of, as OKD's operator makes them. */
export interface Operands {
  readonly deployment: Draft<Deployment>
  /** The internal one, and the one that publishes, if any. */
  readonly services: readonly Draft<Service>[]
  readonly ingressClass: Draft<IngressClass>
  /** For several routers. */
  readonly budget?: Draft<PodDisruptionBudget>
}

export const operandsOf = (settings: IngressSettings): Operands => ({
  deployment: deploymentOf(settings),
  services: [internalService(settings.controller), ...publishingServices(settings)],
  ingressClass: ingressClassOf(settings.controller),
  ...(replicasOf(settings) > 1 ? { budget: budgetOf(settings) } : {}),
})

/** How many routers may be away: for updates and for evictions alike. */
const maxUnavailable = (replicas: number): string => (replicas < 4 ? '50%' : '25%')

const budgetOf = (settings: IngressSettings): Draft<PodDisruptionBudget> => ({
  metadata: {
    namespace: OPERAND_NAMESPACE,
    name: routerName(settings.controller),
    labels: ownerLabel(settings.controller),
  },
  spec: {
    maxUnavailable: maxUnavailable(replicasOf(settings)),
    selector: { matchLabels: selectorOf(settings.controller) },
  },
})

export const routerName = ({ metadata }: IngressController): string => `router-${metadata.name}`
const ownerLabel = ({ metadata }: IngressController): Readonly<Record<string, string>> => ({
  [OWNER_LABEL]: metadata.name,
})

function deploymentOf(settings: IngressSettings): Draft<Deployment> {
  const { controller } = settings
  const replicas = replicasOf(settings)
  const isOnHost = publishingOf(settings).type === 'HostNetwork'
  const pod = podSpec(settings, isOnHost)
  return {
    metadata: { namespace: OPERAND_NAMESPACE, name: routerName(controller), labels: ownerLabel(controller) },
    spec: {
      replicas,
      selector: { matchLabels: selectorOf(controller) },
      strategy: {
        type: 'RollingUpdate',
        // On the host network a new pod cannot stand beside the old one: the ports are taken.
        rollingUpdate: { maxUnavailable: maxUnavailable(replicas), maxSurge: isOnHost ? 0 : '25%' },
      },
      template: {
        // The hash tells of fields that are wanted no more.
        metadata: {
          labels: { ...selectorOf(controller), ...ownerLabel(controller), [HASH_LABEL]: hashOf(pod) },
        } as Partial<PodTemplate['metadata']> as NonNullable<PodTemplate['metadata']>,
        spec: pod,
      },
    },
  }
}

const hashOf = (pod: PodSpec): string => createHash('sha256').update(JSON.stringify(pod)).digest('hex').slice(0, 10)

type PodTemplate = Deployment['spec']['template']
type PodSpec = NonNullable<PodTemplate['spec']>

function podSpec(settings: IngressSettings, isOnHost: boolean): PodSpec {
  const { controller, options } = settings
  const { tolerations } = controller.spec.nodePlacement ?? {}
  const hasLogs = controller.spec.logging?.access?.destination.type === 'Container'
  const router = routerOptionsOf(settings)
  const port = (
    name: string,
    number: number,
  ): { name: string; containerPort: number; hostPort?: number; protocol: 'TCP' } => ({
    name,
    containerPort: number,
    ...(isOnHost ? { hostPort: number } : {}),
    protocol: 'TCP',
  })
  const probe = (path: string) => ({ httpGet: { path, port: router.statsPort, scheme: 'HTTP' as const } })
  return {
    serviceAccountName: 'router',
    // It has a certificate of its own.
    automountServiceAccountToken: false,
    priorityClassName: 'system-cluster-critical',
    terminationGracePeriodSeconds: 3600,
    ...placementOf(settings),
    ...(tolerations?.length ? { tolerations } : {}),
    ...(isOnHost ? { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' } : {}),
    containers: [
      {
        name: 'router',
        image: options.image,
        args: routerArgs(router),
        ports: [port('http', router.httpPort), port('https', router.httpsPort), port('metrics', router.statsPort)],
        readinessProbe: { ...probe('/healthz/ready'), periodSeconds: 5, failureThreshold: 3 },
        livenessProbe: { ...probe('/healthz'), periodSeconds: 10, failureThreshold: 3 },
        ...(hasLogs ? { volumeMounts: [LOG_MOUNT] } : {}),
      },
      ...(hasLogs ? [LOGS] : []),
    ],
    ...(hasLogs ? { volumes: [{ name: LOG_MOUNT.name, emptyDir: {} }] } : {}),
  }
}

const LOG_MOUNT = { name: 'rsyslog-socket', mountPath: LOG_FOLDER }

/** Prints the access log. A pipe that is open for writing too has no end. */
const LOGS = {
  name: 'logs',
  image: 'busybox',
  // The first process of a container is not ended by a signal that it does not expect.
  command: ['sh', '-c', `trap exit TERM; mkfifo ${LOG_PIPE} 2>/dev/null; cat <>${LOG_PIPE} & wait`],
  volumeMounts: [LOG_MOUNT],
}

/** Labels as they are; what else a selector says as an affinity, which OKD refuses. */
function placementOf(settings: IngressSettings): Pick<PodSpec, 'nodeSelector' | 'affinity'> {
  const { nodeSelector } = settings.controller.spec.nodePlacement ?? {}
  if (!nodeSelector) return { nodeSelector: defaultNodes(settings) }
  const { matchLabels = {}, matchExpressions = [] } = nodeSelector
  const placement = { nodeSelector: matchLabels }
  if (matchExpressions.length === 0) return placement
  const expressions = matchExpressions.map(
    ({ key, operator, values = [] }): NodeSelectorRequirement => ({
      key,
      operator: operator as NodeSelectorRequirement['operator'],
      values,
    }),
  )
  const nodeSelectorTerms = [{ matchExpressions: expressions }]
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } }
  return { ...placement, affinity: { nodeAffinity } }
}

const PORTS = [
  { name: 'http', protocol: 'TCP', port: 80, targetPort: 'http' },
  { name: 'https', protocol: 'TCP', port: 443, targetPort: 'https' },
] as const
const METRICS = { name: 'metrics', protocol: 'TCP', port: 1936, targetPort: 'metrics' } as const

const internalService = (controller: IngressController): Draft<Service> => ({
  metadata: {
    namespace: OPERAND_NAMESPACE,
    name: `router-internal-${controller.metadata.name}`,
    labels: ownerLabel(controller),
  },
  spec: { type: 'ClusterIP', selector: selectorOf(controller), ports: [...PORTS, METRICS] },
})

function publishingServices(settings: IngressSettings): readonly Draft<Service>[] {
  const { controller } = settings
  const { type, loadBalancer } = publishingOf(settings)
  if (type !== 'LoadBalancerService' && type !== 'NodePortService') return []
  const name = type === 'NodePortService' ? `router-nodeport-${controller.metadata.name}` : routerName(controller)
  return [
    {
      metadata: { namespace: OPERAND_NAMESPACE, name, labels: ownerLabel(controller) },
      spec: {
        type: type === 'NodePortService' ? 'NodePort' : 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        selector: selectorOf(controller),
        ports: type === 'NodePortService' ? [...PORTS, METRICS] : [...PORTS],
        ...(type === 'LoadBalancerService'
          ? { loadBalancerSourceRanges: loadBalancer?.allowedSourceRanges ?? [] }
          : {}),
      },
    },
  ]
}

const ingressClassOf = ({ metadata }: IngressController): Draft<IngressClass> => ({
  metadata: { name: `openshift-${metadata.name}` },
  spec: {
    controller: 'openshift.io/ingress-to-route',
    parameters: {
      apiGroup: 'operator.openshift.io',
      kind: 'IngressController',
      name: metadata.name,
      scope: 'Cluster',
    },
  },
})
