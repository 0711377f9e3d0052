import { ResourceQuota } from '../../api/core/resource-quota.ts'
import type { ApiObject, Kind } from '../../api/meta/meta.ts'
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
import { metadataOnly, resourceName } from '../shared/kinds.ts'
import { sameValue } from '../shared/values.ts'
import { type Content, decide } from './decide.ts'

export interface QuotaOptions {
  /** Every kind the server stores, custom ones left out. */
  readonly kinds: readonly Kind<ApiObject>[]
  /** Of these others keep whole objects anyway; of all others metadata is enough to count them. */
  readonly whole: readonly Kind<ApiObject>[]
}

/** Says of every ResourceQuota how much of it is used; the server itself refuses what goes beyond. */
export function startQuota(deps: ControllerDeps, options: QuotaOptions, signal: AbortSignal): Promise<Controller> {
  const { client, informers } = deps
  const quotas = informers.of(ResourceQuota)
  const whole = new Set(options.whole.map(resourceName))
  const counted = options.kinds
    .filter(kind => kind.namespaced && kind.plural !== 'events' && kind.plural !== 'resourcequotas')
    .map(kind => ({
      kind,
      informer: informers.of(kind, whole.has(resourceName(kind)) ? {} : { trim: metadataOnly }),
    }))
  const inNamespace = ({ metadata }: ApiObject): readonly string[] =>
    metadata.namespace === undefined ? [] : quotas.list(metadata.namespace).map(keyOf)
  return startKeyed(
    deps,
    {
      name: 'resourcequota',
      triggers: [
        trigger(quotas, quota => [keyOf(quota)]),
        ...counted.map(({ informer }) => trigger(informer, inNamespace)),
      ],
      async handle(key) {
        const quota = quotas.get(splitKey(key))
        if (!quota || quota.metadata.deletionTimestamp) return
        const { namespace } = quota.metadata
        const content: Content[] = counted.map(({ kind, informer }) => ({ kind, objects: informer.list(namespace) }))
        const itself = { kind: ResourceQuota as Kind<ApiObject>, objects: quotas.list(namespace) }
        const status = decide(quota, [...content, itself])
        if (sameValue(status, quota.status ?? {})) return
        await client.updateStatus(ResourceQuota, { ...quota, status }).catch(error => {
          if (!isNotFound(error)) throw error
        })
        await rest(deps, 1000, signal)
      },
    },
    signal,
  )
}
