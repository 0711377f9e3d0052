/** What is wrong with the rules of a structural schema. Source, also of the texts: k8s.io/apiextensions-apiserver's validation. */
import { messageOf } from '../../lib/errors.ts'
import { CelError } from '../cel/ast.ts'
import type { SourceCheck } from '../cel/check/source.ts'
import { checkSource } from '../cel/check/source.ts'
import type { Type } from '../cel/check/type.ts'
import { BOOL, DYN, isSame, optionalOf, STRING } from '../cel/check/type.ts'
import { compileRule } from '../cel/rules.ts'
import { invalid } from '../field-error.ts'
import type { FieldError } from '../kind.ts'
import type { Rule } from '../node.ts'
import { celType } from './cel-type.ts'
import type { JsonSchema } from './schema.ts'
import { isSchema } from './schema.ts'

/** Where a schema stands, and above it the first value whose old and new parts nobody can tell apart. */
interface Place {
  readonly path: string
  readonly isObject: boolean
  readonly uncorrelated: string | undefined
}

/** Rules that do not fit the types, or could never run. The schema must be structural. */
export const ruleErrors = (schema: JsonSchema, path: string): readonly FieldError[] =>
  visit(schema, { path, isObject: true, uncorrelated: undefined })

function visit(schema: JsonSchema, place: Place): FieldError[] {
  const rules = (schema['x-kubernetes-validations'] ?? []) as readonly Rule[]
  const type = rules.length > 0 ? (celType(schema, place.isObject) ?? DYN) : DYN
  return [
    ...rules.flatMap((rule, index) => errorsOf(rule, type, `${place.path}.x-kubernetes-validations[${index}]`, place)),
    ...children(schema, place).flatMap(([child, where]) => visit(child, where)),
  ]
}

function children(schema: JsonSchema, { path, uncorrelated }: Place): readonly (readonly [JsonSchema, Place])[] {
  const child = (one: JsonSchema, more: string, isTold: boolean) =>
    [
      one,
      {
        path: `${path}.${more}`,
        isObject: one['x-kubernetes-embedded-resource'] ?? false,
        uncorrelated: isTold ? uncorrelated : path,
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

function errorsOf(rule: Rule, self: Type, path: string, { uncorrelated }: Place): FieldError[] {
  const names = new Map([
    ['self', self],
    ['oldSelf', rule.optionalOldSelf ? optionalOf(self) : self],
  ])
  const { used, problem } = checked(rule.rule, BOOL, names)
  const errors = problem === undefined ? messageErrors(rule, path, names) : [invalid(`${path}.rule`, rule, problem)]
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

function messageErrors(rule: Rule, path: string, names: ReadonlyMap<string, Type>): FieldError[] {
  const problem = rule.messageExpression ? checked(rule.messageExpression, STRING, names).problem : undefined
  if (problem === undefined) return unknownErrors(rule, path)
  return [invalid(`${path}.messageExpression`, rule, problem.replace(/^(cel e|compilation)/, rename))]
}

const rename = (found: string): string => (found === 'cel e' ? 'messageE' : `messageExpression ${found}`)

function checked(source: string, wanted: Type, names: ReadonlyMap<string, Type>): Omit<SourceCheck, 'type'> {
  const { type, used, problem } = checkSource(source, names)
  if (problem !== undefined) return { used, problem }
  return isSame(type, wanted) ? { used } : { used, problem: `cel expression must evaluate to a ${wanted.name}` }
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
