/** What is wrong with webhooks. Source: k8s.io/kubernetes/pkg/apis/admissionregistration/validation. */
import { duplicate, invalid, notSupported, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { dns1035Label, dns1123Subdomain } from '../meta/names.ts'
import { webhookClientErrors } from '../meta/webhook-client.ts'
import { conditionErrors } from './expressions.ts'
import type { RuleWithOperations } from './rule.ts'
import type { MutatingWebhook, ValidatingWebhook } from './webhook.ts'

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const QUIET = ['None', 'NoneOnDryRun']
const REVIEWS = ['v1', 'v1beta1']

interface Configuration {
  readonly webhooks?: readonly (ValidatingWebhook | MutatingWebhook)[]
}

export function webhookErrors({ webhooks = [] }: Configuration): readonly FieldError[] {
  const names = webhooks.map(({ name }) => name)
  return webhooks.flatMap((webhook, index) => [
    ...errorsOf(webhook, `webhooks[${index}]`),
    ...(names.indexOf(webhook.name) < index ? [duplicate(`webhooks[${index}].name`, webhook.name)] : []),
  ])
}

function errorsOf(webhook: ValidatingWebhook | MutatingWebhook, path: string): readonly FieldError[] {
  const { name, rules = [], sideEffects, timeoutSeconds = 10, clientConfig, matchConditions = [] } = webhook
  const errors = fullNameErrors(name, `${path}.name`)
  for (const [index, rule] of rules.entries()) errors.push(...ruleErrors(rule, `${path}.rules[${index}]`))
  if (!QUIET.includes(sideEffects)) errors.push(notSupported(`${path}.sideEffects`, sideEffects, QUIET))
  if (timeoutSeconds < 1 || timeoutSeconds > 30)
    errors.push(invalid(`${path}.timeoutSeconds`, timeoutSeconds, 'the timeout value must be between 1 and 30 seconds'))
  errors.push(...webhookClientErrors(clientConfig, `${path}.clientConfig`))
  errors.push(...reviewErrors(webhook.admissionReviewVersions, `${path}.admissionReviewVersions`))
  return [...errors, ...conditionErrors(matchConditions, `${path}.matchConditions`, false)]
}

/** Three labels or more. */
function fullNameErrors(name: string, path: string): FieldError[] {
  if (name === '') return [required(path)]
  const wrong = dns1123Subdomain(name)
  if (wrong.length > 0) return [invalid(path, name, wrong.join(','))]
  return name.split('.').length < 3
    ? [invalid(path, name, 'should be a domain with at least three segments separated by dots')]
    : []
}

function ruleErrors(
  { operations = [], apiGroups = [], apiVersions = [], resources = [] }: RuleWithOperations,
  path: string,
): readonly FieldError[] {
  const alone = (field: string, list: readonly string[], what: string): readonly FieldError[] =>
    list.length > 1 && list.includes('*')
      ? [invalid(`${path}.${field}`, list, `if '*' is present, must not specify other ${what}`)]
      : []
  const missing = Object.entries({ operations, apiGroups, apiVersions, resources }).filter(([, list]) => !list.length)
  return [
    ...missing.map(([field]) => required(`${path}.${field}`)),
    ...alone('operations', operations, 'operations'),
    ...operations.flatMap((one, index) =>
      OPERATIONS.includes(one) ? [] : [notSupported(`${path}.operations[${index}]`, one, OPERATIONS)],
    ),
    ...alone('apiGroups', apiGroups, 'API groups'),
    ...alone('apiVersions', apiVersions, 'API versions'),
  ]
}

function reviewErrors(versions: readonly string[], path: string): readonly FieldError[] {
  if (versions.length === 0) return [required(path, `must specify one of ${REVIEWS.join(', ')}`)]
  return [
    ...versions.flatMap((version, index) =>
      versions.indexOf(version) < index
        ? [invalid(`${path}[${index}]`, version, 'duplicate version')]
        : dns1035Label(version).map(why => invalid(`${path}[${index}]`, version, why)),
    ),
    ...(versions.some(version => REVIEWS.includes(version))
      ? []
      : [invalid(path, versions, `must include at least one of ${REVIEWS.join(', ')}`)]),
  ]
}
