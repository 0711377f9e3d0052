/** Defaults of workloads that follow from other fields. Source: k8s.io/kubernetes/pkg/apis/apps/v1. */
import { completeTemplate } from '../core/pod/complete.ts'
import type { PodTemplateSpec } from '../core/pod/template.ts'
import type { DaemonSet } from './daemon-set.ts'
import type { Deployment } from './deployment.ts'
import type { StatefulSet } from './stateful-set.ts'

interface Templated {
  readonly spec: { readonly template: PodTemplateSpec }
}

/** Any workload whose own fields need nothing. */
export const completeWorkload = <T extends Templated>(object: T): T => ({
  ...object,
  spec: { ...object.spec, template: completeTemplate(object.spec.template) },
})

export function completeDeployment(object: Deployment): Deployment {
  const completed = completeWorkload(object)
  const { strategy } = completed.spec
  if (strategy?.type !== 'RollingUpdate') return completed
  const rollingUpdate = { maxUnavailable: '25%', maxSurge: '25%', ...strategy.rollingUpdate }
  return { ...completed, spec: { ...completed.spec, strategy: { ...strategy, rollingUpdate } } }
}

export function completeDaemonSet(object: DaemonSet): DaemonSet {
  const completed = completeWorkload(object)
  const { updateStrategy } = completed.spec
  if (updateStrategy?.type !== 'RollingUpdate') return completed
  const rollingUpdate = { maxUnavailable: 1, maxSurge: 0, ...updateStrategy.rollingUpdate }
  return { ...completed, spec: { ...completed.spec, updateStrategy: { ...updateStrategy, rollingUpdate } } }
}

export function completeStatefulSet(object: StatefulSet): StatefulSet {
  const completed = completeWorkload(object)
  const { updateStrategy } = completed.spec
  if (updateStrategy?.type !== 'RollingUpdate') return completed
  const rollingUpdate = { partition: 0, ...updateStrategy.rollingUpdate }
  return { ...completed, spec: { ...completed.spec, updateStrategy: { ...updateStrategy, rollingUpdate } } }
}
