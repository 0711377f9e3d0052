import { CustomResourceDefinition } from '../../api/apiextensions/custom-resource-definition.ts'
import type { ApiObject, Kind, OwnerReference } from '../../api/meta/meta.ts'
import { type Client, type Informer, isConflict, isNotFound, type ObjectKey } from '../../client/mod.ts'
import { createQueue } from '../../client/queue.ts'
import type { Controller, ControllerDeps } from '../shared/controller.ts'
import { customKind, isEstablished, metadataOnly, resourceName } from '../shared/kinds.ts'
import { blocks, decide, FOREGROUND, isForeground, isOrphaning, ORPHAN, type OwnerState } from './decide.ts'
import { byOwner, createGraph, type Found, type Graph } from './graph.ts'

export interface GarbageOptions {
  /** Every kind the server stores, custom ones left out. */
  readonly kinds: readonly Kind<ApiObject>[]
  /** Of these the other controllers of the process keep whole objects anyway; of all others metadata is enough. */
  readonly whole: readonly Kind<ApiObject>[]
}

/** Events own nothing, have no owner, and are many. */
const isWatched = ({ group, plural }: Kind<ApiObject>): boolean =>
  !(plural === 'events' && (group === '' || group === 'events.k8s.io'))

/** Deletes what has lost its owners, and lets owners go that wait for what they own. */
export async function startGarbage(
  deps: ControllerDeps,
  options: GarbageOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers } = deps
  const log = deps.log.child({ controller: 'garbage' })
  const queue = createQueue({ ...deps, log }, { name: 'garbage', handle: uid => handle(client, graph, uid) }, signal)
  const graph: Graph = createGraph(uid => queue.add(uid))
  const whole = new Set(options.whole.map(resourceName))
  const informerOf = (kind: Kind<ApiObject>, ended?: AbortSignal): Informer<ApiObject> =>
    informers.of(kind, {
      indexes: { owner: byOwner },
      ...(whole.has(resourceName(kind)) ? {} : { trim: metadataOnly }),
      ...(ended ? { signal: ended } : {}),
    })
  const builtIn = options.kinds.filter(isWatched).map(kind => informerOf(kind))
  const crds = informers.of(CustomResourceDefinition)
  await informers.sync(signal)
  for (const informer of builtIn) graph.add(informer)
  followCustom(deps, crds, graph, informerOf, signal)
  return { done: queue.done }
}

/** Watches custom kinds while their definitions stand. */
function followCustom(
  deps: ControllerDeps,
  crds: Informer<CustomResourceDefinition>,
  graph: Graph,
  informerOf: (kind: Kind<ApiObject>, ended: AbortSignal) => Informer<ApiObject>,
  signal: AbortSignal,
): void {
  const running = new Map<string, AbortController>()
  const stop = (uid: string): void => {
    running.get(uid)?.abort(new Error('the kind is gone'))
    running.delete(uid)
  }
  const follow = (crd: CustomResourceDefinition): void => {
    const { uid } = crd.metadata
    const isServed = isEstablished(crd)
    if (!isServed) stop(uid)
    if (!isServed || running.has(uid)) return
    const ended = new AbortController()
    running.set(uid, ended)
    const informer = informerOf(customKind(crd), ended.signal)
    ended.signal.addEventListener('abort', () => graph.remove(informer))
    deps.informers.sync(AbortSignal.any([signal, ended.signal])).then(
      () => graph.add(informer),
      () => {},
    )
  }
  for (const crd of crds.list()) follow(crd)
  crds.onChange(({ type, object }) => (type === 'deleted' ? stop(object.metadata.uid) : follow(object)))
}

async function handle(client: Client, graph: Graph, uid: string): Promise<void> {
  const found = graph.find(uid)
  if (!found) return
  const { metadata } = found.object
  if (isOrphaning(metadata)) return orphan(client, graph, found)
  if (isForeground(metadata)) return waitForDependents(client, graph, found)
  const states = new Map<string, OwnerState>()
  for (const owner of metadata.ownerReferences ?? []) states.set(owner.uid, await stateOf(client, graph, found, owner))
  const dependents = graph.dependents(uid)
  const action = decide(metadata, owner => states.get(owner.uid) ?? 'solid', dependents.length > 0)
  if (action.is === 'delete') await remove(client, found, action.propagationPolicy)
  else if (action.is === 'disown') await disown(client, found, action.uids)
}

async function stateOf(client: Client, graph: Graph, dependent: Found, owner: OwnerReference): Promise<OwnerState> {
  const known = graph.find(owner.uid)
  if (known) return isForeground(known.object.metadata) ? 'waiting' : 'solid'
  if (graph.isGone(owner.uid)) return 'absent'
  const kind = graph.kindOf(owner)
  // Of a kind that we do not know we cannot say that it is gone.
  if (!kind) return 'solid'
  const { namespace } = dependent.object.metadata
  const key = { name: owner.name, ...(kind.namespaced && namespace ? { namespace } : {}) }
  const live = await client.find(kind, key)
  return live?.metadata.uid === owner.uid ? 'solid' : 'absent'
}

async function waitForDependents(client: Client, graph: Graph, owner: Found): Promise<void> {
  const { uid } = owner.object.metadata
  const dependents = graph.dependents(uid)
  await Promise.all(
    dependents
      .filter(({ object }) => !object.metadata.deletionTimestamp)
      .map(dependent => handle(client, graph, dependent.object.metadata.uid)),
  )
  const blocking = graph.dependents(uid).filter(({ object }) => blocks(object.metadata, uid))
  if (blocking.length === 0) await dropFinalizer(client, owner, FOREGROUND)
}

async function orphan(client: Client, graph: Graph, owner: Found): Promise<void> {
  const { uid } = owner.object.metadata
  await Promise.all(graph.dependents(uid).map(dependent => disown(client, dependent, [uid])))
  await dropFinalizer(client, owner, ORPHAN)
}

const keyOf = ({ metadata }: ApiObject): ObjectKey => ({
  name: metadata.name,
  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
})

const ignoreGone = (error: unknown): undefined => {
  if (isNotFound(error)) return undefined
  throw error
}

async function remove(
  client: Client,
  { kind, object }: Found,
  propagationPolicy: 'Background' | 'Foreground' | 'Orphan',
): Promise<void> {
  const preconditions = { uid: object.metadata.uid }
  try {
    await client.delete(kind, keyOf(object), { propagationPolicy, preconditions })
  } catch (error) {
    // Another object has the name now: this one is gone.
    if (!isNotFound(error) && !isConflict(error)) throw error
  }
}

async function disown(client: Client, { kind, object }: Found, uids: readonly string[]): Promise<void> {
  const { uid, resourceVersion, ownerReferences = [] } = object.metadata
  const left = ownerReferences.filter(owner => !uids.includes(owner.uid))
  const body = { metadata: { uid, resourceVersion, ownerReferences: left.length > 0 ? left : null } }
  await client.patch(kind, keyOf(object), { type: 'merge', body }).catch(ignoreGone)
}

async function dropFinalizer(client: Client, { kind, object }: Found, finalizer: string): Promise<void> {
  const { uid, resourceVersion, finalizers = [] } = object.metadata
  const left = finalizers.filter(name => name !== finalizer)
  const body = { metadata: { uid, resourceVersion, finalizers: left.length > 0 ? left : null } }
  await client.patch(kind, keyOf(object), { type: 'merge', body }).catch(ignoreGone)
}
