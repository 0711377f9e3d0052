/** The rules of workloads. Source: k8s.io/kubernetes/pkg/apis/apps/validation. */
import { forbidden, invalid, notSupported, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { templateErrors } from '../core/pod/rules/spec.ts'
import type { PodTemplateSpec } from '../core/pod/template.ts'
import type { ReplicationController } from '../core/workload/replication-controller.ts'
import { matchesSelector } from '../meta/matches.ts'
import { immutable, notNegative, selectorErrors } from '../meta/rules.ts'
import type { LabelSelector } from '../meta/selector.ts'
import type { DaemonSet } from './daemon-set.ts'
import type { Deployment } from './deployment.ts'
import type { ReplicaSet } from './replica-set.ts'
import type { StatefulSet } from './stateful-set.ts'

interface Workload {
  readonly spec: { readonly selector: LabelSelector; readonly template: PodTemplateSpec }
}

/** The selector is given, selects the template's own pods, and does not change. */
function workloadErrors({ spec }: Workload, old: Workload | undefined, kind = 'deployment'): readonly FieldError[] {
  const { selector, template } = spec
  const empty = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0) === 0
  const labels = template.metadata?.labels ?? {}
  return [
    ...selectorErrors(selector, 'spec.selector'),
    ...(empty ? [invalid('spec.selector', selector, `empty selector is invalid for ${kind}`)] : []),
    ...(empty || matchesSelector(selector, labels)
      ? []
      : [invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')]),
    ...templateErrors(template, 'spec.template'),
    ...restartErrors(template),
    ...lifetimeErrors(template),
    ...(old ? immutable('spec.selector', selector, old.spec.selector) : []),
  ]
}

function restartErrors({ spec }: PodTemplateSpec): readonly FieldError[] {
  const policy = spec?.restartPolicy
  if (policy === undefined || policy === 'Always') return []
  return [notSupported('spec.template.spec.restartPolicy', policy, ['Always'])]
}

/** What pods that are replaced for ever cannot have. */
const lifetimeErrors = ({ spec }: PodTemplateSpec): readonly FieldError[] => [
  ...(spec?.activeDeadlineSeconds === undefined
    ? []
    : [forbidden('spec.template.spec.activeDeadlineSeconds', 'activeDeadlineSeconds in ReplicaSet is not Supported')]),
  ...(spec?.ephemeralContainers?.length
    ? [forbidden('spec.template.spec.ephemeralContainers', 'ephemeral containers not allowed in pod template')]
    : []),
]

export function deploymentErrors(object: Deployment, old?: Deployment): readonly FieldError[] {
  const { replicas, minReadySeconds, revisionHistoryLimit, progressDeadlineSeconds: deadline, strategy } = object.spec
  return [
    ...workloadErrors(object, old),
    ...notNegative('spec.replicas', replicas),
    ...notNegative('spec.minReadySeconds', minReadySeconds),
    ...notNegative('spec.revisionHistoryLimit', revisionHistoryLimit),
    ...notNegative('spec.progressDeadlineSeconds', deadline),
    ...(deadline !== undefined && deadline <= (minReadySeconds ?? 0)
      ? [invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds')]
      : []),
    ...strategyErrors(strategy),
  ]
}

function strategyErrors(strategy: Deployment['spec']['strategy']): readonly FieldError[] {
  const { type, rollingUpdate } = strategy ?? {}
  if (type === 'Recreate' && rollingUpdate)
    return [
      {
        type: 'Forbidden',
        field: 'spec.strategy.rollingUpdate',
        detail: "may not be specified when strategy `type` is 'Recreate'",
      },
    ]
  if (type !== 'RollingUpdate' || !rollingUpdate) return []
  const { maxUnavailable, maxSurge } = rollingUpdate
  const path = 'spec.strategy.rollingUpdate'
  return [...paceErrors(maxUnavailable, maxSurge, path), ...limitErrors(maxUnavailable, `${path}.maxUnavailable`)]
}

type Pace = number | string | undefined

/** A number of pods or a percentage; not both nothing, or nothing would ever be replaced. */
function paceErrors(maxUnavailable: Pace, maxSurge: Pace, path: string): readonly FieldError[] {
  const errors = [
    ...amountErrors(maxUnavailable, `${path}.maxUnavailable`),
    ...amountErrors(maxSurge, `${path}.maxSurge`),
  ]
  if (errors.length === 0 && isNothing(maxUnavailable) && isNothing(maxSurge))
    return [invalid(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0')]
  return errors
}

const isNothing = (pace: Pace): boolean => pace === 0 || pace === '0%' || pace === undefined

export function amountErrors(amount: Pace, field: string): readonly FieldError[] {
  if (amount === undefined) return []
  if (typeof amount === 'number') return notNegative(field, amount)
  return /^\d+%$/.test(amount)
    ? []
    : [
        invalid(
          field,
          amount,
          "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        ),
      ]
}

const limitErrors = (amount: Pace, field: string): readonly FieldError[] =>
  typeof amount === 'string' && Number.parseInt(amount, 10) > 100
    ? [invalid(field, amount, 'must not be greater than 100%')]
    : []

export const replicaSetErrors = (object: ReplicaSet, old?: ReplicaSet): readonly FieldError[] => [
  ...workloadErrors(object, old),
  ...notNegative('spec.replicas', object.spec.replicas),
  ...notNegative('spec.minReadySeconds', object.spec.minReadySeconds),
]

/** Source: k8s.io/kubernetes/pkg/apis/core/validation. */
export function replicationControllerErrors(object: ReplicationController): readonly FieldError[] {
  const { selector = {}, template, replicas, minReadySeconds } = object.spec
  const labels = template?.metadata?.labels ?? {}
  return [
    ...notNegative('spec.minReadySeconds', minReadySeconds),
    ...(Object.keys(selector).length === 0 ? [required('spec.selector')] : []),
    ...notNegative('spec.replicas', replicas),
    ...(template ? [] : [required('spec.template')]),
    ...(!template || matchesSelector({ matchLabels: selector }, labels)
      ? []
      : [invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')]),
    ...(template ? [...templateErrors(template, 'spec.template'), ...restartErrors(template)] : []),
  ]
}

export function daemonSetErrors(object: DaemonSet, old?: DaemonSet): readonly FieldError[] {
  const { updateStrategy, minReadySeconds, revisionHistoryLimit } = object.spec
  const { maxUnavailable, maxSurge } = updateStrategy?.rollingUpdate ?? {}
  const path = 'spec.updateStrategy.rollingUpdate'
  return [
    ...workloadErrors(object, old, 'daemonset'),
    ...notNegative('spec.minReadySeconds', minReadySeconds),
    ...notNegative('spec.revisionHistoryLimit', revisionHistoryLimit),
    ...(updateStrategy?.rollingUpdate ? paceErrors(maxUnavailable, maxSurge, path) : []),
  ]
}

const MAY_CHANGE =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"

export function statefulSetErrors(object: StatefulSet, old?: StatefulSet): readonly FieldError[] {
  const { spec } = object
  const fixed = (one: StatefulSet['spec']): unknown => [one.serviceName, one.podManagementPolicy, one.selector]
  const changed = old && immutable('spec', fixed(spec), fixed(old.spec)).length > 0
  return [
    ...workloadErrors(withClaims(object), undefined, 'statefulset'),
    ...notNegative('spec.replicas', spec.replicas),
    ...notNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...notNegative('spec.ordinals.start', spec.ordinals?.start),
    ...(changed ? [{ type: 'Forbidden', field: 'spec', detail: MAY_CHANGE } as const] : []),
  ]
}

/** Its pods have a volume of each claim's name. */
function withClaims(object: StatefulSet): StatefulSet {
  const { template, volumeClaimTemplates = [] } = object.spec
  const claims = volumeClaimTemplates.map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: name },
  }))
  if (claims.length === 0 || !template.spec) return object
  const others = (template.spec.volumes ?? []).filter(({ name }) => claims.every(claim => claim.name !== name))
  const spec = { ...template.spec, volumes: [...others, ...claims] }
  return { ...object, spec: { ...object.spec, template: { ...template, spec } } }
}

export const revisionErrors = ({ revision, data }: { readonly revision: number; readonly data?: unknown }) => [
  ...notNegative('revision', revision),
  ...(data === undefined || data === null ? [required('data', 'data is mandatory')] : []),
]
