import type { Service } from '../api/core/service.ts'
import { Ingress, type IngressLoadBalancerIngress } from '../api/networking/ingress.ts'
import { IngressClass } from '../api/networking/ingress-class.ts'
import type { Informer, Informers } from '../client/mod.ts'
import { classNameOf, dialectOf, TO_ROUTES } from '../model/ingress/classes.ts'
import type { RouterOptions } from '../model/routes/options.ts'
import type { Planner } from './layout/planner.ts'
import { keyOf, splitKey } from './object-keys.ts'
import { isInShard, type Shard } from './shard.ts'

/** The Ingresses a router follows. */
export interface IngressCaches {
  readonly ingresses: Informer<Ingress>
  readonly classes: Informer<IngressClass>
}

export const openIngressCaches = (informers: Informers): IngressCaches => ({
  ingresses: informers.of(Ingress),
  classes: informers.of(IngressClass),
})

interface Feed {
  readonly caches: IngressCaches
  readonly shard: Shard
  readonly planner: Planner
  /** The IngressController. */
  readonly router: string
  /** Called with Ingresses that are not, or no longer, for this router. */
  readonly leave: (ingress: Ingress) => void
}

/** Tells the planner of the Ingresses of our classes, and of every change. Returns the way to stop. */
export function feedIngresses({ caches, shard, planner, router, leave }: Feed): () => void {
  const { ingresses, classes } = caches
  const byName = (name: string): IngressClass | undefined => classes.get({ name })
  const served = new Set<string>()
  const put = (ingress: Ingress): void => {
    const key = keyOf(ingress)
    const dialect = isInShard(shard, ingress) ? dialectOf(ingress, byName, router) : undefined
    if (dialect && !ingress.metadata.deletionTimestamp) {
      served.add(key)
      planner.putIngress(ingress, dialect)
    } else {
      planner.removeIngress(key)
      if (served.delete(key) || isStranger(ingress, byName)) leave(ingress)
    }
  }
  for (const ingress of ingresses.list()) put(ingress)
  const stops = [
    ingresses.onChange(({ type, object }) => (type === 'deleted' ? planner.removeIngress(keyOf(object)) : put(object))),
    classes.onChange(() => ingresses.list().forEach(put)),
    shard.namespaces?.onChange(({ object }) => ingresses.list(object.metadata.name).forEach(put)) ?? (() => {}),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** Of a class that cannot have written what we write: what stands in its status of ours is from the time when it was ours. */
function isStranger(ingress: Ingress, classes: (name: string) => IngressClass | undefined): boolean {
  const found = classes(classNameOf(ingress) ?? '')
  return found !== undefined && found.spec?.controller !== TO_ROUTES
}

/** Where clients reach the router: the addresses of its Service, else its own name. */
export function publishedAt(
  { publishService }: Pick<RouterOptions, 'publishService'>,
  canonicalHostname: string,
  services: Informer<Service>,
): readonly IngressLoadBalancerIngress[] {
  if (publishService === '') return [{ hostname: canonicalHostname }]
  const service = services.get(splitKey(publishService))
  const balanced = (service?.status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ({
    ...(ip ? { ip } : {}),
    ...(hostname ? { hostname } : {}),
  }))
  if (balanced.length > 0) return balanced
  return (service?.spec.externalIPs ?? []).map(ip => ({ ip }))
}
