/** Which requests a policy or a webhook is about. Source: k8s.io/apiserver/pkg/admission/plugin/webhook/predicates. */
import type { MatchResources, NamedRuleWithOperations } from '../../api/admissionregistration/policy-parts.ts'
import type { RuleWithOperations } from '../../api/admissionregistration/rule.ts'
import { matchesSelector } from '../../api/meta/matches.ts'
import type { LabelSelector } from '../../api/meta/selector.ts'
import type { Store } from '../../store/mod.ts'
import { objectIn } from '../converted.ts'
import type { Registry } from '../resource/registry.ts'
import type { Resource } from '../resource/resource.ts'
import { prefixOf } from '../resource/resource.ts'
import { parseBytes } from '../stored.ts'
import type { Attributes } from './mod.ts'

const OWN_GROUP = 'admissionregistration.k8s.io'

/** What says who is asked is itself asked about by nobody: a mistake in it could not be undone. */
export const isExempt = ({ resource }: Attributes): boolean => resource.group === OWN_GROUP

const has = (values: readonly string[] | undefined, wanted: string): boolean =>
  values?.some(value => value === '*' || value === wanted) === true

export function ruleMatches(rule: RuleWithOperations, { operation, resource, subresource }: Attributes): boolean {
  const { scope = '*' } = rule
  return (
    has(rule.operations, operation) &&
    has(rule.apiGroups, resource.group) &&
    has(rule.apiVersions, resource.version) &&
    (scope === '*' || (scope === 'Namespaced') === resource.namespaced) &&
    rule.resources?.some(value => resourceMatches(value, resource.plural, subresource)) === true
  )
}

function resourceMatches(value: string, plural: string, subresource: string): boolean {
  const [wanted, wantedSub = ''] = value.split('/')
  return (wanted === '*' || wanted === plural) && (wantedSub === subresource || wantedSub === '*')
}

const namedMatches = (rule: NamedRuleWithOperations, attributes: Attributes): boolean =>
  ruleMatches(rule, attributes) && (!rule.resourceNames?.length || rule.resourceNames.includes(attributes.name))

export function resourcesMatch(match: MatchResources, attributes: Attributes, store: Store): boolean {
  if (match.excludeResourceRules?.some(rule => namedMatches(rule, attributes))) return false
  if (match.resourceRules?.length && !match.resourceRules.some(rule => namedMatches(rule, attributes))) return false
  return selectorsMatch(match, attributes, store)
}

/**
 * The request as it came, where that is meant, else in the first other version of its resource that is, with its objects
 * converted; undefined where no version is. Throws StatusError 500 where they cannot be.
 */
export async function meantVersion(
  registry: Registry,
  matchPolicy: string | undefined,
  attributes: Attributes,
  isMeant: (one: Attributes) => boolean,
): Promise<Attributes | undefined> {
  if (isMeant(attributes)) return attributes
  if (matchPolicy === 'Exact') return undefined
  const { resource, object, old } = attributes
  for (const other of registry.all()) {
    if (!isSame(other, resource) || other.version === resource.version) continue
    if (!isMeant({ ...attributes, resource: other })) continue
    return {
      ...attributes,
      resource: other,
      requested: resource,
      ...(object ? { object: await objectIn(other, object) } : {}),
      ...(old ? { old: await objectIn(other, old) } : {}),
    }
  }
  return undefined
}

const isSame = (a: Resource, b: Resource): boolean => a.group === b.group && a.plural === b.plural

interface Selectors {
  readonly namespaceSelector?: LabelSelector
  readonly objectSelector?: LabelSelector
}

export function selectorsMatch(selectors: Selectors, attributes: Attributes, store: Store): boolean {
  const { namespaceSelector = {}, objectSelector = {} } = selectors
  const { object, old } = attributes
  const labels = [object, old].flatMap(each => (each ? [each.metadata?.labels] : []))
  if (!isEmpty(objectSelector) && !labels.some(each => matchesSelector(objectSelector, each))) return false
  if (isEmpty(namespaceSelector)) return true
  const namespace = namespaceOf(attributes, store)
  return namespace === undefined || matchesSelector(namespaceSelector, namespace.metadata.labels)
}

const isEmpty = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0

/** The namespace that a request is in or about; undefined for one about the cluster. */
export function namespaceOf({ resource, namespace, object, old }: Attributes, store: Store) {
  if (resource.group === '' && resource.plural === 'namespaces') return object ?? old
  const stored = namespace === undefined ? undefined : store.head(prefixOf('', 'namespaces') + namespace)
  return stored && parseBytes(stored.value)
}
