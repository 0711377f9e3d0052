import { Ingress } from '../../api/networking/ingress.ts'
import { IngressClass } from '../../api/networking/ingress-class.ts'
import { unclaimedBecause } from '../../model/ingress/classes.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'

export interface IngressClaimsOptions {
  /** Ingresses without a class are served, as on OKD. */
  readonly classless: boolean
}

/** Tells the owners of Ingresses that nobody serves why that is so. */
export async function startIngressClaims(
  deps: ControllerDeps,
  { classless }: IngressClaimsOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const events = deps.events('ingress-claims')
  const ingresses = deps.informers.of(Ingress)
  const classes = deps.informers.of(IngressClass)
  const told = new Map<string, string>()
  return startKeyed(
    deps,
    {
      name: 'ingress-claims',
      triggers: [trigger(ingresses, one => [keyOf(one)]), trigger(classes, () => ingresses.list().map(keyOf))],
      async handle(key) {
        const ingress = ingresses.get(splitKey(key))
        const why = ingress && unclaimedBecause(ingress, name => classes.get({ name }), classless)
        if (why !== undefined && why !== told.get(key))
          events.record(ingress!, 'Warning', 'IngressNotClaimed', `nobody serves this Ingress: ${why}`)
        if (why === undefined) told.delete(key)
        else told.set(key, why)
      },
    },
    signal,
  )
}
