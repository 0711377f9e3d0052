import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ReplicaSet } from '../../api/apps/replica-set.ts'
import type { Pod } from '../../api/core/pod.ts'
import { type PodShape, podOf } from '../shared/testing.ts'
import { claim, observe, rankForDeletion, scale } from './decide.ts'

const OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'rs', controller: true }
const labels = { app: 'web' }
const set = (replicas = 3, minReadySeconds = 0): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    namespace: 'shop',
    name: 'web',
    uid: 'rs',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    generation: 4,
  },
  spec: { replicas, minReadySeconds, selector: { matchLabels: labels }, template: { metadata: { labels } as never } },
})
const owned = (shape: PodShape): Pod => podOf({ labels, owner: OWNER, ...shape })
const names = (pods: readonly Pod[]): string[] => pods.map(pod => pod.metadata.name)

describe('whose pods they are', () => {
  const pods = [
    owned({ name: 'mine', ip: '10.0.0.1' }),
    owned({ name: 'failed', phase: 'Failed' }),
    owned({ name: 'going', ending: true }),
    owned({ name: 'relabelled', labels: { app: 'debug' }, ip: '10.0.0.2' }),
    podOf({ name: 'orphan', labels, ip: '10.0.0.3' }),
    podOf({ name: 'stranger', labels: { app: 'api' } }),
    podOf({ name: 'taken', labels, owner: { ...OWNER, uid: 'other' } }),
  ]
  it('takes on orphans it selects, lets go of what it does not, leaves others alone', () => {
    const claims = claim(set(), pods)
    expect(names(claims.owned)).toEqual(['mine'])
    expect(names(claims.adopt)).toEqual(['orphan'])
    expect(names(claims.release)).toEqual(['relabelled'])
  })
  it('neither takes nor lets go while it is going itself', () => {
    const going = { ...set(), metadata: { ...set().metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
    const claims = claim(going, pods)
    expect([claims.adopt, claims.release, names(claims.owned)]).toEqual([[], [], ['mine']])
    expect(scale(going, [], [])).toEqual({ create: 0, remove: [] })
  })
})

describe('the number', () => {
  it('is made up by creating or deleting, never both', () => {
    fc.assert(
      fc.property(fc.nat(10), fc.nat(10), (wanted, present) => {
        const pods = Array.from({ length: present }, (_, i) => owned({ name: `p${i}` }))
        const { create, remove } = scale(set(wanted), pods, [])
        expect([create, remove.length]).toEqual([Math.max(0, wanted - present), Math.max(0, present - wanted)])
      }),
    )
  })
})

describe('which go first', () => {
  // Each differs from "kept" in one respect only; the first to go stands first.
  const cases: [string, PodShape][] = [
    ['not placed yet', { name: 'x', ip: '10.0.0.9' }],
    ['pending', { name: 'x', node: 'node-1', phase: 'Pending' }],
    ['not ready', { name: 'x', node: 'node-1', ip: '10.0.0.9', ready: false }],
    [
      'cheap by annotation',
      {
        name: 'x',
        node: 'node-1',
        ip: '10.0.0.9',
        meta: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-5' } },
      },
    ],
    ['ready for a shorter time', { name: 'x', node: 'node-1', ip: '10.0.0.9', readySince: '2026-01-01T01:00:00Z' }],
    ['younger', { name: 'x', node: 'node-1', ip: '10.0.0.9', meta: { creationTimestamp: '2026-01-01T01:00:00Z' } }],
  ]
  it.each(cases)('%s', (_, shape) => {
    const kept = owned({ name: 'kept', node: 'node-2', ip: '10.0.0.1' })
    const victim = owned(shape)
    expect(names(rankForDeletion([kept, victim], []))).toEqual(['x', 'kept'])
    expect(names(rankForDeletion([victim, kept], []))).toEqual(['x', 'kept'])
  })
  it('one of several on a node, counting those of sibling sets', () => {
    const [a, b] = [
      owned({ name: 'a', node: 'node-1', ip: '10.0.0.1' }),
      owned({ name: 'b', node: 'node-2', ip: '10.0.0.2' }),
    ]
    const sibling = podOf({ name: 'other', node: 'node-2', ip: '10.0.0.3' })
    expect(names(rankForDeletion([a, b], [a, b]))).toEqual(['a', 'b'])
    expect(names(rankForDeletion([a, b], [a, b, sibling]))).toEqual(['b', 'a'])
  })
})

describe('status', () => {
  const nowMs = Date.parse('2026-01-01T00:00:10Z')
  it('counts ready and available apart, and says when the next gets available', () => {
    const pods = [
      owned({ name: 'old', ip: '10.0.0.1' }),
      owned({ name: 'new', ip: '10.0.0.2', readySince: '2026-01-01T00:00:08Z' }),
      owned({ name: 'no' }),
    ]
    const { status, recheckMs } = observe(set(3, 5), pods, undefined, nowMs)
    expect(status).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 2,
      availableReplicas: 1,
      observedGeneration: 4,
    })
    expect(recheckMs).toBe(3000)
    expect(observe(set(3, 5), pods, undefined, nowMs + 3000)).toMatchObject({
      status: { availableReplicas: 2 },
      recheckMs: undefined,
    })
  })
  it('shows a failure until it is over', () => {
    const failed = observe(set(), [], { reason: 'FailedCreate', message: 'no quota' }, nowMs).status
    expect(failed.conditions).toMatchObject([
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'no quota' },
    ])
    expect(observe({ ...set(), status: failed }, [], undefined, nowMs).status.conditions).toBeUndefined()
  })
})
