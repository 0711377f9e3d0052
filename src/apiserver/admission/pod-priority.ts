/** Which number stands behind a pod's priority class. Source: k8s.io/kubernetes/plugin/pkg/admission/priority. */
import { PriorityClass, SYSTEM_CLASSES } from '../../api/scheduling/priority-class.ts'
import type { Store } from '../../store/mod.ts'
import { forbidden } from '../errors.ts'
import type { Registry } from '../resource/registry.ts'
import { collectionPrefix, keyOf } from '../resource/resource.ts'
import { decodeStored } from '../stored.ts'
import type { Attributes, Plugin } from './mod.ts'

interface PodSpecLike {
  priority?: number
  priorityClassName?: string
  preemptionPolicy?: string
}

interface Classes {
  get(name: string): Pick<PriorityClass, 'value' | 'preemptionPolicy'> | undefined
  /** Of several the one with the lowest value. */
  default(): PriorityClass | undefined
}

export function podPriority(store: Store, registry: Registry): Plugin {
  const classes = classesOf(store, registry)
  return {
    name: 'Priority',
    operations: ['CREATE', 'UPDATE'],
    admit(attributes) {
      const { resource, subresource, operation } = attributes
      if (operation === 'CREATE' && resource.group === '' && resource.plural === 'pods' && subresource === '')
        admitPod(attributes, classes)
    },
    validate(attributes) {
      const { resource, object } = attributes
      if (resource.group !== PriorityClass.group || resource.plural !== PriorityClass.plural) return
      const { globalDefault, metadata } = object as unknown as PriorityClass
      const other = globalDefault ? classes.default() : undefined
      if (other && other.metadata.name !== metadata.name)
        throw forbidden(
          resource,
          attributes.name,
          `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
        )
    },
  }
}

function classesOf(store: Store, registry: Registry): Classes {
  const resource = () => registry.find(PriorityClass.group, PriorityClass.version, PriorityClass.plural)
  return {
    get(name) {
      const found = resource()
      const stored = found && store.get(keyOf(found, undefined, name))
      if (found && stored) return decodeStored(found, stored) as unknown as PriorityClass
      // They are there though nobody has made their objects yet.
      return Object.hasOwn(SYSTEM_CLASSES, name) ? { value: SYSTEM_CLASSES[name]! } : undefined
    },
    default() {
      const found = resource()
      if (!found) return undefined
      return store
        .range(collectionPrefix(found, undefined))
        .items.map(stored => decodeStored(found, stored) as unknown as PriorityClass)
        .filter(({ globalDefault }) => globalDefault)
        .sort((a, b) => a.value - b.value)[0]
    },
  }
}

function admitPod(attributes: Attributes, classes: Classes): void {
  const { resource, name, object } = attributes
  const spec = object!.spec as PodSpecLike
  if (!spec.priorityClassName) {
    const fallback = classes.default()
    if (fallback) spec.priorityClassName = fallback.metadata.name
  }
  const className = spec.priorityClassName ?? ''
  const found = className === '' ? { value: 0 } : classes.get(className)
  if (!found) throw forbidden(resource, name, `no PriorityClass with name ${className} was found`)
  const refuse = (what: string, given: unknown, wanted: unknown): never => {
    const why = `must not be provided in pod spec; priority admission controller computed ${wanted} from the given PriorityClass name`
    throw forbidden(resource, name, `the ${what} (${given}) ${why}`)
  }
  const { value, preemptionPolicy = 'PreemptLowerPriority' } = found as Partial<PriorityClass> & { value: number }
  if (spec.priority !== undefined && spec.priority !== value) refuse('integer value of priority', spec.priority, value)
  if (spec.preemptionPolicy && spec.preemptionPolicy !== preemptionPolicy)
    refuse('string value of PreemptionPolicy', spec.preemptionPolicy, preemptionPolicy)
  spec.priority = value
  spec.preemptionPolicy = preemptionPolicy
}
