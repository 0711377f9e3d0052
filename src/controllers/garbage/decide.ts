import type { ObjectMeta, OwnerReference } from '../../api/meta/meta.ts'

/** What is known of an owner that an object names. */
export type OwnerState =
  /** It is there. */
  | 'solid'
  /** It is not there any more. */
  | 'absent'
  /** It is being deleted in the foreground: first what it owns goes. */
  | 'waiting'

export type Action =
  | { readonly is: 'keep' }
  | { readonly is: 'delete'; readonly propagationPolicy: 'Background' | 'Foreground' | 'Orphan' }
  /** Owners that are gone are taken off; others remain. */
  | { readonly is: 'disown'; readonly uids: readonly string[] }

export const FOREGROUND = 'foregroundDeletion'
export const ORPHAN = 'orphan'

/** attemptToDeleteItem: an object goes when none of its owners is left. */
export function decide(
  metadata: ObjectMeta,
  stateOf: (owner: OwnerReference) => OwnerState,
  hasDependents: boolean,
): Action {
  const owners = metadata.ownerReferences ?? []
  if (owners.length === 0 || metadata.deletionTimestamp) return { is: 'keep' }
  const states = owners.map(owner => ({ owner, state: stateOf(owner) }))
  const lost = states.filter(({ state }) => state !== 'solid')
  if (lost.length < states.length)
    return lost.length === 0 ? { is: 'keep' } : { is: 'disown', uids: lost.map(({ owner }) => owner.uid) }
  const isAwaited = states.some(({ state }) => state === 'waiting')
  // The owner waits for this object, so this one must wait for its own dependents.
  if (isAwaited && hasDependents) return { is: 'delete', propagationPolicy: 'Foreground' }
  if (metadata.finalizers?.includes(ORPHAN)) return { is: 'delete', propagationPolicy: 'Orphan' }
  if (metadata.finalizers?.includes(FOREGROUND)) return { is: 'delete', propagationPolicy: 'Foreground' }
  return { is: 'delete', propagationPolicy: 'Background' }
}

export const isForeground = ({ deletionTimestamp, finalizers }: ObjectMeta): boolean =>
  Boolean(deletionTimestamp) && Boolean(finalizers?.includes(FOREGROUND))

export const isOrphaning = ({ deletionTimestamp, finalizers }: ObjectMeta): boolean =>
  Boolean(deletionTimestamp) && Boolean(finalizers?.includes(ORPHAN))

/** Whether the owner, deleted in the foreground, must wait for this dependent. */
export const blocks = (dependent: ObjectMeta, ownerUid: string): boolean =>
  (dependent.ownerReferences ?? []).some(owner => owner.uid === ownerUid && owner.blockOwnerDeletion === true)
