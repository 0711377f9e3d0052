import type { PolicyRule } from '../../../api/rbac/role.ts'
import type { Attributes } from '../authorizer.ts'

const ALL = '*'

/** Whether one rule permits a request. Source: k8s.io/kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go */
export function ruleAllows(rule: PolicyRule, { verb, resource, path }: Attributes): boolean {
  if (!has(rule.verbs, verb)) return false
  if (!resource) return pathMatches(rule, path)
  return (
    has(rule.apiGroups, resource.group) &&
    resourceMatches(rule, resource.plural, resource.subresource) &&
    nameMatches(rule, resource.name)
  )
}

export const has = (values: readonly string[] | undefined, wanted: string): boolean =>
  values?.some(value => value === ALL || value === wanted) === true

export function resourceMatches({ resources }: PolicyRule, plural: string, subresource: string): boolean {
  const full = subresource === '' ? plural : `${plural}/${subresource}`
  return (
    resources?.some(
      value => value === ALL || value === full || (subresource !== '' && value === `*/${subresource}`),
    ) === true
  )
}

const nameMatches = ({ resourceNames }: PolicyRule, name: string): boolean =>
  !resourceNames || resourceNames.length === 0 || resourceNames.includes(name)

export const pathMatches = ({ nonResourceURLs }: PolicyRule, path: string): boolean =>
  nonResourceURLs?.some(
    value => value === ALL || value === path || (value.endsWith(ALL) && path.startsWith(value.slice(0, -1))),
  ) === true
