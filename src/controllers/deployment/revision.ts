import type { Deployment } from '../../api/apps/deployment.ts'
import { Deployment as DeploymentKind } from '../../api/apps/deployment.ts'
import type { ReplicaSet } from '../../api/apps/replica-set.ts'
import type { PodTemplateSpec } from '../../api/core/pod/template.ts'
import type { Draft } from '../../client/mod.ts'
import { controllerReference } from '../../client/owner.ts'
import { canonical, hashName, scaled } from '../shared/values.ts'

export const REVISION = 'deployment.kubernetes.io/revision'
export const DESIRED = 'deployment.kubernetes.io/desired-replicas'
export const MAXIMUM = 'deployment.kubernetes.io/max-replicas'
export const HISTORY = 'deployment.kubernetes.io/revision-history'
export const HASH_LABEL = 'pod-template-hash'

/** Annotations of a Deployment that its ReplicaSets do not get. */
const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  HISTORY,
  DESIRED,
  MAXIMUM,
  'deprecated.deployment.rollback.to',
])

/** Stored objects never change, so what was worked out for one holds as long as it lives. */
const texts = new WeakMap<PodTemplateSpec, string>()

/** util.EqualIgnoreHash: the template as text, but for the hash label that we added. */
function templateText(template: PodTemplateSpec | undefined): string {
  const known = template && texts.get(template)
  if (known !== undefined) return known
  const { [HASH_LABEL]: _, ...labels } = template?.metadata?.labels ?? {}
  const text = canonical({ ...template, metadata: { ...template?.metadata, labels } })
  if (template) texts.set(template, text)
  return text
}

export const replicasOf = (set: ReplicaSet): number => set.spec.replicas ?? 1
export const wantedOf = (deployment: Deployment): number => deployment.spec.replicas ?? 1
export const revisionOf = (set: ReplicaSet): number => Number(set.metadata.annotations?.[REVISION] ?? 0) || 0

const byAge = (a: ReplicaSet, b: ReplicaSet): number =>
  a.metadata.creationTimestamp === b.metadata.creationTimestamp
    ? a.metadata.name < b.metadata.name
      ? -1
      : 1
    : (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '')
      ? -1
      : 1

export interface Sets {
  /** The one of the present template. */
  readonly current: ReplicaSet | undefined
  /** The others, oldest first. */
  readonly old: readonly ReplicaSet[]
}

/** util.FindNewReplicaSet: of several with the present template, the oldest. */
export function sortSets(deployment: Deployment, sets: readonly ReplicaSet[]): Sets {
  const wanted = templateText(deployment.spec.template)
  const ordered = [...sets].sort(byAge)
  const current = ordered.find(set => templateText(set.spec.template) === wanted)
  return { current, old: ordered.filter(set => set !== current) }
}

export interface Limits {
  readonly surge: number
  readonly unavailable: number
}

/** util.ResolveFenceposts: surge rounds up, unavailable down; both zero would never move. */
export function limitsOf(deployment: Deployment): Limits {
  const { strategy } = deployment.spec
  if (strategy?.type === 'Recreate') return { surge: 0, unavailable: 0 }
  const wanted = wantedOf(deployment)
  const surge = scaled(strategy?.rollingUpdate?.maxSurge ?? '25%', wanted, 'up')
  const unavailable = scaled(strategy?.rollingUpdate?.maxUnavailable ?? '25%', wanted, 'down')
  return surge === 0 && unavailable === 0
    ? { surge: 0, unavailable: 1 }
    : { surge, unavailable: Math.min(unavailable, wanted) }
}

/** The annotations a ReplicaSet of this Deployment should have, beside what others wrote on it. */
export function annotationsFor(deployment: Deployment, revision: number): Record<string, string> {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => !NOT_COPIED.has(name))
  const wanted = wantedOf(deployment)
  return {
    ...Object.fromEntries(copied),
    [DESIRED]: String(wanted),
    [MAXIMUM]: String(wanted + limitsOf(deployment).surge),
    [REVISION]: String(revision),
  }
}

/** The ReplicaSet of the present template, with the hash of the template in name, labels and selector. */
export function newSet(deployment: Deployment, replicas: number, revision: number): Draft<ReplicaSet> {
  const { template, selector } = deployment.spec
  const hash = hashName(template, String(deployment.status?.collisionCount ?? ''))
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash }
  return {
    metadata: {
      namespace: deployment.metadata.namespace!,
      name: `${deployment.metadata.name}-${hash}`,
      labels,
      annotations: annotationsFor(deployment, revision),
      ownerReferences: [controllerReference(DeploymentKind, deployment)],
    },
    spec: {
      replicas,
      ...(deployment.spec.minReadySeconds ? { minReadySeconds: deployment.spec.minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } as NonNullable<PodTemplateSpec['metadata']> },
    },
  }
}
