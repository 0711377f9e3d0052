interface ConditionLike {
  readonly type: string
  readonly status: string
  readonly lastTransitionTime?: string
  readonly lastUpdateTime?: string
  readonly reason?: string
  readonly message?: string
}

/** The conditions with one set; the transition time is kept while the status stays, and nothing changes where nothing is new. */
export function withCondition<C extends ConditionLike>(conditions: readonly C[] | undefined, next: C): readonly C[] {
  const old = conditions?.find(condition => condition.type === next.type)
  if (old && old.status === next.status && old.reason === next.reason && old.message === next.message)
    return conditions!
  const since = old?.status === next.status ? old.lastTransitionTime : next.lastTransitionTime
  const kept = (conditions ?? []).filter(condition => condition.type !== next.type)
  return [...kept, since === undefined ? next : { ...next, lastTransitionTime: since }]
}

export const withoutCondition = <C extends ConditionLike>(
  conditions: readonly C[] | undefined,
  type: string,
): readonly C[] => (conditions ?? []).filter(condition => condition.type !== type)

/** As withCondition, but a condition that stands with its reason stays as it is: its message may differ each time. */
export function withStanding<C extends ConditionLike>(conditions: readonly C[] | undefined, next: C): readonly C[] {
  const old = conditions?.find(condition => condition.type === next.type)
  return old && old.status === next.status && old.reason === next.reason ? conditions! : withCondition(conditions, next)
}
