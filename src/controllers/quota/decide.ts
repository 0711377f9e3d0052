import { amountText, inScope, usageOf } from '../../api/core/quota-usage.ts'
import type { ResourceQuota, ResourceQuotaStatus } from '../../api/core/resource-quota.ts'
import type { ApiObject, Kind } from '../../api/meta/meta.ts'

export interface Content {
  readonly kind: Kind<ApiObject>
  readonly objects: readonly ApiObject[]
}

/** syncResourceQuota: what the namespace uses of each limit. content: all of the namespace, by kind. */
export function decide(quota: ResourceQuota, content: readonly Content[]): ResourceQuotaStatus {
  const hard = quota.spec?.hard ?? {}
  const sums: Record<string, number> = Object.fromEntries(Object.keys(hard).map(name => [name, 0]))
  for (const { kind, objects } of content)
    for (const object of objects) {
      if (!inScope(quota, kind, object)) continue
      for (const [name, amount] of Object.entries(usageOf(kind, object)))
        if (Object.hasOwn(sums, name)) sums[name] = sums[name]! + amount
    }
  const used = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, amountText(sum, hard[name])]))
  return Object.keys(hard).length > 0 ? { hard, used } : {}
}
