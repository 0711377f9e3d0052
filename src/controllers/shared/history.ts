import { ControllerRevision } from '../../api/apps/controller-revision.ts'
import type { PodTemplateSpec } from '../../api/core/pod/template.ts'
import { matchesSelector } from '../../api/meta/matches.ts'
import type { ApiObject, Kind, ObjectMeta } from '../../api/meta/meta.ts'
import type { LabelSelector } from '../../api/meta/selector.ts'
import { type Client, type Informer, type Informers, isAlreadyExists, isNotFound } from '../../client/mod.ts'
import { byController, controllerOf, controllerReference } from '../../client/owner.ts'
import { canonical, hashName, sameValue } from './values.ts'

/** What keeps its past templates as ControllerRevisions. */
export interface Historical extends ApiObject {
  readonly metadata: ObjectMeta
  readonly spec: {
    readonly selector: LabelSelector
    readonly template: PodTemplateSpec
    readonly revisionHistoryLimit?: number
  }
  readonly status?: { readonly collisionCount?: number }
}

export interface History {
  /** All of them, the oldest first. */
  readonly revisions: readonly ControllerRevision[]
  /** That of the present template. */
  readonly update: ControllerRevision
  readonly collisionCount: number
}

/** A revision's data as upstream writes it: a strategic patch that `kubectl rollout undo` sends as it is. */
export const revisionData = (template: PodTemplateSpec): unknown => ({
  spec: { template: { ...template, $patch: 'replace' } },
})

export function templateOfRevision({ data }: ControllerRevision): PodTemplateSpec {
  const { $patch: _, ...template } = (data as { spec: { template: PodTemplateSpec & { $patch?: string } } }).spec
    .template
  return template
}

/** Stored objects never change, so what was worked out for one holds as long as it lives. */
const texts = new WeakMap<object, string>()
function textOf(value: object): string {
  const known = texts.get(value)
  if (known !== undefined) return known
  const text = canonical(value)
  texts.set(value, text)
  return text
}
const isOf = (revision: ControllerRevision, template: PodTemplateSpec): boolean => {
  const data = (revision.data ?? {}) as { spec?: { template?: object } }
  const { $patch: _, ...held } = (data.spec?.template ?? {}) as { $patch?: string }
  const known = texts.get(revision)
  const text = known ?? canonical(held)
  if (known === undefined) texts.set(revision, text)
  return text === textOf(template)
}

export const sortRevisions = (revisions: readonly ControllerRevision[]): readonly ControllerRevision[] =>
  [...revisions].sort(
    (a, b) =>
      a.revision - b.revision ||
      ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1) ||
      (a.metadata.name < b.metadata.name ? -1 : 1),
  )

export const revisionsOf = (informers: Informers): Informer<ControllerRevision> =>
  informers.of(ControllerRevision, { indexes: { controller: byController, orphans } })

const orphans = (revision: ControllerRevision): readonly string[] =>
  controllerOf(revision) ? [] : [revision.metadata.namespace ?? '']

/** GetStatefulSetRevisions, constructHistory: the revision of the present template is there, and the newest. */
export async function keepHistory<T extends Historical>(
  client: Client,
  informer: Informer<ControllerRevision>,
  kind: Kind<T>,
  owner: T,
  hashLabel: string,
): Promise<History> {
  await adopt(client, informer, kind, owner)
  const revisions = sortRevisions(informer.by('controller', owner.metadata.uid))
  const collisionCount = owner.status?.collisionCount ?? 0
  const next = (revisions.at(-1)?.revision ?? 0) + 1
  const equal = revisions.findLast(revision => isOf(revision, owner.spec.template))
  if (!equal) {
    const made = await create(client, kind, owner, next, collisionCount, hashLabel)
    return { revisions: [...revisions, made.revision], update: made.revision, collisionCount: made.collisionCount }
  }
  if (equal === revisions.at(-1)) return { revisions, update: equal, collisionCount }
  const { namespace, name } = equal.metadata
  const body = { revision: next }
  const update = await client.patch(ControllerRevision, { namespace: namespace!, name }, { type: 'merge', body })
  return { revisions: [...revisions.filter(one => one !== equal), update], update, collisionCount }
}

/** Revisions that lost their owner come back to the next of the same selector. */
async function adopt<T extends Historical>(
  client: Client,
  informer: Informer<ControllerRevision>,
  kind: Kind<T>,
  owner: T,
): Promise<void> {
  if (owner.metadata.deletionTimestamp) return
  for (const { metadata } of informer.by('orphans', owner.metadata.namespace ?? '')) {
    if (!matchesSelector(owner.spec.selector, metadata.labels)) continue
    const body = { metadata: { uid: metadata.uid, ownerReferences: [controllerReference(kind, owner)] } }
    const key = { namespace: metadata.namespace!, name: metadata.name }
    await client.patch(ControllerRevision, key, { type: 'merge', body })
  }
}

/** A name that is taken by another template makes the next name another. */
async function create<T extends Historical>(
  client: Client,
  kind: Kind<T>,
  owner: T,
  revision: number,
  collisions: number,
  hashLabel: string,
): Promise<{ readonly revision: ControllerRevision; readonly collisionCount: number }> {
  const data = revisionData(owner.spec.template)
  for (let collisionCount = collisions; ; collisionCount++) {
    const hash = hashName(data, collisionCount === 0 ? '' : String(collisionCount))
    const { namespace = '', name: ownerName, annotations } = owner.metadata
    const name = `${ownerName}-${hash}`
    const metadata = {
      namespace,
      name,
      labels: { ...owner.spec.template.metadata?.labels, [hashLabel]: hash },
      ...(annotations ? { annotations } : {}),
      ownerReferences: [controllerReference(kind, owner)],
    }
    try {
      return { revision: await client.create(ControllerRevision, { metadata, data, revision }), collisionCount }
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
      const held = await client.find(ControllerRevision, { namespace, name })
      const isOurs = held && controllerOf(held)?.uid === owner.metadata.uid && sameValue(held.data, data)
      if (isOurs) return { revision: held, collisionCount }
    }
  }
}

/** truncateHistory: what no pod and no status names goes, the oldest first, beyond the limit. */
export async function truncateHistory<T extends Historical>(
  client: Client,
  owner: T,
  { revisions }: History,
  isLive: (revision: ControllerRevision) => boolean,
): Promise<void> {
  const idle = revisions.filter(revision => !isLive(revision))
  const surplus = idle.length - (owner.spec.revisionHistoryLimit ?? 10)
  for (const { metadata } of surplus > 0 ? idle.slice(0, surplus) : []) {
    const key = { namespace: metadata.namespace!, name: metadata.name }
    await client.delete(ControllerRevision, key, { preconditions: { uid: metadata.uid } }).catch(error => {
      if (!isNotFound(error)) throw error
    })
  }
}
