import { Deployment } from '../../api/apps/deployment.ts'
import { ReplicaSet } from '../../api/apps/replica-set.ts'
import { StatefulSet } from '../../api/apps/stateful-set.ts'
import { Pod } from '../../api/core/pod.ts'
import { matchesSelector } from '../../api/meta/matches.ts'
import { PodDisruptionBudget } from '../../api/policy/pod-disruption-budget.ts'
import { type Informers, isNotFound } from '../../client/mod.ts'
import { controllerOf } from '../../client/owner.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { sameValue } from '../shared/values.ts'
import { decide, type Scale } from './decide.ts'

/** Says of every PodDisruptionBudget how many pods may be evicted now. */
export function startDisruption(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { client, informers, clock } = deps
  const events = deps.events('controllermanager')
  const budgets = informers.of(PodDisruptionBudget)
  const pods = informers.of(Pod)
  const scaleOf = scales(informers)
  const inNamespace = (namespace: string | undefined) => budgets.list(namespace).map(keyOf)
  const isSelected = (budget: PodDisruptionBudget, pod: Pod): boolean =>
    matchesSelector(budget.spec?.selector, pod.metadata.labels)

  return startKeyed(
    deps,
    {
      name: 'disruption',
      triggers: [
        trigger(budgets, budget => [keyOf(budget)]),
        trigger(pods, pod =>
          budgets
            .list(pod.metadata.namespace)
            .filter(budget => isSelected(budget, pod))
            .map(keyOf),
        ),
        // A new size changes what is expected, whoever's pods they are.
        trigger(informers.of(Deployment), one => inNamespace(one.metadata.namespace), isResized),
        trigger(informers.of(StatefulSet), one => inNamespace(one.metadata.namespace), isResized),
        trigger(informers.of(ReplicaSet), one => inNamespace(one.metadata.namespace), isResized),
      ],
      async handle(key, queue) {
        const budget = budgets.get(splitKey(key))
        if (!budget || budget.metadata.deletionTimestamp) return
        const selected = pods.list(budget.metadata.namespace).filter(pod => isSelected(budget, pod))
        const { status, unmanaged, recheckMs } = decide(budget, selected, scaleOf, clock.now())
        if (unmanaged.length > 0) events.record(budget, 'Warning', 'UnmanagedPods', unmanagedText(budget))
        if (!sameValue(status, budget.status)) await write(budget, status)
        if (recheckMs !== undefined) queue.addAfter(key, recheckMs)
      },
    },
    signal,
  )

  async function write(budget: PodDisruptionBudget, status: NonNullable<PodDisruptionBudget['status']>): Promise<void> {
    // An eviction may have counted itself in meanwhile: the next round sees it.
    await client.updateStatus(PodDisruptionBudget, { ...budget, status }).catch(error => {
      if (!isNotFound(error)) throw error
    })
  }
}

const isResized = (one: { readonly spec: { readonly replicas?: number } }, old: typeof one): boolean =>
  one.spec.replicas !== old.spec.replicas

const unmanagedText = ({ spec }: PodDisruptionBudget): string =>
  `Pods selected by this PodDisruptionBudget (selector: ${JSON.stringify(spec?.selector ?? {})}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`

/** getExpectedScale: the Deployment behind a ReplicaSet, else the ReplicaSet or StatefulSet itself. */
function scales(informers: Informers): (pod: Pod) => Scale | undefined {
  const deployments = informers.of(Deployment)
  const replicaSets = informers.of(ReplicaSet)
  const statefulSets = informers.of(StatefulSet)
  const scaleOf = (object: Deployment | ReplicaSet | StatefulSet | undefined, uid: string): Scale | undefined =>
    object?.metadata.uid === uid ? { uid, replicas: object.spec.replicas ?? 1 } : undefined
  return pod => {
    const owner = controllerOf(pod)
    if (!owner) return undefined
    const key = { namespace: pod.metadata.namespace!, name: owner.name }
    if (owner.kind === 'StatefulSet') return scaleOf(statefulSets.get(key), owner.uid)
    if (owner.kind !== 'ReplicaSet') return undefined
    const set = replicaSets.get(key)
    const above = set && controllerOf(set)
    if (above?.kind !== 'Deployment') return scaleOf(set, owner.uid)
    return scaleOf(deployments.get({ ...key, name: above.name }), above.uid)
  }
}
