import type { IngressController, IngressControllerStatus } from '../../api/operator/ingress-controller.ts'
import { type Operands, operandsOf } from './objects.ts'
import type { IngressSettings } from './settings.ts'
import { admissionProblem, type Observed, rejectedStatus, statusOf } from './status.ts'

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
  return {
    operands: operandsOf(settings),
    ...statusOf(settings, observed),
    warnings: withoutEffect(settings.controller),
  }
}

/** Fields that say something which the routers do not carry out. */
function withoutEffect({ spec }: IngressController): Decision['warnings'] {
  const { unsupportedConfigOverrides: overrides, haproxyVersion, endpointPublishingStrategy: strategy } = spec
  const fields = [
    ...Object.keys((overrides as object | null | undefined) ?? {}).map(name => `unsupportedConfigOverrides.${name}`),
    ...(haproxyVersion ? ['haproxyVersion'] : []),
    ...(strategy?.loadBalancer?.providerParameters
      ? ['endpointPublishingStrategy.loadBalancer.providerParameters']
      : []),
  ]
  return fields.length > 0 ? [['WithoutEffect', `spec.${fields.join(', spec.')}: without effect here`]] : []
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
