import type { LimitRange, LimitRangeItem } from '../../../api/core/limit-range.ts'
import type { Store } from '../../../store/mod.ts'
import { aggregateText, forbidden } from '../../errors.ts'
import type { JsonObject, Obj } from '../../object.ts'
import { at } from '../../object.ts'
import { qosClass } from '../../prepare/pod.ts'
import type { Registry } from '../../resource/registry.ts'
import { collectionPrefix } from '../../resource/resource.ts'
import { decodeStored } from '../../stored.ts'
import type { Attributes, Plugin } from '../mod.ts'
import type { Asked, Quantities } from './constraints.ts'
import { askedByPod, violations } from './constraints.ts'

interface Container extends JsonObject {
  name: string
  resources?: Partial<Asked>
}

/** Fills in what containers leave out, and refuses what asks for too little or too much. */
export function limitRanges(store: Store, registry: Registry): Plugin {
  const itemsOf = ({ namespace }: Attributes): readonly LimitRangeItem[] => {
    const resource = registry.find('', 'v1', 'limitranges')
    if (!resource || namespace === undefined) return []
    const { items } = store.range(collectionPrefix(resource, namespace))
    return items.flatMap(one => (decodeStored(resource, one) as unknown as LimitRange).spec?.limits ?? [])
  }
  return {
    name: 'LimitRanger',
    operations: ['CREATE', 'UPDATE'],
    admit(attributes) {
      if (!isNewPod(attributes)) return
      for (const item of itemsOf(attributes)) if (item.type === 'Container') fillIn(attributes.object!, item)
    },
    validate(attributes) {
      const { resource, name, object } = attributes
      const isClaim = resource.group === '' && resource.plural === 'persistentvolumeclaims'
      if (!isNewPod(attributes) && !(isClaim && attributes.subresource === '')) return
      const problems = itemsOf(attributes).flatMap(item => problemsOf(item, object!, isClaim))
      if (problems.length > 0) throw forbidden(resource, name, aggregateText(problems))
    },
  }
}

/** Pods cannot change what they ask for, but by their own subresource. */
const isNewPod = ({ resource, subresource, operation }: Attributes): boolean =>
  resource.group === '' && resource.plural === 'pods' && subresource === '' && operation === 'CREATE'

const containersOf = (pod: Obj, list: 'containers' | 'initContainers'): readonly Container[] =>
  (at(pod, 'spec', list) ?? []) as readonly Container[]

function problemsOf(item: LimitRangeItem, object: Obj, isClaim: boolean): readonly string[] {
  if (isClaim) {
    if (item.type !== 'PersistentVolumeClaim') return []
    const requests = (at(object, 'spec', 'resources', 'requests') ?? {}) as Quantities
    return violations(item, { requests, limits: {} })
  }
  const [containers, init] = [containersOf(object, 'containers'), containersOf(object, 'initContainers')]
  if (item.type === 'Pod') return violations(item, askedByPod(containers, init))
  if (item.type !== 'Container') return []
  return [...containers, ...init].flatMap(({ resources }) =>
    violations(item, { requests: {}, limits: {}, ...resources }),
  )
}

const ANNOTATION = 'kubernetes.io/limit-ranger'

function fillIn(pod: Obj, { default: limits = {}, defaultRequest: requests = {} }: LimitRangeItem): void {
  const filled = (['containers', 'initContainers'] as const).flatMap(list => {
    const what = list === 'containers' ? 'container' : 'init container'
    return containersOf(pod, list).flatMap(container => [
      ...fillInto(container, 'requests', requests, `request for ${what}`),
      ...fillInto(container, 'limits', limits, `limit for ${what}`),
    ])
  })
  if (filled.length === 0) return
  const annotations = { ...pod.metadata.annotations, [ANNOTATION]: `LimitRanger plugin set: ${filled.join('; ')}` }
  pod.metadata = { ...pod.metadata, annotations }
  pod.status = { ...(pod.status as object), qosClass: qosClass(pod) }
}

/** Says what it filled in. */
function fillInto(container: Container, of: keyof Asked, defaults: Quantities, what: string): readonly string[] {
  const present = container.resources?.[of] ?? {}
  const missing = Object.keys(defaults).filter(name => present[name] === undefined)
  if (missing.length === 0) return []
  const added = Object.fromEntries(missing.map(name => [name, defaults[name]!]))
  container.resources = { ...container.resources, [of]: { ...present, ...added } }
  return [`${missing.sort().join(', ')} ${what} ${container.name}`]
}
