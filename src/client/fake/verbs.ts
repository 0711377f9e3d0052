import { jsonPatch, mergePatch, strategicPatch } from './patch.ts'
import { Refusal, type State, type Stored } from './state.ts'

/** What a request's path names. */
export interface Target {
  /** group/plural */
  readonly collection: string
  readonly plural: string
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly subresource: string | undefined
}

export interface Verbs {
  get(target: Target): Stored
  create(target: Target, body: Stored): Stored
  update(target: Target, body: Stored): Stored
  patch(target: Target, type: string, body: unknown): Stored
  /** The object where it stays, undefined when it is gone. */
  remove(target: Target, options: RemoveOptions): Stored | undefined
}

export interface RemoveOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: string
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

export const keyIn = (target: Target, name = target.name): string =>
  target.namespace === undefined ? name! : `${target.namespace}/${name}`

export function createVerbs(state: State, now: () => string): Verbs {
  let made = 0
  const describe = (target: Target, name = target.name): string => `${groupResource(target)} "${name}"`
  const get = (target: Target): Stored => {
    const found = state.collection(target.collection).get(keyIn(target))
    if (!found) throw new Refusal(404, 'NotFound', `${describe(target)} not found`)
    return found
  }
  const store = (target: Target, old: Stored, next: Stored): Stored => {
    const { resourceVersion } = next.metadata
    if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) throw conflict(describe(target))
    const merged = take(target, old, next)
    if (same(merged, old)) return old
    const key = keyIn(target)
    if (!isEnding(merged)) return state.write(target.collection, key, merged)
    state.remove(target.collection, key)
    return merged
  }
  return {
    get,
    create(target, body) {
      if (target.subresource === 'binding') return bind(state, target, get(target), body)
      const suffix = (++made).toString(36).padStart(5, '0')
      const name = body.metadata.name ?? `${body.metadata.generateName}${suffix}`
      const key = keyIn(target, name)
      if (state.collection(target.collection).has(key))
        throw new Refusal(409, 'AlreadyExists', `${describe(target, name)} already exists`)
      const namespace = target.namespace === undefined ? {} : { namespace: target.namespace }
      const uid = `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`
      const metadata = { ...body.metadata, ...namespace, name, uid, creationTimestamp: now(), generation: 1 }
      return state.write(target.collection, key, fresh(target, { ...body, metadata }))
    },
    update: (target, body) => store(target, get(target), body),
    patch(target, type, body) {
      const found = state.collection(target.collection).get(keyIn(target))
      if (!found && type.includes('apply')) return this.create(target, body as Stored)
      const old = get(target)
      const base = { ...old, metadata: { ...old.metadata, resourceVersion: '' } }
      const patched = type.includes('json-patch')
        ? applyJson(base, body)
        : (type.includes('strategic') ? strategicPatch : mergePatch)(base, body)
      return store(target, old, patched as Stored)
    },
    remove(target, options) {
      const old = get(target)
      checkPreconditions(describe(target), old, options)
      const next = ending(target, old, options, now())
      if (!isEnding(next)) return same(next, old) ? old : state.write(target.collection, keyIn(target), next)
      state.remove(target.collection, keyIn(target))
      return undefined
    },
  }
}

const groupResource = ({ collection, plural }: Target): string => {
  const group = collection.slice(0, collection.indexOf('/'))
  return group === '' ? plural : `${plural}.${group}`
}

const conflict = (what: string): Refusal =>
  new Refusal(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${what}: the object has been modified; please apply your changes to the latest version and try again`,
  )

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

function applyJson(base: unknown, body: unknown): unknown {
  try {
    return jsonPatch(base, body as Parameters<typeof jsonPatch>[1])
  } catch (error) {
    throw new Refusal(422, 'Invalid', String(error))
  }
}

/** What a new object is stored as: no status of the writer's own, and what a namespace is born with. */
function fresh(target: Target, object: Stored): Stored {
  const { status: _, ...rest } = object
  if (target.collection !== '/namespaces') return rest
  return { ...rest, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } }
}

/** The part of next that this path may change, over old. */
function take(target: Target, old: Stored, next: Stored): Stored {
  const metadata = { ...old.metadata }
  if (target.subresource === 'status') return next.status === undefined ? old : { ...old, status: next.status }
  if (target.subresource === 'finalize') return { ...old, spec: next.spec ?? {} }
  const { status: _, ...desired } = next
  const { status: __, ...before } = old
  const changed = !same({ ...desired, metadata: 0 }, { ...before, metadata: 0 })
  const kept = {
    ...next.metadata,
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    creationTimestamp: metadata.creationTimestamp,
    generation: (metadata.generation ?? 1) + (changed ? 1 : 0),
  }
  for (const field of ['namespace', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const)
    if (metadata[field] !== undefined) Object.assign(kept, { [field]: metadata[field] })
  return { ...desired, metadata: kept, ...(old.status === undefined ? {} : { status: old.status }) }
}

/** Marked for deletion, and nothing holds it any more. */
const isEnding = ({ metadata, spec }: Stored): boolean =>
  metadata.deletionTimestamp !== undefined &&
  !metadata.deletionGracePeriodSeconds &&
  !metadata.finalizers?.length &&
  !(spec?.finalizers as readonly string[] | undefined)?.length

function checkPreconditions(what: string, old: Stored, { preconditions }: RemoveOptions): void {
  const uid = preconditions?.uid ?? old.metadata.uid
  const version = preconditions?.resourceVersion ?? old.metadata.resourceVersion
  if (uid !== old.metadata.uid || version !== old.metadata.resourceVersion) throw conflict(what)
}

function ending(target: Target, old: Stored, options: RemoveOptions, at: string): Stored {
  const isPod = target.collection === '/pods' && Boolean(old.spec?.nodeName)
  const graceSeconds = isPod
    ? (options.gracePeriodSeconds ?? (old.spec?.terminationGracePeriodSeconds as number) ?? 30)
    : 0
  const holds = { Foreground: ['foregroundDeletion'], Orphan: ['orphan'] }[options.propagationPolicy ?? ''] ?? []
  const finalizers = [...new Set([...(old.metadata.finalizers ?? []), ...holds])]
  const metadata = {
    ...old.metadata,
    deletionTimestamp: old.metadata.deletionTimestamp ?? at,
    deletionGracePeriodSeconds: Math.min(graceSeconds, old.metadata.deletionGracePeriodSeconds ?? graceSeconds),
    ...(finalizers.length > 0 ? { finalizers } : {}),
  }
  const phase = target.collection === '/namespaces' ? { status: { phase: 'Terminating' } } : {}
  return { ...old, metadata, ...phase }
}

function bind(state: State, target: Target, pod: Stored, body: Stored): Stored {
  if (pod.spec?.nodeName) throw new Refusal(409, 'Conflict', `pod ${target.name} is already assigned to a node`)
  const nodeName = (body as unknown as { readonly target: { readonly name: string } }).target.name
  const conditions = [{ type: 'PodScheduled', status: 'True' }]
  const bound = { ...pod, spec: { ...pod.spec, nodeName }, status: { ...(pod.status ?? {}), conditions } }
  return state.write(target.collection, keyIn(target), bound)
}
