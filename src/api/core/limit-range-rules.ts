/** The rules and defaults of LimitRanges. Source: k8s.io/kubernetes/pkg/apis/core. */
import { duplicate, forbidden, invalid, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { parseQuantity } from '../../schema/quantity.ts'
import type { LimitRange, LimitRangeItem } from './limit-range.ts'

type Quantities = Readonly<Record<string, string>>

/** Containers get the most they may have, where nothing else is said. */
export function completeLimitRange(range: LimitRange): LimitRange {
  const limits = range.spec?.limits
  return limits ? { ...range, spec: { ...range.spec, limits: limits.map(completeItem) } } : range
}

function completeItem(item: LimitRangeItem): LimitRangeItem {
  if (item.type !== 'Container') return item
  const limit = { ...item.max, ...item.default }
  const request = { ...item.min, ...limit, ...item.defaultRequest }
  const some = (key: 'default' | 'defaultRequest', all: Quantities) =>
    Object.keys(all).length > 0 ? { [key]: all } : {}
  return { ...item, ...some('default', limit), ...some('defaultRequest', request) }
}

export function limitRangeErrors({ spec }: LimitRange): readonly FieldError[] {
  const types = new Set<string>()
  return (spec?.limits ?? []).flatMap((item, index) => {
    const path = `spec.limits[${index}]`
    const twice = types.has(item.type) ? [duplicate(`${path}.type`, item.type)] : []
    types.add(item.type)
    return [...twice, ...itemErrors(item, path)]
  })
}

function itemErrors(item: LimitRangeItem, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  if (item.type === 'Pod') {
    for (const key of ['default', 'defaultRequest'] as const)
      if (Object.keys(item[key] ?? {}).length > 0)
        errors.push(forbidden(`${path}.${key}`, "may not be specified when `type` is 'Pod'"))
  }
  if (item.type === 'PersistentVolumeClaim' && !item.min?.storage && !item.max?.storage)
    errors.push(
      required(`${path}.limits`, 'either minimum or maximum storage value is required, but neither was provided'),
    )
  const maps = [item.max, item.min, item.default, item.defaultRequest, item.maxLimitRequestRatio]
  const names = [...new Set(maps.flatMap(all => Object.keys(all ?? {})))].sort()
  return [...errors, ...names.flatMap(name => amountErrors(item, path, name))]
}

const nanoOf = (text: string): bigint => parseQuantity(text)?.nano ?? 0n

/** What is said of one resource must not contradict itself. */
function amountErrors(item: LimitRangeItem, path: string, name: string): readonly FieldError[] {
  const [min, max, limit, request] = [item.min, item.max, item.default, item.defaultRequest].map(all => all?.[name])
  const errors: FieldError[] = []
  const above = (low: string | undefined, high: string | undefined, key: string, text: string): void => {
    if (low === undefined || high === undefined || nanoOf(low) <= nanoOf(high)) return
    const value = key === 'min' ? low : key === 'default' ? limit : request
    errors.push(invalid(`${path}.${key}[${name}]`, value, text.replace('%low', low).replace('%high', high)))
  }
  above(min, max, 'min', 'min value %low is greater than max value %high')
  above(min, request, 'defaultRequest', 'min value %low is greater than default request value %high')
  above(request, max, 'defaultRequest', 'default request value %low is greater than max value %high')
  above(request, limit, 'defaultRequest', 'default request value %low is greater than default limit value %high')
  above(min, limit, 'default', 'min value %low is greater than default value %high')
  above(limit, max, 'default', 'default value %low is greater than max value %high')
  return [...errors, ...ratioErrors(item, path, name)]
}

function ratioErrors({ min, max, maxLimitRequestRatio }: LimitRangeItem, path: string, name: string) {
  const ratio = maxLimitRequestRatio?.[name]
  if (ratio === undefined) return []
  const field = `${path}.maxLimitRequestRatio[${name}]`
  if (nanoOf(ratio) < 1_000_000_000n) return [invalid(field, ratio, `ratio ${ratio} is less than 1`)]
  const [low, high] = [min?.[name], max?.[name]]
  if (low === undefined || high === undefined || nanoOf(low) === 0n) return []
  const most = Number(nanoOf(high)) / Number(nanoOf(low))
  if (Number(nanoOf(ratio)) / 1e9 <= most) return []
  return [invalid(field, ratio, `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`)]
}
