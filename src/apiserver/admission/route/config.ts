import { Ingress } from '../../../api/config/ingress.ts'
import { Namespace } from '../../../api/core/namespace.ts'
import type { Store } from '../../../store/mod.ts'
import type { Registry } from '../../resource/registry.ts'
import { storedObject } from '../../stored.ts'
import type { Attributes } from '../mod.ts'

export const isRoute = ({ resource, subresource }: Attributes): boolean =>
  resource.group === 'route.openshift.io' && resource.plural === 'routes' && subresource === ''

/** What admission of Routes depends on. */
export interface IngressConfig {
  /** ingresses.config.openshift.io/cluster; absent where the API has no such kind. */
  ingress(): Ingress | undefined
  labelsOf(namespace: string): Readonly<Record<string, string>>
}

export const ingressConfig = (store: Store, registry: Registry): IngressConfig => ({
  ingress: () => storedObject(store, registry, Ingress, undefined, 'cluster'),
  labelsOf: namespace => storedObject(store, registry, Namespace, undefined, namespace)?.metadata.labels ?? {},
})
