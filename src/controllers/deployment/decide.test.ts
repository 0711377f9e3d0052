import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Deployment } from '../../api/apps/deployment.ts'
import type { ReplicaSet } from '../../api/apps/replica-set.ts'
import { deploymentDraft } from '../shared/testing.ts'
import { decide } from './decide.ts'
import { annotationsFor, HASH_LABEL, limitsOf, newSet, REVISION, replicasOf } from './revision.ts'
import { statusOf } from './status.ts'

type Spec = Partial<Deployment['spec']>

function deployment(spec: Spec = {}, image = 'v1', annotations: Record<string, string> = {}): Deployment {
  const draft = deploymentDraft('web', 10, image)
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      namespace: 'shop',
      name: 'web',
      uid: 'd',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      generation: 1,
      annotations,
    },
    spec: { ...draft.spec, ...spec } as Deployment['spec'],
  }
}

let age = 0
function setOf(owner: Deployment, replicas: number, available: number, revision = 1): ReplicaSet {
  const draft = newSet(owner, replicas, revision)
  return {
    ...draft,
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      ...draft.metadata,
      name: draft.metadata.name!,
      uid: `rs-${++age}`,
      resourceVersion: '1',
      creationTimestamp: new Date(age * 1000).toISOString(),
    },
    status: { replicas, readyReplicas: available, availableReplicas: available },
  } as ReplicaSet
}
const resized = (set: ReplicaSet, replicas: number, available = replicas): ReplicaSet => ({
  ...set,
  spec: { ...set.spec, replicas },
  status: { replicas, readyReplicas: available, availableReplicas: available },
})
const sizes = (plan: ReturnType<typeof decide>): number[] => plan.update.map(change => change.replicas)

