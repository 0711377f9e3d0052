import type { LabelSelector } from '../../api/meta/selector.ts'
import type { Labels } from './types.ts'

/** Empty selects everything. NotIn and DoesNotExist also select what lacks the label. Source: LabelSelector's own documentation. */
export function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  for (const [key, value] of Object.entries(matchLabels)) if (labelOf(labels, key) !== value) return false
  return matchExpressions.every(({ key, operator, values = [] }) => {
    const value = labelOf(labels, key)
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value)
      case 'NotIn':
        return value === undefined || !values.includes(value)
      case 'Exists':
        return value !== undefined
      case 'DoesNotExist':
        return value === undefined
      default:
        // What is not understood selects nothing.
        return false
    }
  })
}

const labelOf = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined
