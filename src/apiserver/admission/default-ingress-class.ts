/** Which class an Ingress without one gets. Source: k8s.io/kubernetes/plugin/pkg/admission/network/defaultingressclass. */
import { IngressClass } from '../../api/networking/ingress-class.ts'
import type { Store } from '../../store/mod.ts'
import type { JsonObject } from '../object.ts'
import type { Registry } from '../resource/registry.ts'
import { collectionPrefix } from '../resource/resource.ts'
import { decodeStored } from '../stored.ts'
import type { Plugin } from './mod.ts'

const IS_DEFAULT = 'ingressclass.kubernetes.io/is-default-class'
const OLD_CLASS = 'kubernetes.io/ingress.class'

/** The newest of several, as upstream since 1.26; of one second, the first by name. Neither field nor old annotation may be set. */
export const defaultIngressClass = (store: Store, registry: Registry): Plugin => ({
  name: 'DefaultIngressClass',
  operations: ['CREATE'],
  admit({ resource, subresource, object }) {
    if (resource.group !== 'networking.k8s.io' || resource.plural !== 'ingresses' || subresource !== '') return
    const spec = object!.spec as JsonObject | undefined
    if (!spec || spec.ingressClassName || object!.metadata.annotations?.[OLD_CLASS] !== undefined) return
    const [first] = defaults(store, registry)
    if (first) spec.ingressClassName = first.metadata.name
  },
})

function defaults(store: Store, registry: Registry): readonly IngressClass[] {
  const found = registry.find(IngressClass.group, IngressClass.version, IngressClass.plural)
  if (!found) return []
  return store
    .range(collectionPrefix(found, undefined))
    .items.map(stored => decodeStored(found, stored) as unknown as IngressClass)
    .filter(({ metadata }) => metadata.annotations?.[IS_DEFAULT] === 'true')
    .sort(
      ({ metadata: a }, { metadata: b }) =>
        compare(b.creationTimestamp, a.creationTimestamp) || compare(a.name, b.name),
    )
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
