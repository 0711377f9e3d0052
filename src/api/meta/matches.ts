import type { LabelSelector, LabelSelectorRequirement } from './selector.ts'

type Labels = Readonly<Record<string, string>>

/** metav1.LabelSelectorAsSelector: an absent selector matches nothing, an empty one everything. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels | undefined): boolean {
  if (selector === undefined) return false
  const has = labels ?? {}
  return (
    matchesLabels(selector.matchLabels, has) &&
    (selector.matchExpressions ?? []).every(need => matchesRequirement(need, has))
  )
}

/** Every label of the wanted ones is there with its value. */
export function matchesLabels(wanted: Labels | undefined, labels: Labels | undefined): boolean {
  for (const name in wanted) if (labels?.[name] !== wanted[name]) return false
  return true
}

function matchesRequirement({ key, operator, values }: LabelSelectorRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'In':
      return value !== undefined && (values ?? []).includes(value)
    case 'NotIn':
      return value === undefined || !(values ?? []).includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}
