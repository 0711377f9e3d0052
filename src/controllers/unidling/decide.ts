import { IDLED_AT, PREVIOUS_SCALE, UNIDLE_TARGETS } from '../../model/services/idling.ts'

/** A workload that must run for a Service to answer, and how large it was. */
export interface UnidleTarget {
  readonly kind: string
  readonly name: string
  readonly replicas: number
}

type Annotations = Readonly<Record<string, string>>

/** What is not a list of workloads counts for nothing; what is no size counts as one. */
export function targetsOf(annotations: Annotations): readonly UnidleTarget[] {
  const list = parse(annotations[UNIDLE_TARGETS] ?? '')
  if (!Array.isArray(list)) return []
  return list.flatMap((item: unknown): UnidleTarget[] => {
    const { kind, name, replicas } = (typeof item === 'object' && item !== null ? item : {}) as Record<string, unknown>
    if (typeof kind !== 'string' || typeof name !== 'string') return []
    return [{ kind, name, replicas: Number.isInteger(replicas) && Number(replicas) > 0 ? Number(replicas) : 1 }]
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Somebody asked after it was idled. What was asked before is over: events are kept for hours. */
export function isAskedFor(idledAt: string, asked: readonly (string | undefined)[]): boolean {
  const since = Math.floor(Date.parse(idledAt) / 1000)
  return asked.some(time => time !== undefined && !(Date.parse(time) / 1000 < since))
}

/** null takes an annotation away, in a merge patch. */
export const AWAKE = { [IDLED_AT]: null, [UNIDLE_TARGETS]: null } as const
export const AWAKE_TARGET = { [IDLED_AT]: null, [PREVIOUS_SCALE]: null } as const
