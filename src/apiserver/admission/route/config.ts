import { Ingress } from '../../../api/config/ingress.ts'
import { Namespace } from '../../../api/core/namespace.ts'
import type { ApiObject, Kind } from '../../../api/meta/meta.ts'
import type { Store } from '../../../store/mod.ts'
import type { Registry } from '../../resource/registry.ts'
import { keyOf } from '../../resource/resource.ts'
import { decodeStored } from '../../stored.ts'

/** What admission of Routes depends on. */
export interface IngressConfig {
  /** ingresses.config.openshift.io/cluster; absent where the API has no such kind. */
  ingress(): Ingress | undefined
  labelsOf(namespace: string): Readonly<Record<string, string>>
}

export function ingressConfig(store: Store, registry: Registry): IngressConfig {
  const find = <T extends ApiObject>({ group, version, plural }: Kind<T>, name: string): T | undefined => {
    const resource = registry.find(group, version, plural)
    const stored = resource && store.get(keyOf(resource, undefined, name))
    return resource && stored ? (decodeStored(resource, stored) as unknown as T) : undefined
  }
  return {
    ingress: () => find(Ingress, 'cluster'),
    labelsOf: namespace => find(Namespace, namespace)?.metadata.labels ?? {},
  }
}