describe('a new Deployment', () => {
  it('gets a set named by its template, with the hash everywhere it selects by', () => {
    const { create, revision } = decide(deployment(), [], 0)
    const hash = create?.metadata.labels?.[HASH_LABEL]
    expect(create?.metadata.name).toBe(`web-${hash}`)
    expect(create?.spec.selector.matchLabels).toEqual({ app: 'web', [HASH_LABEL]: hash })
    expect(create?.spec.template?.metadata?.labels).toEqual({ app: 'web', [HASH_LABEL]: hash })
    expect([create?.spec.replicas, revision]).toEqual([10, '1'])
  })

  it('has the same hash for the same template, whatever the order of its fields', () => {
    const name = (one: Deployment): string | undefined => decide(one, [], 0).create?.metadata.name
    const { template } = deployment().spec
    const turned = { spec: template.spec, metadata: template.metadata } as typeof template
    expect(name(deployment({ template: turned }))).toBe(name(deployment()))
    expect(name(deployment({}, 'v2'))).not.toBe(name(deployment()))
  })

  it('does nothing while it is paused or going', () => {
    expect(decide(deployment({ paused: true }), [], 0)).toMatchObject({ update: [], revision: undefined })
    const going = deployment()
    const ending = { ...going, metadata: { ...going.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
    expect(decide(ending, [], 0).create).toBeUndefined()
    expect(decide(going, [], 0).create).toBeDefined()
  })
})

describe('a rolling update', () => {
  it('grows by the surge, then shrinks what is old by what may be missing', () => {
    const before = deployment()
    const after = deployment({}, 'v2')
    const old = setOf(before, 10, 10)
    // 25 % of 10: surge 3 (up), unavailable 2 (down).
    expect(limitsOf(after)).toEqual({ surge: 3, unavailable: 2 })
    const plan = decide(after, [old], 10)
    expect([plan.create?.spec.replicas, plan.revision]).toEqual([3, '2'])
    const current = setOf(after, 3, 0, 2)
    expect(decide(after, [old, current], 10).update.map(({ set, replicas }) => [set.metadata.uid, replicas])).toEqual([
      [old.metadata.uid, 8],
    ])
    expect(sizes(decide(after, [resized(old, 8), current], 8))).toEqual([5])
  })

  it('takes broken old pods first', () => {
    const old = resized(setOf(deployment(), 10, 10), 10, 6)
    const after = deployment({}, 'v2')
    const current = setOf(after, 3, 0, 2)
    // At least 8 must be available and only 6 are: working pods stay, two broken ones make room.
    expect(sizes(decide(after, [old, current], 10))).toEqual([8])
  })

  it('goes back to the set of an older template under a new revision', () => {
    const first = setOf(deployment(), 0, 0, 1)
    const second = setOf(deployment({}, 'v2'), 10, 10, 2)
    const plan = decide(deployment(), [first, second], 10)
    expect(plan.create).toBeUndefined()
    expect(plan.revision).toBe('3')
    const back = plan.update.find(({ annotations }) => annotations[REVISION] === '3')
    expect(back?.annotations['deployment.kubernetes.io/revision-history']).toBe('1')
    const change = plan.update.find(({ set }) => set === first)
    expect([change?.replicas, change?.annotations[REVISION]]).toEqual([3, '3'])
  })

  it('never has too many pods nor too few available ones, and ends', () => {
    const amount = fc.oneof(
      fc.nat(12),
      fc.nat(100).map(percent => `${percent}%`),
    )
    fc.assert(
      fc.property(
        fc.nat(20),
        fc.nat(20),
        amount,
        amount,
        fc.infiniteStream(fc.nat(3)),
        (from, to, maxSurge, maxUnavailable, luck) => {
          const strategy = { type: 'RollingUpdate' as const, rollingUpdate: { maxSurge, maxUnavailable } }
          const after = deployment({ replicas: to, strategy }, 'v2')
          const before = deployment({ replicas: from, strategy })
          let sets = [resized(setOf(before, from, from), from)]
          const { surge, unavailable } = limitsOf(after)
          const total = (): number => sets.reduce((sum, set) => sum + replicasOf(set), 0)
          const available = (): number => sets.reduce((sum, set) => sum + (set.status?.availableReplicas ?? 0), 0)
          let floor = Math.min(from, to - unavailable)
          let ceiling = Math.max(from, to + surge)
          let idle = 0
          for (let round = 0; round < 500 && idle < 20; round++) {
            const plan = decide(after, sets, 0)
            const isQuiet = !plan.create && plan.update.length === 0
            if (plan.create) sets = [...sets, resized(setOf(after, 0, 0, 2), plan.create.spec.replicas ?? 1, 0)]
            sets = sets.map(set => {
              const change = plan.update.find(one => one.set === set)
              if (!change) return set
              const kept = Math.min(set.status?.availableReplicas ?? 0, change.replicas)
              return {
                ...resized(set, change.replicas, kept),
                metadata: { ...set.metadata, annotations: change.annotations },
              }
            })
            expect(available()).toBeGreaterThanOrEqual(floor)
            expect(total()).toBeLessThanOrEqual(ceiling)
            if (total() <= to + surge) ceiling = to + surge
            if (available() >= to - unavailable) floor = to - unavailable
            // Some pods get ready.
            sets = sets.map(set =>
              resized(
                set,
                replicasOf(set),
                Math.min(replicasOf(set), (set.status?.availableReplicas ?? 0) + luck.next().value!),
              ),
            )
            idle = isQuiet ? idle + 1 : 0
          }
          const { current, old } = decide(after, sets, 0).sets
          expect([replicasOf(current!), old.reduce((sum, set) => sum + replicasOf(set), 0)]).toEqual([to, 0])
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('a change of size', () => {
  it('is for the only set at once', () => {
    const current = setOf(deployment(), 10, 10)
    const plan = decide(deployment({ replicas: 4 }), [current], 0)
    expect(plan.update).toMatchObject([{ replicas: 4, annotations: annotationsFor(deployment({ replicas: 4 }), 1) }])
  })

  it('is shared in proportion in the middle of a rollout, and only once', () => {
    const old = resized(setOf(deployment(), 8, 8), 8)
    const current = resized(setOf(deployment({}, 'v2'), 5, 2, 2), 5, 2)
    const larger = deployment({ replicas: 20 }, 'v2')
    const plan = decide(larger, [old, current], 8)
    const [first, second] = sizes(plan)
    expect(first! + second!).toBe(25)
    expect(first).toBeGreaterThan(second!)
    const written = plan.update.map(({ set, replicas, annotations }) => ({
      ...resized(set, replicas, set.status?.availableReplicas),
      metadata: { ...set.metadata, annotations },
    }))
    const next = decide(larger, written, 8)
    expect(next.update.length === 0 || sizes(next).reduce((a, b) => a + b, 0) < 25).toBe(true)
  })
})

describe('Recreate', () => {
  const strategy = { type: 'Recreate' as const }
  it('empties what is old, waits for its pods, then makes the new', () => {
    const after = deployment({ strategy }, 'v2')
    const old = setOf(deployment({ strategy }), 10, 10)
    expect([decide(after, [old], 10).create, sizes(decide(after, [old], 10))]).toEqual([undefined, [0]])
    const emptied = { ...resized(old, 0), metadata: { ...old.metadata, annotations: annotationsFor(after, 1) } }
    expect(decide(after, [emptied], 3).create).toBeUndefined()
    expect(decide(after, [emptied], 0).create?.spec.replicas).toBe(10)
  })
})

describe('history', () => {
  it('keeps as many empty sets as asked for, the newest, once the rollout is complete', () => {
    const images = ['v1', 'v2', 'v3', 'v4']
    const old = images.map((image, i) => resized(setOf(deployment({}, image), 0, 0, i + 1), 0))
    const after = deployment({ revisionHistoryLimit: 2 }, 'v5')
    const current = setOf(after, 10, 10, 5)
    expect(decide(after, [...old, current], 0).remove).toEqual([old[0], old[1]])
    expect(decide(after, [...old, resized(current, 10, 9)], 0).remove).toEqual([])
  })
})

describe('status', () => {
  const nowMs = Date.UTC(2026, 0, 1)
  const at = (one: Deployment, sets: ReplicaSet[], ms = nowMs, created?: string) =>
    statusOf({ deployment: one, sets: decide(one, sets, 0).sets, created, failure: undefined, nowMs: ms })
  const condition = (status: Deployment['status'], type: string) => status?.conditions?.find(one => one.type === type)
  const withStatus = (one: Deployment, status: Deployment['status']): Deployment => ({
    ...one,
    ...(status ? { status } : {}),
  })

  it('says when it is available and when the rollout is complete', () => {
    const one = deployment()
    const few = at(one, [resized(setOf(one, 10, 0), 10, 7)])
    expect(condition(few.status, 'Available')).toMatchObject({ status: 'False', reason: 'MinimumReplicasUnavailable' })
    const enough = at(one, [resized(setOf(one, 10, 0), 10, 8)])
    expect(condition(enough.status, 'Available')).toMatchObject({ status: 'True', reason: 'MinimumReplicasAvailable' })
    expect(enough.status).toMatchObject({
      replicas: 10,
      readyReplicas: 8,
      availableReplicas: 8,
      unavailableReplicas: 2,
      updatedReplicas: 10,
    })
    const complete = at(one, [setOf(one, 10, 10)])
    expect(condition(complete.status, 'Progressing')).toMatchObject({
      status: 'True',
      reason: 'NewReplicaSetAvailable',
    })
    expect(complete.status.unavailableReplicas).toBeUndefined()
  })

  it('passes on why its pods are refused, and leaves a message that stands', () => {
    const one = deployment()
    const refused = (message: string) => {
      const set = setOf(one, 10, 0)
      const failure = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }
      return { ...set, status: { ...set.status!, conditions: [failure] } }
    }
    const first = at(one, [refused('pods "a" is forbidden')])
    expect(condition(first.status, 'ReplicaFailure')).toMatchObject({
      reason: 'FailedCreate',
      message: 'pods "a" is forbidden',
    })
    const again = at(withStatus(one, first.status), [refused('pods "b" is forbidden')])
    expect(again.status).toEqual(first.status)
    expect(condition(at(withStatus(one, first.status), [setOf(one, 10, 0)]).status, 'ReplicaFailure')).toBeUndefined()
  })

  it('says when the set itself is refused, and nothing of progress where no deadline is asked for', () => {
    const one = deployment()
    const refused = statusOf({
      deployment: one,
      sets: decide(one, [], 0).sets,
      created: undefined,
      failure: 'no',
      nowMs,
    })
    expect(condition(refused.status, 'Progressing')).toMatchObject({
      status: 'False',
      reason: 'ReplicaSetCreateError',
      message: 'no',
    })
    const free = deployment({ progressDeadlineSeconds: 2147483647 })
    expect(condition(at(free, [setOf(free, 10, 0)]).status, 'Progressing')).toBeUndefined()
  })

  it('gives up on progress after the deadline, and recovers', () => {
    const one = deployment({ progressDeadlineSeconds: 60 })
    const stuck = resized(setOf(one, 10, 0), 10, 0)
    const started = at(one, [stuck], nowMs, 'web-1')
    expect(condition(started.status, 'Progressing')?.reason).toBe('NewReplicaSetCreated')
    const waiting = withStatus(one, started.status)
    expect(at(waiting, [stuck], nowMs + 30_000)).toMatchObject({ recheckMs: 30_000 })
    const late = at(waiting, [stuck], nowMs + 60_000)
    expect(condition(late.status, 'Progressing')).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' })
    const moving = at(withStatus(one, late.status), [resized(stuck, 10, 3)], nowMs + 90_000)
    expect(condition(moving.status, 'Progressing')).toMatchObject({ status: 'True', reason: 'ReplicaSetUpdated' })
  })
})
