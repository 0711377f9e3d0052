import type { IngressController, IngressControllerStatus } from '../../api/operator/ingress-controller.ts'
import { type Operands, operandsOf } from './objects.ts'
import type { IngressSettings } from './settings.ts'
import { admissionProblem, type Observed, rejectedStatus, statusOf } from './status.ts'
import { withoutEffect } from './without-effect.ts'

/** What should be, and what to say. */
export interface Decision {
  /** Absent when the IngressController is not admitted. */
  readonly operands?: Operands
  readonly status: IngressControllerStatus
  readonly recheckMs?: number
  /** What the user should know: reason and message. */
  readonly warnings: readonly (readonly [reason: string, message: string])[]
}

export function decide(settings: IngressSettings, others: readonly IngressController[], observed: Observed): Decision {
  const problem = admissionProblem(settings, others)
  if (problem !== undefined)
    return { status: rejectedStatus(settings, problem, observed.nowMs), warnings: [['Rejected', problem]] }
  const told = withoutEffect(settings.controller, observed.missing, observed.haproxy)
  return {
    operands: operandsOf(settings),
    ...statusOf(settings, observed, told),
    warnings: told.length > 0 ? [['WithoutEffect', told.join('; ').slice(0, 1000)]] : [],
  }
}

/** Whether what is wanted is there, whatever defaults stand beside it. Lists must be equal in length and order. */
export function covers(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(actual) && actual.length === wanted.length && wanted.every((item, at) => covers(actual[at], item))
    )
  if (typeof wanted !== 'object' || wanted === null) return actual === wanted
  if (typeof actual !== 'object' || actual === null) return false
  const fields = actual as Record<string, unknown>
  return Object.entries(wanted).every(([name, value]) => value === undefined || covers(fields[name], value))
}
