/** The value checks of a schema, each with the words of Kubernetes' OpenAPI validation. */
import { jsonEqual } from '../../wire/json/value.ts'
import { isObject } from '../decode.ts'
import { duplicate, invalid, notSupported, required, tooLong, tooMany } from '../field-error.ts'
import type { FieldError } from '../kind.ts'
import type { Checks } from '../node.ts'
import { hasFormat } from './format.ts'
import { patternOf } from './regexp.ts'

/** null passes every check: where it is not allowed, the type check says so. */
export function checkErrors(checks: Checks, value: unknown, path: string): readonly FieldError[] {
  if (value === null || value === undefined) return []
  const errors = [
    ...typeErrors(checks, value, path),
    ...enumErrors(checks, value, path),
    ...sizeErrors(checks, value, path),
  ]
  return hasCombination(checks) ? [...errors, ...combinationErrors(checks, value, path)] : errors
}

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: value => typeof value === 'string',
  boolean: value => typeof value === 'boolean',
  integer: Number.isInteger,
  number: value => typeof value === 'number',
  array: Array.isArray,
  object: isObject,
}

function typeErrors({ type }: Checks, value: unknown, path: string): FieldError[] {
  if (type === undefined || (TYPES[type]?.(value) ?? true)) return []
  return [{ type: 'TypeInvalid', field: path, value, detail: `${path} in body must be of type ${type}` }]
}

function enumErrors({ enum: values }: Checks, value: unknown, path: string): FieldError[] {
  if (!values || values.some(one => jsonEqual(one, value))) return []
  return [notSupported(path, value, values)]
}

function sizeErrors(checks: Checks, value: unknown, path: string): FieldError[] {
  if (typeof value === 'string') return textErrors(checks, value, path)
  if (typeof value === 'number') return numberErrors(checks, value, path)
  if (Array.isArray(value)) return listErrors(checks, value, path)
  return isObject(value) ? objectErrors(checks, value, path) : []
}

function textErrors({ minLength, maxLength, pattern, format }: Checks, value: string, path: string): FieldError[] {
  const errors: FieldError[] = []
  const length = minLength === undefined && maxLength === undefined ? 0 : [...value].length
  if (maxLength !== undefined && length > maxLength) errors.push(tooLong(path, value, maxLength))
  if (minLength !== undefined && length < minLength)
    errors.push(invalid(path, value, `${path} in body should be at least ${minLength} chars long`))
  const wanted = pattern === undefined ? undefined : patternOf(pattern)
  if (typeof wanted === 'object' && !wanted.test(value))
    errors.push(invalid(path, value, `${path} in body should match '${pattern}'`))
  if (format !== undefined && !hasFormat(format, value))
    errors.push(invalid(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`))
  return errors
}

function numberErrors(checks: Checks, value: number, path: string): FieldError[] {
  const errors: FieldError[] = []
  const should = (what: string): number => errors.push(invalid(path, value, `${path} in body should be ${what}`))
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = checks
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
    should(`less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`)
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
    should(`greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`)
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) should(`a multiple of ${multipleOf}`)
  if (checks.format === 'int32' && (value < -(2 ** 31) || value >= 2 ** 31))
    errors.push(invalid(path, value, `Checked value must be of type integer with format int32`))
  return errors
}

function isMultiple(value: number, of: number): boolean {
  const times = value / of
  return Math.abs(times - Math.round(times)) < 1e-9
}

function listErrors({ minItems, maxItems, uniqueItems, items }: Checks, value: readonly unknown[], path: string) {
  const errors: FieldError[] = []
  if (maxItems !== undefined && value.length > maxItems) errors.push(tooMany(path, value.length, maxItems))
  if (minItems !== undefined && value.length < minItems)
    errors.push(invalid(path, value.length, `${path} in body should have at least ${minItems} items`))
  if (uniqueItems) errors.push(...duplicates(value, path))
  if (items) errors.push(...value.flatMap((item, index) => checkErrors(items, item, `${path}[${index}]`)))
  return errors
}

function duplicates(value: readonly unknown[], path: string): FieldError[] {
  const seen = new Set<string>()
  return value.flatMap((item, index) => {
    const key = JSON.stringify(item)
    if (seen.has(key)) return [duplicate(`${path}[${index}]`, item)]
    seen.add(key)
    return []
  })
}

function objectErrors(checks: Checks, value: Readonly<Record<string, unknown>>, path: string): FieldError[] {
  const errors: FieldError[] = []
  const { minProperties, maxProperties, properties, additionalProperties } = checks
  const count = minProperties === undefined && maxProperties === undefined ? 0 : Object.keys(value).length
  if (maxProperties !== undefined && count > maxProperties) errors.push(tooMany(path, count, maxProperties))
  if (minProperties !== undefined && count < minProperties)
    errors.push(invalid(path, count, `${path} in body should have at least ${minProperties} properties`))
  for (const name of checks.required ?? []) if (value[name] === undefined) errors.push(required(`${path}.${name}`))
  for (const name of Object.keys(properties ?? {}))
    errors.push(...checkErrors(properties![name]!, value[name], `${path}.${name}`))
  if (additionalProperties)
    for (const name of Object.keys(value))
      if (!properties?.[name]) errors.push(...checkErrors(additionalProperties, value[name], `${path}.${name}`))
  return errors
}

const hasCombination = ({ allOf, anyOf, oneOf, not }: Checks): boolean =>
  allOf !== undefined || anyOf !== undefined || oneOf !== undefined || not !== undefined

function combinationErrors({ allOf, anyOf, oneOf, not }: Checks, value: unknown, path: string): FieldError[] {
  const errors: FieldError[] = []
  const holds = (one: Checks): boolean => checkErrors(one, value, path).length === 0
  const must = (what: string): number => errors.push(invalid(path, value, `${path} in body must ${what}`))
  const failed = allOf?.flatMap(one => checkErrors(one, value, path)) ?? []
  if (failed.length > 0) must('validate all the schemas (allOf)')
  errors.push(...failed)
  if (anyOf && !anyOf.some(holds)) must('validate at least one schema (anyOf)')
  const valid = oneOf?.filter(holds).length
  if (valid !== undefined && valid !== 1) {
    const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`
    must(`validate one and only one schema (oneOf). ${found}`)
  }
  if (not && holds(not)) must('not validate the schema (not)')
  return errors
}
