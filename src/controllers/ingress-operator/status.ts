import type { Deployment } from '../../api/apps/deployment.ts'
import type { Service } from '../../api/core/service.ts'
import type { IngressController, IngressControllerStatus } from '../../api/operator/ingress-controller.ts'
import type { OperatorCondition } from '../../api/operator/operator.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { withCondition } from '../shared/conditions.ts'
import { settingsProblem } from './router-settings.ts'
import { domainOf, type IngressSettings, publishingOf, replicasOf, selectorOf } from './settings.ts'
import { profileSpecOf } from './tls-profiles.ts'

/** What there is of the operands. */
export interface Observed {
  readonly deployment: Deployment | undefined
  /** The Service that publishes, where the strategy has one. */
  readonly publishing: Service | undefined
  readonly nowMs: number
}

export interface StatusOutcome {
  readonly status: IngressControllerStatus
  /** When only time will change it. */
  readonly recheckMs?: number
}

type Verdict = Omit<OperatorCondition, 'lastTransitionTime'>

const yes = (type: string, reason: string, message: string): Verdict => ({ type, status: 'True', reason, message })
const no = (type: string, reason: string, message: string): Verdict => ({ type, status: 'False', reason, message })

/** Why an IngressController cannot be: it has no domain, or another has the same. */
export function admissionProblem(settings: IngressSettings, others: readonly IngressController[]): string | undefined {
  const domain = domainOf(settings)
  if (domain === '') return 'spec.domain is empty and config.openshift.io ingress "cluster" has no domain'
  const problem = settingsProblem(settings.controller)
  if (problem !== undefined) return problem
  const { metadata } = settings.controller
  const taken = others.find(
    other =>
      other.metadata.uid !== metadata.uid &&
      other.status?.domain === domain &&
      other.status.conditions?.some(({ type, status }) => type === 'Admitted' && status === 'True'),
  )
  return taken && `the domain ${domain} belongs to the ingress controller ${taken.metadata.name}`
}

export function rejectedStatus(
  { controller }: IngressSettings,
  problem: string,
  nowMs: number,
): IngressControllerStatus {
  const conditions = [no('Admitted', 'Invalid', problem), no('Available', 'NotAdmitted', problem)]
  return { ...controller.status, conditions: merged(controller.status?.conditions, conditions, nowMs) }
}

export function statusOf(settings: IngressSettings, observed: Observed): StatusOutcome {
  const { controller } = settings
  const { deployment, nowMs } = observed
  const parts = [
    yes('Admitted', 'Valid', 'The ingress controller is valid.'),
    ...deploymentConditions(settings, deployment),
    ...publishingConditions(settings, observed),
    no('DNSManaged', 'NoDNSZones', 'No DNS zones are defined in the cluster dns config.'),
  ]
  const known = merged(controller.status?.conditions, parts, nowMs)
  const { degraded, recheckMs } = degradation(known, nowMs)
  const conditions = merged(known, [...summary(parts), degraded], nowMs)
  const { namespaceSelector, routeSelector } = controller.spec
  return {
    status: {
      availableReplicas: deployment?.status?.availableReplicas ?? 0,
      selector: Object.entries(selectorOf(controller))
        .map(pair => pair.join('='))
        .join(','),
      domain: domainOf(settings),
      endpointPublishingStrategy: publishingOf(settings),
      tlsProfile: tlsStatus(controller),
      conditions,
      ...(controller.metadata.generation === undefined ? {} : { observedGeneration: controller.metadata.generation }),
      ...(namespaceSelector ? { namespaceSelector } : {}),
      ...(routeSelector ? { routeSelector } : {}),
    },
    ...(recheckMs === undefined ? {} : { recheckMs }),
  }
}

function tlsStatus({ spec }: IngressController): NonNullable<IngressControllerStatus['tlsProfile']> {
  const { ciphers, minTLSVersion } = profileSpecOf(spec.tlsSecurityProfile)
  return { ciphers: [...ciphers], minTLSVersion: minTLSVersion === 'VersionTLS10' ? 'VersionTLS11' : minTLSVersion }
}

const merged = (
  old: readonly OperatorCondition[] | undefined,
  verdicts: readonly Verdict[],
  nowMs: number,
): readonly OperatorCondition[] =>
  verdicts.reduce<readonly OperatorCondition[]>(
    (conditions, verdict) =>
      withCondition(conditions, { ...verdict, lastTransitionTime: rfc3339(nowMs) } as OperatorCondition),
    old ?? [],
  )

