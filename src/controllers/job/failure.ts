import type { Job } from '../../api/batch/job.ts'
import type { PodFailurePolicyRule } from '../../api/batch/job-policy.ts'
import type { Pod } from '../../api/core/pod.ts'

export type FailureAction =
  | { readonly is: 'count' | 'ignore' | 'fail-index' }
  | { readonly is: 'fail-job'; readonly message: string }

/** matchPodFailurePolicy: what the first rule that fits says of a failed pod. */
export function failureAction({ spec }: Job, pod: Pod): FailureAction {
  for (const [index, rule] of (spec.podFailurePolicy?.rules ?? []).entries()) {
    const why = rule.onExitCodes ? byExitCode(rule.onExitCodes, pod) : byCondition(rule, pod)
    if (why === undefined) continue
    if (rule.action === 'FailJob') return { is: 'fail-job', message: `${why} matching FailJob rule at index ${index}` }
    if (rule.action === 'Ignore') return { is: 'ignore' }
    return { is: rule.action === 'FailIndex' ? 'fail-index' : 'count' }
  }
  return { is: 'count' }
}

const podText = ({ metadata }: Pod): string => `pod ${metadata.namespace}/${metadata.name}`

function byExitCode(demand: NonNullable<PodFailurePolicyRule['onExitCodes']>, pod: Pod): string | undefined {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  for (const { name, state } of statuses) {
    const code = state?.terminated?.exitCode
    if (code === undefined || code === 0 || (demand.containerName && demand.containerName !== name)) continue
    if (demand.values.includes(code) === (demand.operator === 'In'))
      return `Container ${name} for ${podText(pod)} failed with exit code ${code}`
  }
  return undefined
}

function byCondition({ onPodConditions = [] }: PodFailurePolicyRule, pod: Pod): string | undefined {
  for (const { type, status } of onPodConditions)
    if (pod.status?.conditions?.some(condition => condition.type === type && condition.status === status))
      return `${podText(pod).replace('pod', 'Pod')} has condition ${type}`
  return undefined
}
