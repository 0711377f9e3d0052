/** The fields of a rule beside what it computes, as k8s.io/apiextensions-apiserver's validation has them. */
import { invalid, notSupported, required } from '../field-error.ts'
import type { FieldError } from '../kind.ts'
import type { Rule } from '../node.ts'
import type { JsonSchema } from './schema.ts'
import { isSchema } from './schema.ts'

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']

export function ruleTextErrors(schema: JsonSchema, path: string): FieldError[] {
  const rules = (schema['x-kubernetes-validations'] ?? []) as readonly Rule[]
  return rules.flatMap((rule, index) => errorsOf(schema, rule, `${path}.x-kubernetes-validations[${index}]`))
}

const isBlank = (text: string | undefined): boolean => text !== undefined && text !== '' && text.trim() === ''
const hasNewlines = (text: string): boolean => /[\n\r]/.test(text)

function errorsOf(schema: JsonSchema, rule: Rule, path: string): FieldError[] {
  const { message = '', messageExpression, reason, fieldPath = '' } = rule
  const errors = ruleProblem(rule, path)
  if (isBlank(messageExpression))
    errors.push(required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified'))
  if (reason !== undefined && !REASONS.includes(reason)) errors.push(notSupported(`${path}.reason`, reason, REASONS))
  if (isBlank(fieldPath))
    errors.push(invalid(`${path}.fieldPath`, fieldPath, 'fieldPath must be non-empty if specified'))
  if (hasNewlines(fieldPath))
    errors.push(invalid(`${path}.fieldPath`, fieldPath, 'fieldPath must not contain line breaks'))
  if (fieldPath !== '' && !leadsSomewhere(schema, fieldPath))
    errors.push(invalid(`${path}.fieldPath`, fieldPath, 'fieldPath must be a valid path'))
  if (hasNewlines((rule.rule ?? '').trim()) && message.trim() === '' && !isBlank(message))
    errors.push(required(`${path}.message`, 'message must be specified if rule contains line breaks'))
  return errors
}

function ruleProblem({ rule = '', message = '' }: Rule, path: string): FieldError[] {
  if (rule.trim() === '') return [required(`${path}.rule`, 'rule is not specified')]
  if (isBlank(message)) return [invalid(`${path}.message`, message, 'message must be non-empty if specified')]
  return hasNewlines(message.trim())
    ? [invalid(`${path}.message`, message, 'message must not contain line breaks')]
    : []
}

/** By `.name` or `['name']` from field to field; not into lists. */
function leadsSomewhere(schema: JsonSchema, path: string): boolean {
  let at: unknown = schema
  let rest = path
  while (rest !== '') {
    const step = /^(?:\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\])/.exec(rest)
    if (!step || !isSchema(at)) return false
    const name = step[1] ?? step[2]!.replace(/\\(.)/g, '$1')
    at = at.properties
      ? Object.hasOwn(at.properties, name)
        ? at.properties[name]
        : undefined
      : at.additionalProperties
    rest = rest.slice(step[0].length)
  }
  return isSchema(at)
}
