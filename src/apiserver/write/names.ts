import type { FieldError } from '../../schema/kind.ts'
import type { Obj } from '../object.ts'
import type { Resource } from '../resource/resource.ts'

/** Rules of a name, and the words they are refused with (k8s.io/apimachinery/pkg/util/validation). */
interface NameRule {
  readonly pattern: RegExp
  readonly maxLength: number
  readonly message: string
}

const SUBDOMAIN: NameRule = {
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  maxLength: 253,
  message:
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
}
const LABEL: NameRule = {
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  maxLength: 63,
  message:
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
}
const SERVICE: NameRule = {
  pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
  maxLength: 63,
  message:
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
}
/** Anything that can be a path segment. */
const SEGMENT: NameRule = {
  pattern: /^(?!\.{1,2}$)[^/%]+$/,
  maxLength: 253,
  message: "may not be '.', '..' or contain '/' or '%'",
}

/** By plural and group. Names of IPAddresses are addresses, as their kind checks. */
const RULES: Readonly<Record<string, NameRule>> = {
  'namespaces.': LABEL,
  'services.': SERVICE,
  'ipaddresses.networking.k8s.io': SEGMENT,
}
const SEGMENT_GROUPS = new Set([
  'rbac.authorization.k8s.io',
  'oauth.openshift.io',
  'user.openshift.io',
  'certificates.k8s.io',
])

const ruleOf = (resource: Resource): NameRule => {
  if (SEGMENT_GROUPS.has(resource.group)) return SEGMENT
  return RULES[`${resource.plural}.${resource.group}`] ?? SUBDOMAIN
}

/** What is wrong with the name of a new object. */
export function nameErrors(resource: Resource, object: Obj): readonly FieldError[] {
  const { name } = object.metadata
  if (!name) return [{ type: 'Required', field: 'metadata.name', detail: 'name or generateName is required' }]
  const rule = ruleOf(resource)
  const errors: FieldError[] = []
  if (name.length > rule.maxLength) errors.push(bad(name, `must be no more than ${rule.maxLength} characters`))
  if (!rule.pattern.test(name)) errors.push(bad(name, rule.message))
  return errors
}

const bad = (value: string, detail: string): FieldError => ({ type: 'Invalid', field: 'metadata.name', value, detail })
