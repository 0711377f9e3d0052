import type { Ingress } from '../../api/networking/ingress.ts'
import type { IngressClass } from '../../api/networking/ingress-class.ts'

/** Controllers of Ingresses that are known here, by spec.controller of their classes. */
export const CONTROLLERS = {
  /** The specification, and nothing else. */
  plain: 'fairlead.dev/ingress',
  /** With the annotations of ingress-nginx. */
  nginx: 'k8s.io/ingress-nginx',
} as const
export const TO_ROUTES = 'openshift.io/ingress-to-route'

/** How a router reads an Ingress. */
export type Dialect = keyof typeof CONTROLLERS

const ANNOTATION = 'kubernetes.io/ingress.class'

/** The old annotation goes before the field. */
export const classNameOf = ({ metadata, spec }: Ingress): string | undefined =>
  metadata.annotations?.[ANNOTATION] || spec?.ingressClassName || undefined

type Classes = (name: string) => IngressClass | undefined

/**
 * How the router of this IngressController reads the Ingress; undefined when it is another's. A class is for the router that its
 * parameters name, else for `default`. The old annotation named controllers before there were classes: it needs no object.
 */
export function dialectOf(ingress: Ingress, classes: Classes, router: string): Dialect | undefined {
  const name = classNameOf(ingress)
  if (name === undefined) return undefined
  const found = classes(name)
  if (!found) return ingress.metadata.annotations?.[ANNOTATION] && router === 'default' ? byOldName(name) : undefined
  const { controller, parameters } = found.spec ?? {}
  const wanted = parameters?.kind === 'IngressController' ? parameters.name : 'default'
  if (wanted !== router) return undefined
  return (Object.keys(CONTROLLERS) as Dialect[]).find(dialect => CONTROLLERS[dialect] === controller)
}

const byOldName = (name: string): Dialect | undefined =>
  name === 'fairlead' ? 'plain' : name === 'nginx' ? 'nginx' : undefined

/** Why nobody serves an Ingress, for its owner; undefined when somebody does. `classless`: those without a class are served. */
export function unclaimedBecause(ingress: Ingress, classes: Classes, classless: boolean): string | undefined {
  const name = classNameOf(ingress)
  if (name === undefined)
    return classless ? undefined : 'it has no spec.ingressClassName, and no IngressClass is the default'
  const found = classes(name)
  if (!found)
    return dialectOf(ingress, classes, 'default') ? undefined : `there is no IngressClass ${JSON.stringify(name)}`
  const controller = found.spec?.controller ?? ''
  const isKnown =
    (Object.values(CONTROLLERS) as string[]).includes(controller) || (classless && controller === TO_ROUTES)
  return isKnown
    ? undefined
    : `IngressClass ${name} is for the controller ${JSON.stringify(controller)}, which is not ours`
}
