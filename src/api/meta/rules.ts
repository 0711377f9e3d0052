/** Rules that objects of every kind share: labels, annotations, selectors, numbers. */
import { forbidden, invalid, required, tooLong } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import type { ObjectMeta } from './meta.ts'
import type { NameRule } from './names.ts'
import { labelValue, qualifiedName } from './names.ts'
import type { LabelSelector } from './selector.ts'

/** One error for each thing a rule says. */
export const named = (field: string, value: string, rule: NameRule): readonly FieldError[] =>
  rule(value).map(detail => invalid(field, value, detail))

const MAX_ANNOTATIONS = 256 * 1024

/** What is wrong with an object's metadata, but its name, whose rule depends on the kind. */
export function metadataErrors(metadata: ObjectMeta, path = 'metadata'): readonly FieldError[] {
  return [
    ...(metadata.generation !== undefined && metadata.generation < 0
      ? [invalid(`${path}.generation`, metadata.generation, NOT_NEGATIVE)]
      : []),
    ...labelErrors(metadata.labels, `${path}.labels`),
    ...annotationErrors(metadata.annotations, `${path}.annotations`),
    ...ownerErrors(metadata, `${path}.ownerReferences`),
    ...finalizerErrors(metadata, `${path}.finalizers`),
  ]
}

type Labels = Readonly<Record<string, string>>

export const labelErrors = (labels: Labels | undefined, path: string): readonly FieldError[] =>
  Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...named(path, key, qualifiedName),
    ...named(path, value, labelValue),
  ])

function annotationErrors(annotations: Labels | undefined, path: string): readonly FieldError[] {
  const entries = Object.entries(annotations ?? {})
  const size = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  return [
    ...entries.flatMap(([key]) => qualifiedName(key.toLowerCase()).map(detail => invalid(path, key, detail))),
    ...(size > MAX_ANNOTATIONS ? [tooLong(path, '', MAX_ANNOTATIONS)] : []),
  ]
}

function ownerErrors({ ownerReferences = [] }: ObjectMeta, path: string): readonly FieldError[] {
  const controllers = ownerReferences.filter(one => one.controller)
  const several =
    controllers.length > 1
      ? [
          invalid(
            path,
            ownerReferences,
            `Only one reference can have Controller set to true. Found "true" in references for ${controllers[0]!.kind}/${controllers[0]!.name} and ${controllers[1]!.kind}/${controllers[1]!.name}`,
          ),
        ]
      : []
  return [...ownerReferences.flatMap(owner => emptyErrors(owner, path)), ...several]
}

function emptyErrors(owner: NonNullable<ObjectMeta['ownerReferences']>[number], path: string): readonly FieldError[] {
  const names = { apiVersion: 'version', kind: 'kind', name: 'name', uid: 'uid' } as const
  return (Object.keys(names) as (keyof typeof names)[])
    .filter(key => !owner[key])
    .map(key => invalid(`${path}.${key}`, owner[key] ?? '', `${names[key]} must not be empty`))
}

function finalizerErrors({ finalizers = [] }: ObjectMeta, path: string): readonly FieldError[] {
  const both = finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')
  return [
    ...finalizers.flatMap(one => named(path, one, qualifiedName)),
    ...(both ? [invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set')] : []),
  ]
}

export function selectorErrors(selector: LabelSelector | undefined, path: string): readonly FieldError[] {
  const demands = selector?.matchExpressions ?? []
  return [
    ...labelErrors(selector?.matchLabels, `${path}.matchLabels`),
    ...demands.flatMap((demand, index) => demandErrors(demand, `${path}.matchExpressions[${index}]`)),
  ]
}

function demandErrors(demand: NonNullable<LabelSelector['matchExpressions']>[number], path: string): FieldError[] {
  const errors: FieldError[] = []
  const { key, operator, values = [] } = demand
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0)
      errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
  } else if (operator !== 'Exists' && operator !== 'DoesNotExist')
    errors.push(invalid(`${path}.operator`, operator, 'not a valid selector operator'))
  else if (values.length > 0)
    errors.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
  errors.push(...named(`${path}.key`, key, qualifiedName))
  values.forEach((value, index) => {
    errors.push(...named(`${path}.values[${index}]`, value, labelValue))
  })
  return errors
}

export const NOT_NEGATIVE = 'must be greater than or equal to 0'

export const notNegative = (field: string, value: number | undefined): readonly FieldError[] =>
  value !== undefined && value < 0 ? [invalid(field, value, NOT_NEGATIVE)] : []

export const immutable = (field: string, value: unknown, old: unknown): readonly FieldError[] =>
  same(value, old) ? [] : [invalid(field, value, 'field is immutable')]

/** JSON values are the same; the order of fields does not count. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].every(key => same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
}

/** The first of two equal names is right, the second a duplicate. */
export function duplicates<T>(items: readonly T[], keyOf: (item: T) => string | undefined): readonly number[] {
  const seen = new Set<string>()
  return items.flatMap((item, index) => {
    const key = keyOf(item)
    if (key === undefined || key === '') return []
    if (seen.has(key)) return [index]
    seen.add(key)
    return []
  })
}
