import { rfc3339 } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Kernel } from '../context.ts'
import { internalContext } from '../internal.ts'
import type { Resource } from '../resource/resource.ts'
import { prefixOf } from '../resource/resource.ts'
import { StatusError } from '../status-error.ts'
import { parseBytes } from '../stored.ts'
import { removeCollection } from '../verbs/deletecollection.ts'
import { INTERNAL_WRITE } from '../write/options.ts'
import { updateObject } from '../write/update.ts'
import type { Condition, Definition } from './definition.ts'
import { asDefinition, CLEANUP_FINALIZER, conditionIs, GROUP, PLURAL, withConditions } from './definition.ts'
import { customResources } from './resource.ts'

/**
 * Serves what the stored definitions define, from now on until stopped, and takes the objects of a definition that is
 * being deleted away before it goes. Registration happens in the turn in which the definition becomes durable.
 */
export function serveDefinitions(kernel: Kernel): () => void {
  const { store, registry, log } = kernel
  const definitions = registry.find(GROUP, 'v1', PLURAL)
  if (!definitions) return () => {}
  const cleanups = new Map<string, () => void>()
  const take = (key: string, value: Uint8Array): void => {
    try {
      serve(key, asDefinition(parseBytes(value)))
    } catch (error) {
      // One definition that cannot be served must not keep the others from it.
      reportTo(log)(error)
    }
  }
  const serve = (key: string, definition: Definition): void => {
    const resources = conditionIs(definition, 'Established', 'True') ? customResources(definition, kernel) : []
    registry.set(key, resources)
    if (!definition.metadata.deletionTimestamp || cleanups.has(key)) return
    cleanups.set(key, cleanUp(kernel, definitions, definition, resources[0]))
  }
  const forget = (key: string): void => {
    // Nobody is told of what comes under the same name later: it is another type.
    const [plural = '', ...group] = key.slice(definitions.prefix.length).split('.')
    kernel.watches.endOf(prefixOf(group.join('.'), plural))
    registry.set(key, [])
    cleanups.get(key)?.()
    cleanups.delete(key)
  }
  for (const { key, value } of store.range(definitions.prefix).items) take(key, value)
  const stop = store.watch(definitions.prefix, store.revision, events => {
    for (const { type, key, value } of events) {
      if (type === 'delete') forget(key)
      else take(key, value)
    }
    if (events.some(({ type }) => type === 'delete')) void judgeAgain(kernel, definitions).catch(reportTo(log))
  })
  return () => {
    stop()
    for (const cancel of cleanups.values()) cancel()
  }
}

const reportTo = (log: Kernel['log']) => (error: unknown) =>
  log.warn({ error: messageOf(error) }, 'a definition could not be brought up to date')

/** Deletes all objects of a definition; when the last is gone, so is what held the definition. */
function cleanUp(
  kernel: Kernel,
  definitions: Resource,
  definition: Definition,
  resource: Resource | undefined,
): () => void {
  const { store, log } = kernel
  const { name } = definition.metadata
  const context = internalContext(kernel, definitions, { name }, 'update')
  const release = async (): Promise<void> => {
    await updateObject(context, withoutFinalizer, INTERNAL_WRITE).catch(error => {
      if (!(error instanceof StatusError) || error.status.code !== 404) throw error
    })
  }
  if (!resource) {
    void release().catch(reportTo(log))
    return () => {}
  }
  const isEmpty = (): boolean => store.range(resource.prefix, { limit: 1 }).items.length === 0
  const stop = store.watch(resource.prefix, store.revision, () => {
    if (isEmpty()) void release().catch(reportTo(log))
  })
  const run = async (): Promise<void> => {
    if (!isEmpty()) {
      await updateObject(context, terminating(kernel), INTERNAL_WRITE)
      await removeCollection(internalContext(kernel, resource, {}, 'deletecollection'))
    }
    if (isEmpty()) await release()
  }
  void run().catch(reportTo(log))
  return stop
}

const withoutFinalizer: Parameters<typeof updateObject>[1] = current => {
  current.metadata.finalizers = (current.metadata.finalizers ?? []).filter(name => name !== CLEANUP_FINALIZER)
  return { object: current, tracked: true }
}

const terminating =
  ({ clock }: Kernel): Parameters<typeof updateObject>[1] =>
  current => {
    const { status } = asDefinition(current)
    const condition = {
      type: 'Terminating',
      status: 'True',
      reason: 'InstanceDeletionInProgress',
      message: 'CustomResource deletion is in progress',
    } as const
    const before = (status?.conditions ?? []) as readonly Condition[]
    current.status = { ...status, conditions: withConditions(before, [condition], rfc3339(clock.now())) }
    return { object: current, tracked: true }
  }

/** Names that a deleted definition had may be what another one waits for: any write judges it anew. */
async function judgeAgain(kernel: Kernel, definitions: Resource): Promise<void> {
  for (const { value } of kernel.store.range(definitions.prefix).items) {
    const definition = asDefinition(parseBytes(value))
    if (conditionIs(definition, 'NamesAccepted', 'True')) continue
    const context = internalContext(kernel, definitions, { name: definition.metadata.name }, 'update')
    await updateObject(context, current => ({ object: current, tracked: true }), INTERNAL_WRITE)
  }
}
