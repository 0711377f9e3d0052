/** What is wrong with a policy. Source: k8s.io/kubernetes/pkg/apis/admissionregistration/validation. */

import { checkSource } from '../../schema/cel/check/source.ts'
import type { Type } from '../../schema/cel/check/type.ts'
import { BOOL, DYN, ERROR, NULL, STRING } from '../../schema/cel/check/type.ts'
import { duplicate, invalid, notSupported, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { qualifiedName } from '../meta/names.ts'
import type { Around } from './expressions.ts'
import { conditionErrors, expressionErrors, variablesOf } from './expressions.ts'
import type { AuditAnnotation, Validation } from './policy-parts.ts'
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicySpec } from './validating-admission-policy.ts'

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']
const NEITHER = 'validations or auditAnnotations must contain at least one item'
const CEL_NAME = /^[_a-zA-Z][_a-zA-Z0-9]*$/

export function policyErrors({ metadata, spec }: ValidatingAdmissionPolicy): readonly FieldError[] {
  const { validations = [], auditAnnotations = [], matchConstraints, matchConditions = [] } = spec
  const params = spec.paramKind !== undefined
  const { errors, variables } = variableErrors(spec, params)
  const around: Around = { params, authorizer: true, ...(spec.variables?.length ? { variables } : {}) }
  const keys = auditAnnotations.map(({ key }) => key)
  return [
    ...(matchConstraints ? [] : [required('spec.matchConstraints')]),
    ...(matchConstraints && !matchConstraints.resourceRules?.length
      ? [required('spec.matchConstraints.resourceRules')]
      : []),
    ...conditionErrors(matchConditions, 'spec.matchConditions', params),
    ...errors,
    ...(validations.length + auditAnnotations.length === 0
      ? [required('spec.validations', NEITHER), required('spec.auditAnnotations', NEITHER)]
      : []),
    ...validations.flatMap((one, index) => validationErrors(one, `spec.validations[${index}]`, around)),
    ...auditAnnotations.flatMap((one, index) => [
      ...auditErrors(one, `spec.auditAnnotations[${index}]`, metadata.name, around),
      ...(keys.indexOf(one.key) < index ? [duplicate(`spec.auditAnnotations[${index}].key`, one.key)] : []),
    ]),
  ]
}

/** Each variable may use those before it. */
function variableErrors(
  { variables = [] }: ValidatingAdmissionPolicySpec,
  params: boolean,
): { readonly errors: readonly FieldError[]; readonly variables: Readonly<Record<string, Type>> } {
  const errors: FieldError[] = []
  const known: Record<string, Type> = {}
  for (const [index, { name, expression }] of variables.entries()) {
    const path = `spec.variables[${index}]`
    if (name.trim() === '') errors.push(required(`${path}.name`, 'name is not specified'))
    else if (!CEL_NAME.test(name)) errors.push(invalid(`${path}.name`, name, 'name is not a valid CEL identifier'))
    if (expression.trim() === '') {
      errors.push(required(`${path}.expression`, 'expression is not specified'))
      continue
    }
    const { type, problem } = checkSource(
      expression,
      variablesOf({ params, authorizer: true, variables: { ...known } }),
    )
    if (problem !== undefined) errors.push(invalid(`${path}.expression`, expression, problem))
    known[name] = problem === undefined && type !== ERROR ? seen(type) : DYN
  }
  return { errors, variables: known }
}

/** Expressions see no fields of what a variable holds: lists, maps and scalars keep their types. */
function seen(type: Type): Type {
  if (type.is === 'made' && (type.name === 'list' || type.name === 'map')) return { ...type, of: type.of.map(seen) }
  return type.is === 'plain' && !type.name.includes('.') ? type : DYN
}

function validationErrors(
  { expression, messageExpression = '', message = '', reason }: Validation,
  path: string,
  around: Around,
): readonly FieldError[] {
  const errors =
    expression.trim() === ''
      ? [required(`${path}.expression`, 'expression is not specified')]
      : [...expressionErrors(expression, `${path}.expression`, [BOOL], variablesOf(around))]
  if (messageExpression !== '' && messageExpression.trim() === '')
    errors.push(invalid(`${path}.messageExpression`, messageExpression, 'must be non-empty if specified'))
  else if (messageExpression !== '') {
    const names = variablesOf({ ...around, authorizer: false })
    errors.push(...expressionErrors(messageExpression, `${path}.messageExpression`, [STRING], names))
  }
  if (message !== '' && message.trim() === '')
    errors.push(invalid(`${path}.message`, message, 'message must be non-empty if specified'))
  else if (/[\n\r]/.test(message.trim()))
    errors.push(invalid(`${path}.message`, message, 'message must not contain line breaks'))
  if (reason !== undefined && !REASONS.includes(reason)) errors.push(notSupported(`${path}.reason`, reason, REASONS))
  return errors
}

const MAX_AUDIT = 5 * 1024

function auditErrors(
  { key, valueExpression }: AuditAnnotation,
  path: string,
  name: string,
  around: Around,
): readonly FieldError[] {
  const errors: FieldError[] = qualifiedName(`${name}/${key}`).map(why => invalid(`${path}.key`, `${name}/${key}`, why))
  const source = valueExpression.trim()
  const at = `${path}.valueExpression`
  if (source === '') return [...errors, required(at, 'valueExpression is not specified')]
  if (source.length > MAX_AUDIT) return [...errors, required(at, `must not exceed ${MAX_AUDIT} bytes in length`)]
  return [...errors, ...expressionErrors(source, at, [STRING, NULL], variablesOf(around))]
}
