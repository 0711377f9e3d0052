/** The rules of budgets. Source: k8s.io/kubernetes/pkg/apis/policy/validation. */
import { invalid } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { amountErrors } from '../apps/rules.ts'
import { selectorErrors } from '../meta/rules.ts'
import type { PodDisruptionBudget } from './pod-disruption-budget.ts'

export function budgetErrors({ spec }: PodDisruptionBudget): readonly FieldError[] {
  const { minAvailable, maxUnavailable, selector } = spec ?? {}
  const isBoth = minAvailable !== undefined && maxUnavailable !== undefined
  return [
    ...(isBoth ? [invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set')] : []),
    ...shareErrors('spec.minAvailable', minAvailable),
    ...shareErrors('spec.maxUnavailable', maxUnavailable),
    ...selectorErrors(selector, 'spec.selector'),
  ]
}

function shareErrors(field: string, amount: number | string | undefined): readonly FieldError[] {
  const errors = amountErrors(amount, field)
  const isTooMuch = errors.length === 0 && typeof amount === 'string' && Number.parseInt(amount, 10) > 100
  return isTooMuch ? [invalid(field, amount, 'must not be greater than 100%')] : errors
}
