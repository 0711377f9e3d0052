/** ValidatingAdmissionPolicies in force. Source: k8s.io/apiserver/pkg/admission/plugin/policy/validating. */
import type { MatchResources, ParamRef, Validation } from '../../api/admissionregistration/policy-parts.ts'
import type { ValidatingAdmissionPolicy } from '../../api/admissionregistration/validating-admission-policy.ts'
import type { ValidatingAdmissionPolicyBinding } from '../../api/admissionregistration/validating-admission-policy-binding.ts'
import { matchesSelector } from '../../api/meta/matches.ts'
import { plainValue } from '../../schema/cel/from-json.ts'
import type { Budget, Value } from '../../schema/cel/mod.ts'
import { CelBudgetError, CelError } from '../../schema/cel/mod.ts'
import type { Store, Stored } from '../../store/mod.ts'
import { forbidden } from '../errors.ts'
import type { Registry } from '../resource/registry.ts'
import { collectionPrefix, keyOf, prefixOf } from '../resource/resource.ts'
import { StatusError } from '../status-error.ts'
import { parseBytes } from '../stored.ts'
import type { Surroundings } from './expressions.ts'
import { conditionsHold, EXPRESSION_STEPS, lazyValues, programOf, requestValues } from './expressions.ts'
import { isExempt, meantVersion, resourcesMatch } from './match.ts'
import type { Attributes, Plugin } from './mod.ts'

const GROUP = 'admissionregistration.k8s.io'

export function admissionPolicies(around: Surroundings, registry: Registry): Plugin {
  const { store } = around
  return {
    name: 'ValidatingAdmissionPolicy',
    operations: ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'],
    validate(attributes) {
      if (isExempt(attributes)) return undefined
      const { items } = store.range(prefixOf(GROUP, 'validatingadmissionpolicybindings'))
      return items.length === 0 ? undefined : enforceAll(around, registry, attributes, items)
    },
  }
}

const known = new WeakMap<Uint8Array, unknown>()

/** By the stored bytes, which most requests find unchanged. */
function parsed<T>(value: Uint8Array): T {
  let object = known.get(value)
  if (object === undefined) {
    object = parseBytes(value)
    known.set(value, object)
  }
  return object as T
}

async function enforceAll(
  around: Surroundings,
  registry: Registry,
  attributes: Attributes,
  bindings: readonly Stored[],
): Promise<void> {
  for (const { value } of bindings)
    await enforce(around, registry, attributes, parsed<ValidatingAdmissionPolicyBinding>(value))
}

async function enforce(
  around: Surroundings,
  registry: Registry,
  attributes: Attributes,
  binding: ValidatingAdmissionPolicyBinding,
): Promise<void> {
  const { store } = around
  const found = store.head(prefixOf(GROUP, 'validatingadmissionpolicies') + binding.spec.policyName)
  if (!found) return
  const policy = parsed<ValidatingAdmissionPolicy>(found.value)
  const { matchConstraints } = policy.spec
  const asked = matchConstraints && (await meant(around, registry, matchConstraints, attributes))
  if (!asked) return
  if (binding.spec.matchResources && !(await meant(around, registry, binding.spec.matchResources, attributes))) return
  const act = (problem: Problem): void => settle(attributes, policy, binding, problem)
  const params = paramsOf(store, registry, attributes, policy, binding)
  if (params === undefined)
    act({
      text: 'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
      failed: true,
    })
  for (const param of params ?? []) for (const problem of problems(around, asked, policy, param)) act(problem)
}

/** The request in the version that the rules name. */
const meant = ({ store }: Surroundings, registry: Registry, match: MatchResources, attributes: Attributes) =>
  meantVersion(registry, match.matchPolicy, attributes, one => resourcesMatch(match, one, store))

interface Problem {
  readonly text: string
  readonly reason?: string
  /** It could not be found out. */
  readonly failed?: boolean
}

