import type { CustomResourceDefinition } from '../../api/apiextensions/custom-resource-definition.ts'
import type { Obj } from '../object.ts'

export type Definition = CustomResourceDefinition
export type DefinitionVersion = NonNullable<Definition['spec']['versions']>[number]
export type Names = Definition['spec']['names']

export const GROUP = 'apiextensions.k8s.io'
export const PLURAL = 'customresourcedefinitions'
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io'

export const asDefinition = (object: Obj): Definition => object as unknown as Definition

/** The names with what may be left out filled in. */
export const fullNames = (names: Names): Names => ({
  ...names,
  singular: names.singular || names.kind.toLowerCase(),
  listKind: names.listKind || `${names.kind}List`,
})

export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}

export const conditionIs = (definition: Definition, type: string, status: string): boolean =>
  (definition.status?.conditions ?? []).some(condition => condition.type === type && condition.status === status)

/** The conditions with some of them set; a time changes only with its status. */
export function withConditions(
  before: readonly Condition[],
  set: readonly Omit<Condition, 'lastTransitionTime'>[],
  now: string,
): readonly Condition[] {
  const next = new Map(before.map(condition => [condition.type, condition]))
  for (const condition of set) {
    const old = next.get(condition.type)
    const lastTransitionTime = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now
    next.set(condition.type, { ...condition, lastTransitionTime })
  }
  return [...next.values()]
}
