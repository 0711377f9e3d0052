import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StatefulSet } from '../../api/apps/stateful-set.ts'
import type { Pod } from '../../api/core/pod.ts'
import { type PodShape, podOf } from '../shared/testing.ts'
import { decide, type Revisions } from './decide.ts'
import { claimDrafts, podDraft, REVISION_LABEL } from './identity.ts'

const NOW_MS = Date.parse('2026-01-01T00:01:00Z')
const OLD: Revisions = { current: 'web-1', update: 'web-1' }
const ROLL: Revisions = { current: 'web-1', update: 'web-2' }

const set = (
  spec: Partial<StatefulSet['spec']> = {},
  status: StatefulSet['status'] = { replicas: 0 },
): StatefulSet => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: {
    namespace: 'shop',
    name: 'web',
    uid: 'sts',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    generation: 3,
  },
  spec: {
    replicas: 3,
    serviceName: 'web',
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } } as never, spec: { containers: [{ name: 'c', image: 'v1' }] } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    ...spec,
  },
  status,
})
const pod = (ordinal: number, shape: Partial<PodShape> & { readonly revision?: string } = {}): Pod =>
  podOf({
    name: `web-${ordinal}`,
    ip: '10.0.0.1',
    labels: {
      app: 'web',
      [REVISION_LABEL]: shape.revision ?? 'web-1',
      'statefulset.kubernetes.io/pod-name': `web-${ordinal}`,
    },
    ...shape,
  })
/** "+2@web-1 -0": what comes and what goes. */
const acts = (of: StatefulSet, pods: readonly Pod[], revisions = OLD): string => {
  const { create, remove } = decide(of, pods, revisions, NOW_MS)
  return [
    ...create.map(({ ordinal, revision }) => `+${ordinal}@${revision}`),
    ...remove.map(({ metadata }) => `-${metadata.name.slice(4)}`),
  ].join(' ')
}
const unready = { ready: false }
const ending = { ending: true }
const parallel = { podManagementPolicy: 'Parallel' as const }

describe('pods come and go', () => {
  it.each<[string, StatefulSet, Pod[], string]>([
    ['one at a time', set(), [], '+0@web-1'],
    ['the next once the last is ready', set(), [pod(0)], '+1@web-1'],
    ['not before', set(), [pod(0, unready)], ''],
    ['not while one ends', set(), [pod(0), pod(1, ending)], ''],
    ['a gap first', set(), [pod(0), pod(2)], '+1@web-1'],
    ['all at once in parallel', set(parallel), [pod(1, unready)], '+0@web-1 +2@web-1'],
    ['a failed one goes, and comes again', set(), [pod(0, { phase: 'Failed' }), pod(1)], '-0'],
    ['surplus from the highest down', set({ replicas: 1 }), [pod(0), pod(1), pod(2)], '-2'],
    ['surplus waits for the last to be gone', set({ replicas: 1 }), [pod(0), pod(1), pod(2, ending)], ''],
    ['sound surplus goes though a lower one is broken', set({ replicas: 1 }), [pod(0), pod(1, unready), pod(2)], '-2'],
    ['broken surplus waits for a lower one', set({ replicas: 1 }), [pod(0), pod(1, unready), pod(2, unready)], ''],
    ['unless it is itself the broken one', set({ replicas: 1 }), [pod(0), pod(1), pod(2, unready)], '-2'],
    ['all surplus at once in parallel', set({ replicas: 0, ...parallel }), [pod(0), pod(1)], '-1 -0'],
    ['numbers may start elsewhere', set({ replicas: 2, ordinals: { start: 5 } }), [pod(0), pod(5)], '+6@web-1'],
    ['what was below the start goes', set({ replicas: 1, ordinals: { start: 5 } }), [pod(0), pod(5)], '-0'],
    ['minReadySeconds holds the next up', set({ minReadySeconds: 90 }), [pod(0)], ''],
    ['and lets it go on', set({ minReadySeconds: 60 }), [pod(0)], '+1@web-1'],
  ])('%s', (_, of, pods, expected) => {
    expect(acts(of, pods)).toBe(expected)
    expect(acts(of, [...pods].reverse())).toBe(expected)
  })
  it('none at all while the set is going', () => {
    const going = set()
    const metadata = { ...going.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' }
    expect(acts({ ...going, metadata }, [pod(0)])).toBe('')
    expect(acts(going, [pod(0)])).not.toBe('')
  })
})

describe('a new template', () => {
  const at = (partition: number) => set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } } })
  const fresh = { revision: 'web-2' }
  it.each<[string, StatefulSet, Pod[], string]>([
    ['from the highest down', set(), [pod(0), pod(1), pod(2)], '-2'],
    ['waits for the one above', set(), [pod(0), pod(1), pod(2, { ...fresh, ...unready })], ''],
    ['then the next', set(), [pod(0), pod(1), pod(2, fresh)], '-1'],
    ['comes again as new', set(), [pod(0), pod(1)], '+2@web-2'],
    ['stops at the partition', at(2), [pod(0), pod(1), pod(2, fresh)], ''],
    ['below the partition pods come again as old', at(2), [pod(1), pod(2, fresh)], '+0@web-1'],
    ['above it as new', at(2), [pod(0), pod(1)], '+2@web-2'],
    ['never, when on deletion', set({ updateStrategy: { type: 'OnDelete' } }), [pod(0), pod(1), pod(2)], ''],
    ['as new once deleted', set({ updateStrategy: { type: 'OnDelete' } }), [pod(0), pod(2)], '+1@web-2'],
    ['one at a time in parallel too', set(parallel), [pod(0), pod(1), pod(2)], '-2'],
    ['a broken pod in the middle waits for a person', set(), [pod(0), pod(1, unready), pod(2)], ''],
  ])('%s', (_, of, pods, expected) => {
    expect(acts(of, pods, ROLL)).toBe(expected)
  })
})

