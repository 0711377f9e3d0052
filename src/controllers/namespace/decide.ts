import type { Namespace, NamespaceCondition } from '../../api/core/namespace.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { withCondition } from '../shared/conditions.ts'

/** What is left of one kind after everything was asked to go. */
export interface Remainder {
  /** "pods" or "routes.route.openshift.io". */
  readonly resource: string
  readonly count: number
  /** Finalizers that hold some of them: name to how many. */
  readonly finalizers: Readonly<Record<string, number>>
}

export interface Findings {
  readonly remaining: readonly Remainder[]
  /** Kinds that could not be emptied, and why. */
  readonly failures: readonly string[]
}

export const isEmpty = ({ remaining, failures }: Findings): boolean => remaining.length === 0 && failures.length === 0

/** The conditions that tell a user why a namespace does not go; worded as upstream words them. */
export function conditionsOf(
  { status }: Namespace,
  { remaining, failures }: Findings,
  nowMs: number,
): readonly NamespaceCondition[] {
  const lastTransitionTime = rfc3339(nowMs)
  const say = (type: string, isTrue: boolean, reason: string, message: string): NamespaceCondition => ({
    type,
    status: isTrue ? 'True' : 'False',
    reason,
    message,
    lastTransitionTime,
  })
  const kinds = [...remaining].sort((a, b) => (a.resource < b.resource ? -1 : 1))
  const held = heldBy(kinds)
  const content = kinds
    .map(({ resource, count }) => `${resource}${resource.includes('.') ? '' : '.'} has ${count} resource instances`)
    .join(', ')
  const finalizers = held.map(([name, count]) => `${name} in ${count} resource instances`).join(', ')
  const wanted = [
    say('NamespaceDeletionDiscoveryFailure', false, 'ResourcesDiscovered', 'All resources successfully discovered'),
    say(
      'NamespaceDeletionGroupVersionParsingFailure',
      false,
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    failures.length > 0
      ? say(
          'NamespaceDeletionContentFailure',
          true,
          'ContentDeletionFailed',
          `Failed to delete all resource types, ${failures.length} remaining: ${failures.join(', ')}`,
        )
      : say(
          'NamespaceDeletionContentFailure',
          false,
          'ContentDeleted',
          'All content successfully deleted, may be waiting on finalization',
        ),
    kinds.length > 0
      ? say('NamespaceContentRemaining', true, 'SomeResourcesRemain', `Some resources are remaining: ${content}`)
      : say('NamespaceContentRemaining', false, 'ContentRemoved', 'All content successfully removed'),
    held.length > 0
      ? say(
          'NamespaceFinalizersRemaining',
          true,
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${finalizers}`,
        )
      : say(
          'NamespaceFinalizersRemaining',
          false,
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        ),
  ]
  return wanted.reduce<readonly NamespaceCondition[]>((all, next) => withCondition(all, next), status?.conditions ?? [])
}

function heldBy(kinds: readonly Remainder[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>()
  for (const { finalizers } of kinds)
    for (const [name, count] of Object.entries(finalizers)) counts.set(name, (counts.get(name) ?? 0) + count)
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
}