function deploymentConditions(settings: IngressSettings, deployment: Deployment | undefined): readonly Verdict[] {
  const wanted = replicasOf(settings)
  const { availableReplicas = 0, updatedReplicas = 0, replicas = 0, conditions = [] } = deployment?.status ?? {}
  const least = Math.max(Math.min(wanted, 1), wanted - Math.floor(wanted * (wanted < 4 ? 0.5 : 0.25)))
  const isCurrent = deployment?.metadata.generation === deployment?.status?.observedGeneration
  // A Deployment of one replica that may be unavailable is Available without any: a router is not.
  const isAvailable =
    conditions.some(({ type, status }) => type === 'Available' && status === 'True') &&
    availableReplicas >= Math.min(wanted, 1)
  const isRolling =
    !isCurrent || updatedReplicas < wanted || replicas > updatedReplicas || availableReplicas < updatedReplicas
  const available = `${availableReplicas}/${wanted} of replicas are available`
  return [
    isAvailable
      ? yes('DeploymentAvailable', 'DeploymentAvailable', 'The deployment has Available status condition set to True')
      : no(
          'DeploymentAvailable',
          'DeploymentUnavailable',
          'The deployment has Available status condition set to False',
        ),
    availableReplicas >= least
      ? yes('DeploymentReplicasMinAvailable', 'DeploymentMinimumReplicasMet', 'Minimum replicas requirement is met')
      : no('DeploymentReplicasMinAvailable', 'DeploymentMinimumReplicasNotMet', `${available}, ${least} are required`),
    availableReplicas >= wanted
      ? yes('DeploymentReplicasAllAvailable', 'DeploymentReplicasAvailable', 'All replicas are available')
      : no('DeploymentReplicasAllAvailable', 'DeploymentReplicasNotAvailable', available),
    isRolling
      ? yes(
          'DeploymentRollingOut',
          'DeploymentRollingOut',
          `${updatedReplicas} of ${wanted} replicas are up to date, ${available}`,
        )
      : no('DeploymentRollingOut', 'DeploymentNotRollingOut', 'Deployment is not actively rolling out'),
  ]
}

function publishingConditions(settings: IngressSettings, { publishing }: Observed): readonly Verdict[] {
  if (publishingOf(settings).type !== 'LoadBalancerService')
    return [
      no(
        'LoadBalancerManaged',
        'EndpointPublishingStrategyExcludesManagedLoadBalancer',
        'The configured endpoint publishing strategy does not include a managed load balancer',
      ),
    ]
  const isReady = (publishing?.status?.loadBalancer?.ingress ?? []).length > 0
  return [
    yes(
      'LoadBalancerManaged',
      'WantedByEndpointPublishingStrategy',
      'The endpoint publishing strategy supports a managed load balancer',
    ),
    isReady
      ? yes('LoadBalancerReady', 'LoadBalancerProvisioned', 'The LoadBalancer service is provisioned')
      : no('LoadBalancerReady', 'LoadBalancerPending', 'The LoadBalancer service is pending'),
    no('LoadBalancerProgressing', 'LoadBalancerNotProgressing', 'LoadBalancer is not progressing'),
  ]
}

function summary(parts: readonly Verdict[]): readonly Verdict[] {
  const is = (type: string, status: 'True' | 'False'): Verdict | undefined =>
    parts.find(condition => condition.type === type && condition.status === status)
  const lacking = is('DeploymentAvailable', 'False') ?? is('LoadBalancerReady', 'False')
  const moving = is('DeploymentRollingOut', 'True')
  return [
    lacking
      ? no(
          'Available',
          'IngressControllerUnavailable',
          `One or more status conditions indicate unavailable: ${lacking.message}`,
        )
      : yes('Available', 'IngressControllerAvailable', 'The ingress controller is available.'),
    moving
      ? yes(
          'Progressing',
          'IngressControllerProgressing',
          `One or more status conditions indicate progressing: ${moving.message}`,
        )
      : no('Progressing', 'IngressControllerNotProgressing', 'The ingress controller is not progressing.'),
    yes('Upgradeable', 'Upgradeable', 'IngressController is upgradeable.'),
  ]
}

/** How long a condition may be false before it counts. Source: OKD's ingress operator. */
const GRACE_MS: Readonly<Record<string, number>> = {
  DeploymentAvailable: 30_000,
  DeploymentReplicasMinAvailable: 60_000,
  DeploymentReplicasAllAvailable: 3_600_000,
  LoadBalancerReady: 90_000,
}

function degradation(
  conditions: readonly OperatorCondition[],
  nowMs: number,
): { degraded: Verdict; recheckMs?: number } {
  const failing = conditions
    .filter(({ type, status }) => type in GRACE_MS && status === 'False')
    .map(condition => ({
      condition,
      leftMs: GRACE_MS[condition.type]! - (nowMs - Date.parse(condition.lastTransitionTime)),
    }))
  const over = failing.find(({ leftMs }) => leftMs <= 0)
  if (over) {
    const { type, message = '' } = over.condition
    return {
      degraded: yes(
        'Degraded',
        'DegradedConditions',
        `One or more other status conditions indicate a degraded state: ${type}=False (${message})`,
      ),
    }
  }
  const degraded = no('Degraded', 'IngressControllerNotDegraded', 'The ingress controller is not degraded.')
  return failing.length === 0 ? { degraded } : { degraded, recheckMs: Math.min(...failing.map(({ leftMs }) => leftMs)) }
}
