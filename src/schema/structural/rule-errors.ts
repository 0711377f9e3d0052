/** What is wrong with the rules of a structural schema. Source, also of the texts: k8s.io/apiextensions-apiserver's validation. */
import { messageOf } from '../../lib/errors.ts'
import { CelError } from '../cel/ast.ts'
import { times } from '../cel/check/size.ts'
import type { SourceCheck } from '../cel/check/source.ts'
import { checkSource } from '../cel/check/source.ts'
import type { Type } from '../cel/check/type.ts'
import { BOOL, DYN, isSame, optionalOf, STRING } from '../cel/check/type.ts'
import { compileRule } from '../cel/rules.ts'
import { invalid } from '../field-error.ts'
import type { FieldError } from '../kind.ts'
import type { Rule } from '../node.ts'
import type { SizedRoom } from './cel-room.ts'
import { roomOf } from './cel-room.ts'
import { celType } from './cel-type.ts'
import { mostChildren, RuleCosts } from './rule-costs.ts'
import type { JsonSchema } from './schema.ts'
import { isSchema } from './schema.ts'

/** Where a schema stands, and above it the first value whose old and new parts nobody can tell apart. */
interface Place {
  readonly path: string
  readonly isObject: boolean
  readonly uncorrelated: string | undefined
  /** How many values of the schema there can be; undefined where no limit is set. */
  readonly count: number | undefined
}

/** Rules that do not fit the types, could never run, or might take too much. The schema must be structural. */
export function ruleErrors(schema: JsonSchema, path: string, is: 'new' | 'known'): readonly FieldError[] {
  const costs = new RuleCosts(is === 'new')
  const errors = visit(schema, { path, isObject: true, uncorrelated: undefined, count: 1 }, costs)
  return [...errors, ...costs.errors(path)]
}

function visit(schema: JsonSchema, place: Place, costs: RuleCosts): FieldError[] {
  const rules = (schema['x-kubernetes-validations'] ?? []) as readonly Rule[]
  const room = rules.length > 0 ? roomOf(schema, place.isObject) : undefined
  const subject = { type: (room && celType(schema, place.isObject)) ?? DYN, room: room ?? NO_ROOM, costs }
  return [
    ...rules.flatMap((rule, index) =>
      errorsOf(rule, subject, `${place.path}.x-kubernetes-validations[${index}]`, place),
    ),
    ...children(schema, place).flatMap(([child, where]) => visit(child, where, costs)),
  ]
}

/** What a rule is about. */
interface Subject {
  readonly type: Type
  readonly room: SizedRoom
  readonly costs: RuleCosts
}

const NO_ROOM: SizedRoom = { max: 0, bytes: 1 }

function children(schema: JsonSchema, { path, uncorrelated, count }: Place): readonly (readonly [JsonSchema, Place])[] {
  const each = mostChildren(schema)
  const child = (one: JsonSchema, more: string, isTold: boolean) =>
    [
      one,
      {
        path: `${path}.${more}`,
        isObject: one['x-kubernetes-embedded-resource'] ?? false,
        uncorrelated: isTold ? uncorrelated : path,
        count: count === undefined || each === undefined ? undefined : times(count, each),
      },
    ] as const
  const { items, additionalProperties: values } = schema
  return [
    ...Object.entries(schema.properties ?? {}).map(([name, one]) =>
      child(one, `properties[${name}]`, schema['x-kubernetes-map-type'] !== 'atomic'),
    ),
    ...(isSchema(values) ? [child(values, 'additionalProperties', true)] : []),
    ...(isSchema(items) ? [child(items, 'items', schema['x-kubernetes-list-type'] === 'map')] : []),
  ]
}

function errorsOf(rule: Rule, subject: Subject, path: string, { uncorrelated, count }: Place): FieldError[] {
  const { type, room, costs } = subject
  const names = new Map([
    ['self', type],
    ['oldSelf', rule.optionalOldSelf ? optionalOf(type) : type],
  ])
  const { used, problem, cost } = checked(rule.rule, BOOL, names)
  const errors =
    problem === undefined
      ? [...costs.observe(`${path}.rule`, cost(room), room, count), ...messageErrors(rule, subject, path, names)]
      : [invalid(`${path}.rule`, rule, problem)]
  const usesOldSelf = problem === undefined && used.has('oldSelf')
  if (usesOldSelf && uncorrelated !== undefined)
    errors.push(invalid(`${path}.rule`, rule.rule, `${UNCORRELATED} ${uncorrelated}`))
  if (!usesOldSelf && rule.optionalOldSelf !== undefined)
    errors.push(
      invalid(`${path}.optionalOldSelf`, rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'),
    )
  return errors
}

const UNCORRELATED = 'oldSelf cannot be used on the uncorrelatable portion of the schema within'

function messageErrors(
  rule: Rule,
  { room, costs }: Subject,
  path: string,
  names: ReadonlyMap<string, Type>,
): readonly FieldError[] {
  if (!rule.messageExpression) return unknownErrors(rule, path)
  const { problem, cost } = checked(rule.messageExpression, STRING, names)
  const where = `${path}.messageExpression`
  if (problem !== undefined) return [invalid(where, rule, problem.replace(/^(cel e|compilation)/, rename))]
  return [...costs.observeMessage(where, cost(room)), ...unknownErrors(rule, path)]
}

const rename = (found: string): string => (found === 'cel e' ? 'messageE' : `messageExpression ${found}`)

function checked(source: string, wanted: Type, names: ReadonlyMap<string, Type>): Omit<SourceCheck, 'type'> {
  const { type, ...found } = checkSource(source, names)
  if (found.problem !== undefined || isSame(type, wanted)) return found
  return { ...found, problem: `cel expression must evaluate to a ${wanted.name}` }
}

/** What the types allow and the evaluator does not have. */
function unknownErrors(rule: Rule, path: string): FieldError[] {
  try {
    compileRule(rule)
    return []
  } catch (error) {
    if (!(error instanceof CelError)) throw error
    return [invalid(`${path}.rule`, rule, `compilation failed: ${messageOf(error)}`)]
  }
}
