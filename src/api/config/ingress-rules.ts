/** The rules of the cluster's Ingress configuration, as the CRD of config.openshift.io has them. */
import { invalid, tooMany } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { labelValue, qualifiedName } from '../meta/names.ts'
import type { ComponentRouteSpec, Ingress } from './ingress.ts'

const MAX_ROUTES = 250
const MAX_LABELS = 8

export function ingressConfigErrors({ spec }: Ingress, old?: Ingress): readonly FieldError[] {
  const routes = spec.componentRoutes ?? []
  const before = old?.spec.componentRoutes?.length ?? 0
  return [
    ...(old?.spec.domain && spec.domain !== old.spec.domain
      ? [invalid('spec.domain', spec.domain, 'domain is immutable once set')]
      : []),
    ...(routes.length > Math.max(MAX_ROUTES, before === routes.length ? before : 0)
      ? [tooMany('spec.componentRoutes', routes.length, MAX_ROUTES)]
      : []),
    ...routes.flatMap((route, index) => labelErrors(route, `spec.componentRoutes[${index}].labels`)),
  ]
}

const isReserved = (key: string): boolean => /^(.*\.)?(kubernetes\.io|k8s\.io|openshift\.io)\//.test(key)

function labelErrors({ labels = {} }: ComponentRouteSpec, field: string): readonly FieldError[] {
  const entries = Object.entries(labels)
  const wrong = (detail: string): FieldError => invalid(field, '', detail)
  if (entries.length > MAX_LABELS) return [tooMany(field, entries.length, MAX_LABELS)]
  return entries.flatMap(([key, value]) => {
    const name = key.slice(key.indexOf('/') + 1)
    if (isReserved(key))
      return [wrong('kubernetes.io/, k8s.io/, and openshift.io/ prefixed label keys are reserved and may not be used')]
    if (name.length < 1 || name.length > 63) return [wrong('label keys must be between 1 and 63 characters in length')]
    if (qualifiedName(key).length > 0)
      return [
        wrong('label keys must be valid qualified names, consisting of an optional DNS subdomain prefix and a name'),
      ]
    return labelValue(value).length > 0 ? [wrong('label values must be valid Kubernetes label values')] : []
  })
}
