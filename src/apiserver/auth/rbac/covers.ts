import type { PolicyRule } from '../../../api/rbac/role.ts'
import { has, pathMatches, resourceMatches } from './rules.ts'

/** A rule about one verb of one thing. */
type Single =
  | { readonly verb: string; readonly url: string }
  | { readonly verb: string; readonly group: string; readonly resource: string; readonly name?: string }

/**
 * What of the wanted rules the held ones do not permit; empty when they cover all. Source:
 * k8s.io/component-helpers/auth/rbac/validation/policy_comparator.go
 */
export const uncovered = (held: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] =>
  compact(wanted.flatMap(rule => [...singles(rule)]).filter(single => !held.some(rule => covers(rule, single))))

function* singles(rule: PolicyRule): Generator<Single> {
  for (const verb of rule.verbs) {
    for (const url of rule.nonResourceURLs ?? []) yield { verb, url }
    for (const group of rule.apiGroups ?? [])
      for (const resource of rule.resources ?? []) {
        if (!rule.resourceNames?.length) yield { verb, group, resource }
        for (const name of rule.resourceNames ?? []) yield { verb, group, resource, name }
      }
  }
}

function covers(rule: PolicyRule, single: Single): boolean {
  if (!has(rule.verbs, single.verb)) return false
  if ('url' in single) return pathMatches(rule, single.url)
  const { resourceNames: names } = rule
  const [plural = '', subresource = ''] = single.resource.split('/')
  return (
    has(rule.apiGroups, single.group) &&
    resourceMatches(rule, plural, subresource) &&
    (!names?.length || (single.name !== undefined && names.includes(single.name)))
  )
}

/** Verbs of the same thing together. */
function compact(all: readonly Single[]): readonly PolicyRule[] {
  const byThing = new Map<string, { rule: Omit<PolicyRule, 'verbs'>; verbs: string[] }>()
  for (const single of all) {
    const { verb, ...thing } = single
    const key = JSON.stringify(thing)
    const found = byThing.get(key) ?? { rule: ruleOf(single), verbs: [] }
    found.verbs.push(verb)
    byThing.set(key, found)
  }
  return [...byThing.values()].map(({ rule, verbs }) => ({ ...rule, verbs }))
}

function ruleOf(single: Single): Omit<PolicyRule, 'verbs'> {
  if ('url' in single) return { nonResourceURLs: [single.url] }
  const { group, resource, name } = single
  return { apiGroups: [group], resources: [resource], ...(name === undefined ? {} : { resourceNames: [name] }) }
}

/** As Go prints it in refusals. */
export function ruleText({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const part = (name: string, values: readonly string[] | undefined): readonly string[] =>
    values?.length ? [`${name}:${quoted(values)}`] : []
  const parts = [
    ...part('APIGroups', apiGroups),
    ...part('Resources', resources),
    ...part('NonResourceURLs', nonResourceURLs),
    ...part('ResourceNames', resourceNames),
    ...part('Verbs', verbs),
  ]
  return `{${parts.join(', ')}}`
}

/** A list of texts as Go's %q prints one. */
export const quoted = (values: readonly string[]): string => `[${values.map(value => JSON.stringify(value)).join(' ')}]`
