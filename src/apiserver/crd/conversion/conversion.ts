import type { HttpsDriver } from '../../../host/https/mod.ts'
import { decode } from '../../../schema/decode.ts'
import { applyDefaults } from '../../../schema/default.ts'
import type { StructNode } from '../../../schema/node.ts'
import type { Store } from '../../../store/mod.ts'
import type { Obj } from '../../object.ts'
import type { Conversion } from '../../resource/resource.ts'
import { StatusError } from '../../status-error.ts'
import type { Definition } from '../definition.ts'
import { convertByWebhook } from './webhook.ts'

export interface WebhookReach {
  readonly store: Store
  /** Absent where no webhook can be reached. */
  readonly https?: HttpsDriver
}

/** How the versions of a definition become each other; undefined where their apiVersion alone differs. */
export function conversionOf(
  { spec }: Definition,
  /** By apiVersion. */
  nodes: ReadonlyMap<string, StructNode>,
  { store, https }: WebhookReach,
): Conversion | undefined {
  const { strategy, webhook } = spec.conversion ?? {}
  if (strategy !== 'Webhook' || !webhook?.clientConfig) return undefined
  const converter = { client: webhook.clientConfig, reviewVersions: webhook.conversionReviewVersions ?? [] }
  // Fields that the version they came in has come with its defaults, and what the other version does not have is left out.
  const completed = (object: Obj): Obj => {
    const node = nodes.get(object.apiVersion)
    return node ? applyDefaults(node, object) : object
  }
  const pruned = (object: Obj): Obj => {
    const { value, error } = decode(nodes.get(object.apiVersion)!, object)
    if (error !== undefined) throw new StatusError(500, '', error)
    return value as Obj
  }
  return async (objects, apiVersion) => {
    const different = objects.filter(object => object.apiVersion !== apiVersion)
    if (different.length === 0) return objects
    if (!https) throw new StatusError(500, '', 'no conversion webhook can be reached from here')
    const converted = await convertByWebhook({ https, store }, converter, different.map(completed), apiVersion)
    let next = 0
    return objects.map(object => (object.apiVersion === apiVersion ? object : pruned(converted[next++]!)))
  }
}
