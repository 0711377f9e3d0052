import { CustomResourceDefinition } from '../../api/apiextensions/custom-resource-definition.ts'
import { Namespace } from '../../api/core/namespace.ts'
import { Pod } from '../../api/core/pod.ts'
import type { ApiObject, Kind, ObjectMeta } from '../../api/meta/meta.ts'
import { ApiError, type Client, isConflict, isNotFound } from '../../client/mod.ts'
import { messageOf } from '../../lib/errors.ts'
import { type Controller, type ControllerDeps, startKeyed, trigger } from '../shared/controller.ts'
import { customKind, isEstablished, resourceName } from '../shared/kinds.ts'
import { sameValue } from '../shared/values.ts'
import { conditionsOf, type Findings, isEmpty, type Remainder } from './decide.ts'

export interface NamespaceOptions {
  /** Every kind the server stores, custom ones left out. */
  readonly kinds: readonly Kind<ApiObject>[]
}

const FINALIZER = 'kubernetes'
/** While something is left that no cache of this process tells about. */
const LOOK_AGAIN_MS = 500

/** Empties namespaces that are being deleted, and lets them go. */
export function startNamespace(
  deps: ControllerDeps,
  options: NamespaceOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers, clock } = deps
  const namespaces = informers.of(Namespace)
  const pods = informers.of(Pod)
  const crds = informers.of(CustomResourceDefinition)
  const kinds = (): readonly Kind<ApiObject>[] => [
    ...options.kinds.filter(kind => kind.namespaced),
    ...crds
      .list()
      .filter(isEstablished)
      .map(customKind)
      .filter(kind => kind.namespaced),
  ]
  const isEnding = (name: string | undefined): boolean =>
    namespaces.get({ name: name ?? '' })?.metadata.deletionTimestamp !== undefined

  return startKeyed(
    deps,
    {
      name: 'namespace',
      triggers: [
        trigger(namespaces, ({ metadata }) => [metadata.name]),
        // Pods take their time, and are the last to go.
        trigger(
          pods,
          ({ metadata }) => (isEnding(metadata.namespace) ? [metadata.namespace!] : []),
          () => false,
        ),
      ],
      async handle(name, queue) {
        const namespace = namespaces.get({ name })
        if (!namespace?.metadata.deletionTimestamp || !namespace.spec.finalizers?.includes(FINALIZER)) return
        const findings = await empty(client, name, kinds())
        if (isEmpty(findings)) return finalize(client, namespace)
        const conditions = conditionsOf(namespace, findings, clock.now())
        if (!sameValue(conditions, namespace.status?.conditions))
          await client.updateStatus(Namespace, { ...namespace, status: { ...namespace.status, conditions } })
        if (findings.failures.length > 0) throw new Error(findings.failures.join(', '))
        queue.addAfter(name, LOOK_AGAIN_MS)
      },
    },
    signal,
  )
}

async function finalize(client: Client, namespace: Namespace): Promise<void> {
  const finalizers = namespace.spec.finalizers!.filter(finalizer => finalizer !== FINALIZER)
  const path = `/api/v1/namespaces/${namespace.metadata.name}/finalize`
  await client.request('PUT', path, { ...namespace, spec: { ...namespace.spec, finalizers } }).catch(error => {
    if (!isNotFound(error)) throw error
  })
}

async function empty(client: Client, namespace: string, kinds: readonly Kind<ApiObject>[]): Promise<Findings> {
  const failures: string[] = []
  const remaining = await Promise.all(
    kinds.map(kind =>
      emptyKind(client, namespace, kind).catch(error => {
        if (!isUnknown(error)) failures.push(`${resourceName(kind)}: ${messageOf(error)}`)
        return undefined
      }),
    ),
  )
  return { remaining: remaining.filter(one => one !== undefined), failures }
}

/** A kind that the server does not have, or that cannot be listed, holds nothing. */
const isUnknown = (error: unknown): boolean => isNotFound(error) || (error instanceof ApiError && error.code === 405)

async function emptyKind(client: Client, namespace: string, kind: Kind<ApiObject>): Promise<Remainder | undefined> {
  const left: ApiObject[] = []
  let next: string | undefined
  do {
    const page = await client.list(kind, { namespace, limit: 500, ...(next ? { continue: next } : {}) })
    const stays = await Promise.all(page.items.map(object => ask(client, kind, object)))
    left.push(...stays.filter(object => object !== undefined))
    next = page.continue
  } while (next)
  if (left.length === 0) return undefined
  const finalizers: Record<string, number> = {}
  for (const { metadata } of left)
    for (const name of (metadata as ObjectMeta).finalizers ?? []) finalizers[name] = (finalizers[name] ?? 0) + 1
  return { resource: resourceName(kind), count: left.length, finalizers }
}

/** The object where it does not go at once. */
async function ask(client: Client, kind: Kind<ApiObject>, object: ApiObject): Promise<ApiObject | undefined> {
  const { name, namespace, uid, deletionTimestamp } = object.metadata
  if (deletionTimestamp) return object
  try {
    const key = { name, ...(namespace === undefined ? {} : { namespace }) }
    return await client.delete(kind, key, { propagationPolicy: 'Background', preconditions: { uid } })
  } catch (error) {
    // Gone meanwhile, or made anew under its name: the next look tells.
    if (isNotFound(error)) return undefined
    if (isConflict(error)) return object
    throw error
  }
}
