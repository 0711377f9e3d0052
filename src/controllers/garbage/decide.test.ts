import { expect, it } from 'vitest'
import type { ObjectMeta, OwnerReference } from '../../api/meta/meta.ts'
import { blocks, decide, isForeground, isOrphaning, type OwnerState } from './decide.ts'

const owner = (uid: string, blockOwnerDeletion = true): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: uid,
  uid,
  blockOwnerDeletion,
})
const meta = (owners: readonly string[], more: Partial<ObjectMeta> = {}): ObjectMeta =>
  ({
    name: 'x',
    uid: 'x',
    resourceVersion: '1',
    creationTimestamp: '',
    ownerReferences: owners.map(uid => owner(uid)),
    ...more,
  }) as ObjectMeta
const run = (metadata: ObjectMeta, states: Record<string, OwnerState>, hasDependents = false) =>
  decide(metadata, reference => states[reference.uid] ?? 'solid', hasDependents)

const keep = { is: 'keep' }
const remove = (propagationPolicy: string) => ({ is: 'delete', propagationPolicy })
it.each([
  ['nobody owns it', meta([]), {}, false, keep],
  ['its owner is there', meta(['a']), {}, false, keep],
  ['its owner is gone', meta(['a']), { a: 'absent' }, false, remove('Background')],
  ['one of two owners is gone', meta(['a', 'b']), { a: 'absent' }, false, { is: 'disown', uids: ['a'] }],
  ['both are gone', meta(['a', 'b']), { a: 'absent', b: 'absent' }, false, remove('Background')],
  ['it is going already', meta(['a'], { deletionTimestamp: 'now' }), { a: 'absent' }, false, keep],
  ['its owner waits for it', meta(['a']), { a: 'waiting' }, false, remove('Background')],
  ['its owner waits, and it has dependents', meta(['a']), { a: 'waiting' }, true, remove('Foreground')],
  ['one waits, another stays', meta(['a', 'b']), { a: 'waiting' }, false, { is: 'disown', uids: ['a'] }],
  ['it is to leave its dependents', meta(['a'], { finalizers: ['orphan'] }), { a: 'absent' }, true, remove('Orphan')],
  [
    'it is to take its dependents first',
    meta(['a'], { finalizers: ['foregroundDeletion'] }),
    { a: 'absent' },
    true,
    remove('Foreground'),
  ],
] as const)('%s', (_, metadata, states, hasDependents, action) => {
  expect(run(metadata, states, hasDependents)).toEqual(action)
})

it('tells what a deletion waits for', () => {
  const going = meta([], { deletionTimestamp: 'now', finalizers: ['foregroundDeletion'] })
  expect([isForeground(going), isOrphaning(going)]).toEqual([true, false])
  expect(isForeground(meta([], { finalizers: ['foregroundDeletion'] }))).toBe(false)
  expect(isOrphaning(meta([], { deletionTimestamp: 'now', finalizers: ['orphan'] }))).toBe(true)
  expect([blocks(meta(['a']), 'a'), blocks(meta(['a']), 'b')]).toEqual([true, false])
  expect(blocks(meta([], { ownerReferences: [owner('a', false)] }), 'a')).toBe(false)
})
