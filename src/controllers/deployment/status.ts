import type { Deployment, DeploymentCondition, DeploymentStatus } from '../../api/apps/deployment.ts'
import type { ReplicaSet } from '../../api/apps/replica-set.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { withCondition, withoutCondition, withStanding } from '../shared/conditions.ts'
import { limitsOf, replicasOf, type Sets, wantedOf } from './revision.ts'

export interface StatusInput {
  readonly deployment: Deployment
  readonly sets: Sets
  /** A ReplicaSet was created or adopted for the present template in this very round. */
  readonly created: string | undefined
  /** Creating the ReplicaSet failed with this. */
  readonly failure: string | undefined
  readonly nowMs: number
}

export interface StatusOutput {
  readonly status: DeploymentStatus
  /** When the deadline of progress passes. */
  readonly recheckMs: number | undefined
}

/** calculateStatus and syncRolloutStatus. */
export function statusOf(input: StatusInput): StatusOutput {
  const { deployment, sets } = input
  const all = sets.current ? [...sets.old, sets.current] : sets.old
  const sum = (of: (set: ReplicaSet) => number | undefined): number =>
    all.reduce((total, set) => total + (of(set) ?? 0), 0)
  const available = sum(set => set.status?.availableReplicas)
  const counts = {
    replicas: sum(set => set.status?.replicas),
    updatedReplicas: sets.current?.status?.replicas ?? 0,
    readyReplicas: sum(set => set.status?.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(replicasOf) - available),
  }
  const { conditions, recheckMs } = conditionsOf(input, counts)
  const present = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
  const status: DeploymentStatus = {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...present,
    ...(conditions.length > 0 ? { conditions } : {}),
    ...(deployment.status?.collisionCount ? { collisionCount: deployment.status.collisionCount } : {}),
  }
  return { status, recheckMs }
}

type Counts = Readonly<Record<'replicas' | 'updatedReplicas' | 'readyReplicas' | 'availableReplicas', number>>

/** util.DeploymentComplete: every pod is of the present template and available, and no old one is left. */
const isComplete = (deployment: Deployment, counts: Counts): boolean => {
  const wanted = wantedOf(deployment)
  return counts.updatedReplicas === wanted && counts.replicas === wanted && counts.availableReplicas === wanted
}

function conditionsOf(
  input: StatusInput,
  counts: Counts,
): { conditions: readonly DeploymentCondition[]; recheckMs: number | undefined } {
  const { deployment, nowMs } = input
  const at = rfc3339(nowMs)
  const make = (type: string, status: string, reason: string, message: string): DeploymentCondition => ({
    type,
    status,
    reason,
    message,
    lastUpdateTime: at,
    lastTransitionTime: at,
  })
  const isAvailable = counts.availableReplicas >= wantedOf(deployment) - limitsOf(deployment).unavailable
  let conditions = withCondition(
    deployment.status?.conditions,
    isAvailable
      ? make('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
      : make('Available', 'False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.'),
  )
  const failed = replicaFailure(input.sets)
  conditions = failed
    ? withStanding(conditions, { ...make('ReplicaFailure', failed.status, '', ''), ...failed })
    : withoutCondition(conditions, 'ReplicaFailure')
  const progress = progressOf(input, counts, make)
  if (progress.condition) conditions = withProgress(conditions, progress.condition, progress.isNews)
  return { conditions, recheckMs: progress.recheckMs }
}

/** getReplicaFailures: what the present set says of its pods, else what an old one says. */
const replicaFailure = ({ current, old }: Sets) =>
  [...(current ? [current] : []), ...old]
    .map(({ status }) => status?.conditions?.find(({ type }) => type === 'ReplicaFailure'))
    .find(condition => condition !== undefined)

/** lastUpdateTime of Progressing is when progress was last made: the deadline counts from it. */
function withProgress(
  conditions: readonly DeploymentCondition[],
  next: DeploymentCondition,
  isNews: boolean,
): readonly DeploymentCondition[] {
  const old = conditions.find(condition => condition.type === 'Progressing')
  if (old && isNews && old.reason === next.reason && old.message === next.message)
    return conditions.map(condition =>
      condition === old ? { ...old, lastUpdateTime: next.lastUpdateTime! } : condition,
    )
  return withCondition(conditions, next)
}

/** As upstream's clients ask for no deadline. */
const NO_DEADLINE = 2 ** 31 - 1

interface ProgressOutput {
  readonly condition?: DeploymentCondition
  readonly isNews: boolean
  readonly recheckMs: number | undefined
}

function progressOf(
  input: StatusInput,
  counts: Counts,
  make: (type: string, status: string, reason: string, message: string) => DeploymentCondition,
): ProgressOutput {
  const { deployment, sets, created, failure, nowMs } = input
  const old = deployment.status?.conditions?.find(condition => condition.type === 'Progressing')
  const name = created ?? sets.current?.metadata.name
  const about = name === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${name}"`
  const say = (
    status: string,
    reason: string,
    message: string,
    isNews = false,
    recheckMs?: number,
  ): ProgressOutput => ({
    condition: make('Progressing', status, reason, message),
    isNews,
    recheckMs,
  })
  if (deployment.spec.paused) return say('Unknown', 'DeploymentPaused', 'Deployment is paused')
  const deadlineSeconds = deployment.spec.progressDeadlineSeconds ?? 600
  if (deadlineSeconds === NO_DEADLINE) return { isNews: false, recheckMs: undefined }
  if (failure !== undefined) return say('False', 'ReplicaSetCreateError', failure)
  if (isComplete(deployment, counts))
    return say('True', 'NewReplicaSetAvailable', `${about} has successfully progressed.`)
  if (created)
    return say('True', 'NewReplicaSetCreated', `Created new replica set "${created}"`, true, deadlineSeconds * 1000)
  if (isProgress(deployment, counts) || !old || old.reason === 'DeploymentPaused')
    return say('True', 'ReplicaSetUpdated', `${about} is progressing.`, true, deadlineSeconds * 1000)
  const leftMs = Date.parse(old.lastUpdateTime ?? '') + deadlineSeconds * 1000 - nowMs
  // What was complete and lost pods is not a rollout: its deadline does not run.
  if (old.reason === 'NewReplicaSetAvailable') return { isNews: false, recheckMs: undefined }
  if (leftMs <= 0) return say('False', 'ProgressDeadlineExceeded', `${about} has timed out progressing.`)
  return { isNews: false, recheckMs: leftMs }
}

/** util.DeploymentProgressing: more new pods, fewer old ones, or more ready or available ones than the status says. */
function isProgress({ status }: Deployment, counts: Counts): boolean {
  const before = (status?.replicas ?? 0) - (status?.updatedReplicas ?? 0)
  return (
    counts.updatedReplicas > (status?.updatedReplicas ?? 0) ||
    counts.replicas - counts.updatedReplicas < before ||
    counts.readyReplicas > (status?.readyReplicas ?? 0) ||
    counts.availableReplicas > (status?.availableReplicas ?? 0)
  )
}