function* problems(
  around: Surroundings,
  attributes: Attributes,
  { spec }: ValidatingAdmissionPolicy,
  params: Value,
): Generator<Problem> {
  const budget = { left: EXPRESSION_STEPS }
  const values: Record<string, Value> = { ...requestValues(attributes, around), params }
  values.variables = lazyValues((spec.variables ?? []) as never, values, budget)
  try {
    if (!conditionsHold(spec.matchConditions ?? [], values, budget)) return
  } catch (error) {
    yield { text: `failed to evaluate match conditions: ${textOf(error)}`, failed: true }
    return
  }
  for (const validation of spec.validations ?? []) {
    const problem = problemOf(validation, values, budget)
    if (problem) yield problem
  }
}

function problemOf(validation: Validation, values: Record<string, Value>, budget: Budget): Problem | undefined {
  const { expression, message, messageExpression, reason } = validation
  try {
    if (programOf(expression).run(values, budget) === true) return undefined
  } catch (error) {
    return { text: `expression '${expression.trim()}' resulted in error: ${textOf(error)}`, failed: true }
  }
  const said = messageExpression ? spoken(messageExpression, values, budget) : undefined
  const text = said ?? (message?.trim() || `failed expression: ${expression.trim()}`)
  return { text, ...(reason ? { reason } : {}) }
}

/** A message that cannot be made is none. */
function spoken(expression: string, values: Record<string, Value>, budget: Budget): string | undefined {
  try {
    const text = programOf(expression).run(values, budget)
    return typeof text === 'string' && text.trim() !== '' ? text.trim() : undefined
  } catch (error) {
    if (error instanceof CelError) return undefined
    throw error
  }
}

function textOf(error: unknown): string {
  if (error instanceof CelError || error instanceof CelBudgetError) return error.message
  throw error
}

const CODES: Readonly<Record<string, number>> = { Unauthorized: 401, Forbidden: 403, RequestEntityTooLarge: 413 }

/** Throws StatusError where the binding denies. */
function settle(
  attributes: Attributes,
  policy: ValidatingAdmissionPolicy,
  binding: ValidatingAdmissionPolicyBinding,
  { text, reason = 'Invalid', failed }: Problem,
): void {
  if (failed && policy.spec.failurePolicy === 'Ignore') return
  const actions = binding.spec.validationActions ?? []
  const which = `ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}'`
  if (actions.includes('Warn')) attributes.warn?.(`Validation failed for ${which}: ${text}`)
  if (!actions.includes('Deny')) return
  const message = `${which} denied request: ${text}`
  const { status } = forbidden(attributes.resource, attributes.name, message, [{ reason: '', message }])
  throw new StatusError(CODES[reason] ?? 422, reason, status.message, status.details)
}

const NO_PARAMS: readonly Value[] = [null]

/** What the binding gives the policy, each to be looked at with it; undefined where there must be some and are none. */
function paramsOf(
  store: Store,
  registry: Registry,
  attributes: Attributes,
  { spec: { paramKind } }: ValidatingAdmissionPolicy,
  { spec: { paramRef } }: ValidatingAdmissionPolicyBinding,
): readonly Value[] | undefined {
  if (!paramKind || !paramRef) return NO_PARAMS
  const [version = '', group = ''] = (paramKind.apiVersion ?? '').split('/').reverse()
  const resource = registry.byKind(group, paramKind.kind ?? '', version)
  const namespace = resource?.namespaced ? paramRef.namespace || attributes.namespace : undefined
  const found = resource ? objectsOf(store, resource, namespace, paramRef) : []
  if (found.length > 0) return found.map(plainValue)
  return paramRef.parameterNotFoundAction === 'Allow' ? [] : undefined
}

function objectsOf(
  store: Store,
  resource: Parameters<typeof keyOf>[0],
  namespace: string | undefined,
  { name, selector }: ParamRef,
): readonly unknown[] {
  if (name) {
    const stored = store.head(keyOf(resource, namespace, name))
    return stored ? [parsed(stored.value)] : []
  }
  const all = store
    .range(collectionPrefix(resource, namespace))
    .items.map(({ value }) => parsed<{ metadata: { labels?: Record<string, string> } }>(value))
  return selector ? all.filter(({ metadata }) => matchesSelector(selector, metadata.labels)) : all
}
