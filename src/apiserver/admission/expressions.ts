/** What expressions of policies and match conditions may refer to. Source: k8s.io/apiserver/pkg/admission/plugin/cel. */
import { plainValue, typedValue } from '../../schema/cel/from-json.ts'
import type { Budget, Decide, Program, Value } from '../../schema/cel/mod.ts'
import { CelError, celProgram } from '../../schema/cel/mod.ts'
import type { Store } from '../../store/mod.ts'
import type { Authorizer } from '../auth/authorizer.ts'
import { accountUser } from '../auth/user.ts'
import type { Resource } from '../resource/resource.ts'
import { userInfo } from '../reviews/self.ts'
import { namespaceOf } from './match.ts'
import type { Attributes } from './mod.ts'

/** Steps of all expressions of one policy, or of one webhook's conditions, for one request. */
export const EXPRESSION_STEPS = 10_000_000

export const REQUEST_NAMES = ['object', 'oldObject', 'request', 'namespaceObject', 'params', 'variables', 'authorizer']

const programs = new Map<string, Program | CelError>()
const MAX_PROGRAMS = 5000

/** Compiled once. Throws CelError. */
export function programOf(expression: string): Program {
  let made = programs.get(expression)
  if (!made) {
    if (programs.size >= MAX_PROGRAMS) programs.clear()
    made = attempt(expression)
    programs.set(expression, made)
  }
  if (made instanceof CelError) throw made
  return made
}

function attempt(expression: string): Program | CelError {
  try {
    return celProgram(expression, REQUEST_NAMES)
  } catch (error) {
    if (error instanceof CelError) return error
    throw error
  }
}

/** What expressions may ask beside the request itself. */
export interface Surroundings {
  readonly store: Store
  readonly authorizer: Authorizer
}

export function requestValues(attributes: Attributes, { store, authorizer }: Surroundings): Record<string, Value> {
  const { resource, object, old, connect } = attributes
  const known = new Map<unknown, Value>()
  const value = (json: unknown): Value => {
    if (json === undefined) return null
    return connect ? plainValue(json) : typedValue(resource.node, json, known)
  }
  return {
    object: value(object),
    oldObject: value(old),
    request: plainValue(requestOf(attributes)),
    namespaceObject: plainValue(namespaceOf(attributes, store) ?? null),
    params: null,
    variables: new Map(),
    authorizer: authorizerValue(authorizer, attributes),
  }
}

/** The user's rights, as expressions ask about them. */
function authorizerValue(authorizer: Authorizer, attributes: Attributes): Value {
  const { resource, subresource, namespace = '', name } = attributes
  const request = {
    is: 'resource',
    group: resource.group,
    resource: resource.plural,
    subresource,
    namespace,
    name,
  } as const
  const decide: Decide = ({ account, path = '', group = '', resource: plural, ...question }, verb) => {
    const { subresource = '', namespace = '', name = '' } = question
    const user = account ? accountUser(account.namespace, account.name) : attributes.user
    const asked = { group, version: '*', plural: plural ?? '', subresource, namespace, name }
    return authorizer.authorize({ user, verb, path, ...(plural === undefined ? {} : { resource: asked }) })
  }
  return { cel: 'authorizer', question: { is: 'user' }, decide, request }
}

/** The AdmissionRequest without its objects. */
export function requestOf(attributes: Attributes) {
  const { operation, resource, subresource, namespace, name, user, dryRun, connect, requested = resource } = attributes
  const kindOf = ({ group, version, kind }: Resource) =>
    connect ? { group: '', version: 'v1', kind: connect } : { group, version, kind }
  const resourceOf = ({ group, version, plural }: Resource) => ({ group, version, resource: plural })
  const sub = subresource === '' ? {} : { subResource: subresource, requestSubResource: subresource }
  const where = namespace === undefined ? {} : { namespace }
  return {
    kind: kindOf(resource),
    resource: resourceOf(resource),
    requestKind: kindOf(requested),
    requestResource: resourceOf(requested),
    ...sub,
    name,
    ...where,
    operation,
    userInfo: userInfo(user),
    dryRun,
  }
}

interface Named {
  readonly name: string
  readonly expression: string
}

/** Values that are worked out when first asked for. */
export function lazyValues(variables: readonly Named[], values: Record<string, Value>, budget: Budget): Value {
  const expressions = new Map(variables.map(({ name, expression }) => [name, expression]))
  const known = new Map<Value, Value>()
  class Lazy extends Map<Value, Value> {
    override get(name: Value): Value | undefined {
      const expression = typeof name === 'string' ? expressions.get(name) : undefined
      if (expression === undefined || known.has(name)) return known.get(name)
      expressions.delete(name as string)
      const value = programOf(expression).run(values, budget)
      known.set(name, value)
      return value
    }
  }
  return new Lazy()
}

/** Whether all conditions hold: one that is false decides, whatever is wrong with others. Throws CelError. */
export function conditionsHold(
  conditions: readonly Named[],
  values: Readonly<Record<string, Value>>,
  budget: Budget,
): boolean {
  let failure: CelError | undefined
  for (const { expression } of conditions) {
    try {
      if (programOf(expression).run(values, budget) === false) return false
    } catch (error) {
      if (!(error instanceof CelError)) throw error
      failure ??= error
    }
  }
  if (failure) throw failure
  return true
}
