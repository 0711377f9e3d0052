import type { Deployment } from '../../api/apps/deployment.ts'
import type { Service } from '../../api/core/service.ts'
import type { DNSRecord } from '../../api/ingress-operator/dns-record.ts'
import type { IngressController, IngressControllerStatus } from '../../api/operator/ingress-controller.ts'
import type { EndpointPublishingStrategy } from '../../api/operator/ingress-publishing.ts'
import type { OperatorCondition } from '../../api/operator/operator.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { withCondition, withoutCondition } from '../shared/conditions.ts'
import { dnsConditions } from './dns.ts'
import { settingsProblem } from './router-settings.ts'
import { domainOf, type IngressSettings, publishingOf, replicasOf, selectorOf, tlsOf } from './settings.ts'
import { profileSpecOf } from './tls-profiles.ts'

/** What there is of the operands. */
export interface Observed {
  readonly deployment: Deployment | undefined
  /** The Service that publishes, where the strategy has one. */
  readonly publishing: Service | undefined
  /** The wildcard's, where the strategy has one. */
  readonly record: DNSRecord | undefined
  /** What the spec names and is not there: one sentence each. */
  readonly missing: readonly string[]
  /** The version of HAProxy that routers have, as in 3.2, where it is known. */
  readonly haproxy?: string | undefined
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

const LONGEST_NAME = 253

/** Why an IngressController cannot be: it has no domain, or another has the same. */
export function admissionProblem(settings: IngressSettings, others: readonly IngressController[]): string | undefined {
  const domain = domainOf(settings)
  if (domain === '') return 'spec.domain is empty and config.openshift.io ingress "cluster" has no domain'
  const { name } = settings.controller.metadata
  if (`router-${name}.${domain}`.length > LONGEST_NAME)
    return "The combined 'router-' + metadata.name + '.' + .spec.domain cannot exceed 253 characters"
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

/** idle: the fields that are set and not carried out. */
export function statusOf(settings: IngressSettings, observed: Observed, idle: readonly string[]): StatusOutcome {
  const { controller } = settings
  const { deployment, nowMs } = observed
  const parts = [
    yes('Admitted', 'Valid', 'The ingress controller is valid.'),
    ...deploymentConditions(settings, deployment),
    ...publishingConditions(settings, observed),
    ...dnsConditions(settings, observed.record),
    no('EvaluationConditionsDetected', 'NoEvaluationCondition', 'No evaluation condition is detected.'),
  ]
  const old = controller.status?.conditions
  const known = merged(idle.length > 0 ? old : withoutCondition(old, IN_EFFECT), parts, nowMs)
  const { degraded, recheckMs } = degradation(known, nowMs)
  const conditions = merged(known, [...summary(parts), degraded, ...effects(idle)], nowMs)
  const { namespaceSelector, routeSelector } = controller.spec
  return {
    status: {
      availableReplicas: deployment?.status?.availableReplicas ?? 0,
      selector: Object.entries(selectorOf(controller))
        .map(pair => pair.join('='))
        .join(','),
      domain: domainOf(settings),
      endpointPublishingStrategy: withRanges(publishingOf(settings), observed.publishing),
      tlsProfile: tlsStatus(settings),
      // Others the API does not name.
      ...(observed.haproxy === '2.8' || observed.haproxy === '3.2'
        ? { effectiveHAProxyVersion: observed.haproxy }
        : {}),
      conditions,
      ...(controller.metadata.generation === undefined ? {} : { observedGeneration: controller.metadata.generation }),
      ...(namespaceSelector ? { namespaceSelector } : {}),
      ...(routeSelector ? { routeSelector } : {}),
    },
    ...(recheckMs === undefined ? {} : { recheckMs }),
  }
}

const IN_EFFECT = 'FieldsInEffect'

/** Ours, and there only where a field is set and not carried out. */
const effects = (idle: readonly string[]): readonly Verdict[] =>
  idle.length > 0 ? [no(IN_EFFECT, 'WithoutEffect', idle.join('\n'))] : []

/** The ranges in force are those of the Service. */
function withRanges(strategy: EndpointPublishingStrategy, service: Service | undefined): EndpointPublishingStrategy {
  if (!strategy.loadBalancer) return strategy
  const { allowedSourceRanges: _, ...loadBalancer } = strategy.loadBalancer
  const ranges = service?.spec.loadBalancerSourceRanges ?? []
  return {
    ...strategy,
    loadBalancer: ranges.length > 0 ? { ...loadBalancer, allowedSourceRanges: ranges } : loadBalancer,
  }
}

function tlsStatus(settings: IngressSettings): NonNullable<IngressControllerStatus['tlsProfile']> {
  const profile = profileSpecOf(tlsOf(settings))
  return {
    ...profile,
    minTLSVersion: profile.minTLSVersion === 'VersionTLS10' ? 'VersionTLS11' : profile.minTLSVersion,
  }
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
  const { availableReplicas = 0, conditions = [] } = deployment?.status ?? {}
  const least = Math.max(Math.min(wanted, 1), wanted - Math.floor(wanted * (wanted < 4 ? 0.5 : 0.25)))
  // A Deployment of one replica that may be unavailable is Available without any: a router is not.
  const isAvailable =
    conditions.some(({ type, status }) => type === 'Available' && status === 'True') &&
    availableReplicas >= Math.min(wanted, 1)
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
    rollingOut(deployment, wanted),
  ]
}

/** What goes on, and whether it is a change of ours or of the nodes. */
function rollingOut(deployment: Deployment | undefined, wanted: number): Verdict {
  const { availableReplicas = 0, updatedReplicas = 0, replicas = 0, conditions = [] } = deployment?.status ?? {}
  const isCurrent = deployment?.metadata.generation === deployment?.status?.observedGeneration
  const what =
    updatedReplicas < wanted || !isCurrent
      ? `${updatedReplicas} out of ${wanted} new replica(s) have been updated...\n`
      : replicas > updatedReplicas
        ? `${replicas - updatedReplicas} old replica(s) are pending termination...\n`
        : availableReplicas < updatedReplicas
          ? `${availableReplicas} of ${updatedReplicas} updated replica(s) are available...\n`
          : undefined
  if (what === undefined)
    return no('DeploymentRollingOut', 'DeploymentNotRollingOut', 'Deployment is not actively rolling out')
  const isDone = conditions.some(
    ({ type, status, reason }) => type === 'Progressing' && status === 'True' && reason === 'NewReplicaSetAvailable',
  )
  const isOurs = !isDone || !isCurrent || updatedReplicas !== wanted
  const reason = isOurs ? 'DeploymentRollingOut' : replicas === wanted ? 'PodsStarting' : 'ReplicasStabilizing'
  return yes('DeploymentRollingOut', reason, `Waiting for router deployment rollout to finish: ${what}`)
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
  return [
    yes(
      'LoadBalancerManaged',
      'WantedByEndpointPublishingStrategy',
      'The endpoint publishing strategy supports a managed load balancer',
    ),
    publishing === undefined
      ? no('LoadBalancerReady', 'ServiceNotFound', 'The LoadBalancer service resource is missing')
      : (publishing.status?.loadBalancer?.ingress ?? []).length > 0
        ? yes('LoadBalancerReady', 'LoadBalancerProvisioned', 'The LoadBalancer service is provisioned')
        : no('LoadBalancerReady', 'LoadBalancerPending', 'The LoadBalancer service is pending'),
    no('LoadBalancerProgressing', 'LoadBalancerNotProgressing', 'LoadBalancer is not progressing'),
  ]
}

/** DNS counts only behind a load balancer that is there, and where it is managed. */
const DNS_COUNTS = ['LoadBalancerManaged', 'LoadBalancerReady', 'DNSManaged'] as const
const PREREQUISITES: Readonly<Record<string, readonly string[]>> = {
  LoadBalancerReady: ['LoadBalancerManaged'],
  DNSReady: DNS_COUNTS,
}

/** Those of the types that are not True although they should be. */
function lacking<C extends Verdict>(conditions: readonly C[], types: readonly string[]): readonly C[] {
  const isTrue = (type: string): boolean => conditions.some(one => one.type === type && one.status === 'True')
  return conditions.filter(
    ({ type, status }) => types.includes(type) && status !== 'True' && (PREREQUISITES[type] ?? []).every(isTrue),
  )
}

const listed = (conditions: readonly Verdict[]): string =>
  conditions.map(({ type, status, reason, message }) => `${type}=${status} (${reason}: ${message})`).join(', ')

function summary(parts: readonly Verdict[]): readonly Verdict[] {
  const unavailable = lacking(parts, ['DeploymentAvailable', 'LoadBalancerReady', 'DNSReady'])
  const moving = parts.filter(
    ({ type, status }) => (type === 'DeploymentRollingOut' || type === 'LoadBalancerProgressing') && status === 'True',
  )
  return [
    unavailable.length > 0
      ? no(
          'Available',
          'IngressControllerUnavailable',
          `One or more status conditions indicate unavailable: ${listed(unavailable)}`,
        )
      : { type: 'Available', status: 'True' },
    moving.length > 0
      ? yes(
          'Progressing',
          'IngressControllerProgressing',
          `One or more status conditions indicate progressing: ${listed(moving)}`,
        )
      : { type: 'Progressing', status: 'False' },
    yes('Upgradeable', 'Upgradeable', 'IngressController is upgradeable.'),
  ]
}

/** How long a condition may be false before it counts. Source: OKD's ingress operator. */
const GRACE_MS: Readonly<Record<string, number>> = {
  DeploymentAvailable: 30_000,
  DeploymentReplicasMinAvailable: 60_000,
  DeploymentReplicasAllAvailable: 3_600_000,
  LoadBalancerReady: 90_000,
  DNSReady: 30_000,
  CanaryChecksSucceeding: 60_000,
}

/** The canary's own condition counts as the others do. */
function degradation(
  conditions: readonly OperatorCondition[],
  nowMs: number,
): { degraded: Verdict; recheckMs?: number } {
  const failing = lacking(conditions, Object.keys(GRACE_MS)).map(condition => ({
    condition,
    leftMs: GRACE_MS[condition.type]! - (nowMs - Date.parse(condition.lastTransitionTime)),
  }))
  const over = failing.filter(({ leftMs }) => leftMs <= 0).map(({ condition }) => condition)
  if (over.length > 0) {
    const message = `One or more other status conditions indicate a degraded state: ${listed(over)}`
    return { degraded: yes('Degraded', 'DegradedConditions', message) }
  }
  const degraded: Verdict = { type: 'Degraded', status: 'False' }
  return failing.length === 0 ? { degraded } : { degraded, recheckMs: Math.min(...failing.map(({ leftMs }) => leftMs)) }
}
