import { Endpoints } from '../../api/core/endpoints.ts'
import { isNotFound } from '../../client/mod.ts'
import {
  type Controller,
  type ControllerDeps,
  keyOf,
  rest,
  splitKey,
  startKeyed,
  trigger,
} from '../shared/controller.ts'
import { changesEndpoint, isSelecting, selectionOf } from '../shared/selection.ts'
import { sameValue } from '../shared/values.ts'
import { decide, MANAGED_BY } from './decide.ts'

/** Keeps the Endpoints of every Service with a selector: the older form, which kubectl and many programs still read. */
export function startEndpoints(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { client, informers } = deps
  const selection = selectionOf(informers)
  const { services, pods } = selection
  const endpoints = informers.of(Endpoints)
  return startKeyed(
    deps,
    {
      name: 'endpoints',
      triggers: [
        trigger(services, service => [keyOf(service)]),
        trigger(pods, pod => selection.servicesOf(pod).map(keyOf), changesEndpoint),
        trigger(endpoints, one => [keyOf(one)]),
      ],
      async handle(key) {
        const target = splitKey(key)
        const service = services.get(target)
        const old = endpoints.get(target)
        if (!service) {
          const isOurs = old?.metadata.labels?.[MANAGED_BY] !== undefined
          if (isOurs) await client.delete(Endpoints, target).catch(ignoreNotFound)
          return
        }
        if (!isSelecting(service) || service.metadata.deletionTimestamp) return
        const behind = selection.podsOf(service)
        const { metadata, subsets } = decide(service, behind, old)
        if (!old) {
          await client.create(Endpoints, { metadata: { ...target, ...metadata }, ...(subsets ? { subsets } : {}) })
          return
        }
        const { subsets: before, ...others } = old
        const isSame = sameValue(
          [subsets, metadata.labels, metadata.annotations],
          [before, old.metadata.labels ?? {}, old.metadata.annotations ?? {}],
        )
        if (isSame) return
        await client.update(Endpoints, {
          ...others,
          metadata: { ...old.metadata, ...metadata },
          ...(subsets ? { subsets } : {}),
        })
        await rest(deps, behind.length, signal)
      },
    },
    signal,
  )
}

const ignoreNotFound = (error: unknown): void => {
  if (!isNotFound(error)) throw error
}
