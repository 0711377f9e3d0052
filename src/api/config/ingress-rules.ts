/** The rules of the cluster's Ingress configuration, as the CRD of config.openshift.io has them. */
import { invalid, tooMany } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { labelValue, qualifiedName } from '../meta/names.ts'
import type { Ingress } from './ingress.ts'

const MAX_ROUTES = 250

export function ingressConfigErrors({ spec }: Ingress, old?: Ingress): readonly FieldError[] {
  const routes = spec.componentRoutes ?? []
  const isTooMany = routes.length > MAX_ROUTES && routes.length !== old?.spec.componentRoutes?.length
  return [
    ...(old?.spec.domain && spec.domain !== old.spec.domain
      ? [invalid('spec.domain', spec.domain, 'domain is immutable once set')]
      : []),
    ...(isTooMany ? [tooMany('spec.componentRoutes', routes.length, MAX_ROUTES)] : []),
    ...routes.flatMap(({ labels = {} }, index) =>
      Object.entries(labels).flatMap(([key, value]) => {
        const problem = labelProblem(key, value)
        return problem === undefined ? [] : [invalid(`spec.componentRoutes[${index}].labels`, '', problem)]
      }),
    ),
  ]
}

function labelProblem(key: string, value: string): string | undefined {
  const name = key.slice(key.indexOf('/') + 1)
  if (/^(.*\.)?(kubernetes\.io|k8s\.io|openshift\.io)\//.test(key))
    return 'kubernetes.io/, k8s.io/, and openshift.io/ prefixed label keys are reserved and may not be used'
  if (name.length < 1 || name.length > 63) return 'label keys must be between 1 and 63 characters in length'
  if (qualifiedName(key).length > 0)
    return 'label keys must be valid qualified names, consisting of an optional DNS subdomain prefix and a name'
  return labelValue(value).length > 0 ? 'label values must be valid Kubernetes label values' : undefined
}