describe('status', () => {
  it('counts by revision, and moves on once all is new', () => {
    const half = [pod(0), pod(1), pod(2, { revision: 'web-2' })]
    expect(decide(set(), half, ROLL, NOW_MS).status).toMatchObject({
      replicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      currentReplicas: 2,
      updatedReplicas: 1,
      currentRevision: 'web-1',
      updateRevision: 'web-2',
      observedGeneration: 3,
    })
    const all = [0, 1, 2].map(ordinal => pod(ordinal, { revision: 'web-2' }))
    expect(decide(set(), all, ROLL, NOW_MS).status).toMatchObject({
      currentRevision: 'web-2',
      currentReplicas: 3,
      updatedReplicas: 3,
    })
    const onDelete = set({ updateStrategy: { type: 'OnDelete' } })
    expect(decide(onDelete, all, ROLL, NOW_MS).status.currentRevision).toBe('web-1')
  })
  it('tells when the next pod gets available', () => {
    expect(decide(set({ minReadySeconds: 90 }), [pod(0)], OLD, NOW_MS)).toMatchObject({
      recheckMs: 30_000,
      status: { readyReplicas: 1, availableReplicas: 0 },
    })
  })
})

it('makes a pod with a lasting name, and claims that outlive it', () => {
  const volumeClaimTemplates = [{ metadata: { name: 'www' }, spec: { accessModes: ['ReadWriteOnce'] } }] as never
  const of = set({ volumeClaimTemplates })
  const draft = podDraft(of, of.spec.template, 'web-2', 4)
  expect(draft).toMatchObject({
    metadata: {
      name: 'web-4',
      labels: {
        app: 'web',
        'controller-revision-hash': 'web-2',
        'statefulset.kubernetes.io/pod-name': 'web-4',
        'apps.kubernetes.io/pod-index': '4',
      },
    },
    spec: {
      hostname: 'web-4',
      subdomain: 'web',
      volumes: [{ name: 'www', persistentVolumeClaim: { claimName: 'www-web-4' } }],
    },
  })
  expect(claimDrafts(of, 4)).toMatchObject([
    { metadata: { name: 'www-web-4', labels: { app: 'web' } }, spec: { accessModes: ['ReadWriteOnce'] } },
  ])
})

/** Carries a plan out on a list of pods: what comes is broken or well, what goes is gone in the next turn. */
function carryOut(pods: readonly Pod[], { create, remove }: ReturnType<typeof decide>, isWell: boolean): Pod[] {
  const gone = new Set(remove.map(({ metadata }) => metadata.name))
  const staying = pods.filter(one => !one.metadata.deletionTimestamp && !gone.has(one.metadata.name))
  const leaving = pods
    .filter(one => gone.has(one.metadata.name))
    .map(one => ({ ...one, metadata: { ...one.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }))
  return [...staying, ...leaving, ...create.map(({ ordinal, revision }) => pod(ordinal, { revision, ready: isWell }))]
}

it('in order, never has two pods down at once that it took down itself, and ends as asked', () => {
  fc.assert(
    fc.property(fc.nat(5), fc.nat(5), fc.nat(5), (from, to, partition) => {
      const updateStrategy = { type: 'RollingUpdate' as const, rollingUpdate: { partition } }
      const of = set({ replicas: to, updateStrategy })
      let pods = Array.from({ length: from }, (_, ordinal) => pod(ordinal))
      for (let round = 0; round < 60; round++) {
        pods = carryOut(pods, decide(of, pods, ROLL, NOW_MS), true)
        expect(pods.filter(one => one.metadata.deletionTimestamp).length).toBeLessThanOrEqual(1)
      }
      const revisions = pods.map(one => `${one.metadata.name}@${one.metadata.labels?.[REVISION_LABEL]}`).sort()
      const wanted = Array.from({ length: to }, (_, i) => `web-${i}@${i < partition ? 'web-1' : 'web-2'}`)
      expect(revisions).toEqual(wanted)
    }),
  )
})
