/** What a PodDisruptionBudget says of one eviction. Source: k8s.io/kubernetes/pkg/registry/core/pod/storage/eviction.go. */
import { matchesSelector } from '../../api/meta/matches.ts'
import type { PodDisruptionBudget } from '../../api/policy/pod-disruption-budget.ts'
import { rfc3339 } from '../../lib/clock.ts'
import type { Context } from '../context.ts'
import { forbidden } from '../errors.ts'
import { internalContext } from '../internal.ts'
import type { Obj } from '../object.ts'
import { textAt } from '../object.ts'
import type { Resource } from '../resource/resource.ts'
import { collectionPrefix } from '../resource/resource.ts'
import { StatusError } from '../status-error.ts'
import { decodeStored } from '../stored.ts'
import { INTERNAL_WRITE } from '../write/options.ts'
import { updateObject } from '../write/update.ts'

/** More would mean that nobody looks at evicted pods. */
const MAX_DISRUPTED = 2000

/** Counts the pod into its budget. Throws StatusError 429 where the budget allows no more, 500 where there are several. */
export async function spendBudget(context: Context, pod: Obj, dryRun: boolean): Promise<void> {
  if (isFree(pod)) return
  const resource = context.kernel.registry.find('policy', 'v1', 'poddisruptionbudgets')
  if (!resource) return
  const [budget, another] = budgetsOf(context, resource, pod)
  if (!budget) return
  if (another)
    throw new StatusError(
      500,
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  if (!isReady(pod) && ignoresUnhealthy(budget)) return
  const { namespace } = context.info
  const key = { ...(namespace === undefined ? {} : { namespace }), name: budget.metadata.name }
  const inner = internalContext(context.kernel, resource, key, 'update')
  const nowMs = context.kernel.clock.now()
  await updateObject(
    { ...inner, info: { ...inner.info, subresource: 'status' } },
    current => ({
      object: spent(context, current as unknown as PodDisruptionBudget, pod, nowMs) as Obj,
      tracked: true,
    }),
    { ...INTERNAL_WRITE, dryRun },
  )
}

/** canIgnorePDB: pods that serve nobody. */
function isFree(pod: Obj): boolean {
  return (
    pod.metadata.deletionTimestamp !== undefined ||
    ['Succeeded', 'Failed', 'Pending'].includes(textAt(pod, 'status', 'phase'))
  )
}

function isReady({ status }: Obj): boolean {
  const { conditions = [] } = (status ?? {}) as { readonly conditions?: readonly { type: string; status: string }[] }
  return conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True')
}

/** A pod that is not ready may go where that costs nothing that the budget guards. */
function ignoresUnhealthy({ spec, status }: PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

function budgetsOf({ kernel, info }: Context, resource: Resource, pod: Obj): readonly PodDisruptionBudget[] {
  return kernel.store
    .range(collectionPrefix(resource, info.namespace))
    .items.map(stored => decodeStored(resource, stored) as unknown as PodDisruptionBudget)
    .filter(({ spec }) => matchesSelector(spec?.selector, pod.metadata.labels))
}

const CANNOT = "Cannot evict pod as it would violate the pod's disruption budget."

const refused = (message: string, retryAfterSeconds?: number): StatusError =>
  new StatusError(429, 'TooManyRequests', CANNOT, {
    causes: [{ reason: 'DisruptionBudget', message }],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  })

/** checkAndDecrement. */
function spent({ resource }: Context, budget: PodDisruptionBudget, pod: Obj, nowMs: number): unknown {
  const { metadata, status } = budget
  const { name } = metadata
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0))
    throw refused(`The disruption budget ${name} is still being processed by the server.`, 10)
  const allowed = status?.disruptionsAllowed ?? 0
  const disruptedPods = status?.disruptedPods ?? {}
  if (allowed < 0) throw forbidden(resource, name, 'pdb disruptions allowed is negative')
  if (Object.keys(disruptedPods).length > MAX_DISRUPTED)
    throw forbidden(resource, name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller')
  if (allowed === 0)
    throw refused(
      `The disruption budget ${name} needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`,
    )
  const disrupted = { ...disruptedPods, [pod.metadata.name!]: rfc3339(nowMs) }
  return { ...budget, status: { ...status, disruptionsAllowed: allowed - 1, disruptedPods: disrupted } }
}
