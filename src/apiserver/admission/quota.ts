/** Refuses what a namespace's ResourceQuotas do not leave room for. Source: k8s.io/apiserver/pkg/admission/plugin/resourcequota. */
import type { Amounts } from '../../api/core/pod/requests.ts'
import { amountsOf } from '../../api/core/pod/requests.ts'
import type { Pod } from '../../api/core/pod.ts'
import { amountText, inScope, usageOf } from '../../api/core/quota-usage.ts'
import type { ResourceQuota } from '../../api/core/resource-quota.ts'
import type { Store } from '../../store/mod.ts'
import { forbidden } from '../errors.ts'
import type { Registry } from '../resource/registry.ts'
import type { Resource } from '../resource/resource.ts'
import { collectionPrefix } from '../resource/resource.ts'
import { decodeStored } from '../stored.ts'
import type { Attributes, Plugin } from './mod.ts'

/**
 * What is used is counted anew for each object, from what is stored and what is being stored: two requests at once cannot both
 * take the last place.
 */
export function resourceQuota(store: Store, registry: Registry): Plugin {
  const pending = new Set<Attributes>()
  const quotasOf = (namespace: string): readonly ResourceQuota[] => {
    const resource = registry.find('', 'v1', 'resourcequotas')
    if (!resource) return []
    const { items } = store.range(collectionPrefix(resource, namespace))
    return items.map(stored => decodeStored(resource, stored) as unknown as ResourceQuota)
  }
  const present = ({ resource, namespace }: Attributes): readonly unknown[] => {
    const { items } = store.range(collectionPrefix(resource, namespace))
    const objects = items.map(stored => decodeStored(resource, stored))
    const known = new Set(objects.map(object => object.metadata.uid))
    const coming = [...pending]
      .filter(one => isAlike(one.resource, resource) && one.namespace === namespace)
      .flatMap(({ object }) => (object && !known.has(object.metadata.uid) ? [object] : []))
    return [...objects, ...coming]
  }
  return {
    name: 'ResourceQuota',
    operations: ['CREATE'],
    validate(attributes) {
      const { resource, namespace, subresource, object } = attributes
      if (!namespace || subresource !== '' || !object) return
      const quotas = quotasOf(namespace).filter(quota => inScope(quota, resource, object))
      if (quotas.length === 0) return
      const wanted = usageOf(resource, object)
      for (const quota of quotas) check(attributes, quota, wanted, () => present(attributes))
      if (!attributes.dryRun) pending.add(attributes)
    },
    settled: attributes => void pending.delete(attributes),
  }
}

const isAlike = (a: Resource, b: Resource): boolean => a.group === b.group && a.plural === b.plural

/** Throws StatusError 403. */
function check(attributes: Attributes, quota: ResourceQuota, wanted: Amounts, present: () => readonly unknown[]): void {
  const { resource, name, object } = attributes
  const texts = quota.spec?.hard ?? {}
  const hard = amountsOf(texts)
  const missing = isPod(resource) ? unspecified(object as unknown as Pod, Object.keys(hard)) : []
  if (missing.length > 0)
    throw forbidden(resource, name, `failed quota: ${quota.metadata.name}: must specify ${missing.join('; ')}`)
  const names = Object.keys(wanted).filter(one => one in hard && wanted[one]! > 0)
  if (names.length === 0) return
  const used: Record<string, number> = {}
  for (const other of present()) {
    if (!inScope(quota, resource, other)) continue
    for (const [one, amount] of Object.entries(usageOf(resource, other))) used[one] = (used[one] ?? 0) + amount
  }
  const over = names.filter(one => (used[one] ?? 0) + wanted[one]! > hard[one]!).sort()
  if (over.length === 0) return
  const list = (amounts: Amounts): string =>
    over.map(one => `${one}=${amountText(amounts[one] ?? 0, texts[one])}`).join(',')
  throw forbidden(
    resource,
    name,
    `exceeded quota: ${quota.metadata.name}, requested: ${list(wanted)}, used: ${list(used)}, limited: ${list(hard)}`,
  )
}

const isPod = ({ group, plural }: Resource): boolean => group === '' && plural === 'pods'

/** Under a quota of cpu or memory every container must say how much it takes. */
function unspecified({ spec }: Pod, names: readonly string[]): readonly string[] {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])]
  return names.toSorted().flatMap(name => {
    const [, kind = 'requests', resource] = /^(?:(requests|limits)\.)?(cpu|memory)$/.exec(name) ?? []
    if (resource === undefined) return []
    const silent = containers.filter(one => one.resources?.[kind as 'requests' | 'limits']?.[resource] === undefined)
    return silent.length > 0 ? [`${name} for: ${silent.map(one => one.name).join(',')}`] : []
  })
}
