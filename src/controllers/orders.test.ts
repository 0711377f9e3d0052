import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DaemonSet } from '../api/apps/daemon-set.ts'
import { Deployment } from '../api/apps/deployment.ts'
import { ReplicaSet } from '../api/apps/replica-set.ts'
import { StatefulSet } from '../api/apps/stateful-set.ts'
import { CronJob } from '../api/batch/cron-job.ts'
import { Job } from '../api/batch/job.ts'
import { ConfigMap } from '../api/core/config-map.ts'
import { Endpoints } from '../api/core/endpoints.ts'
import { Event } from '../api/core/event.ts'
import { Namespace } from '../api/core/namespace.ts'
import { Node } from '../api/core/node.ts'
import { Pod } from '../api/core/pod.ts'
import { ResourceQuota } from '../api/core/resource-quota.ts'
import { Service } from '../api/core/service.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import type { ApiObject, Kind } from '../api/meta/meta.ts'
import { PodDisruptionBudget } from '../api/policy/pod-disruption-budget.ts'
import { settled } from '../client/testing.ts'
import { cidr } from '../lib/cidr.ts'
import { startControllers } from './mod.ts'
import type { ControllerBench } from './shared/testing.ts'
import { controllerBench, deploymentDraft, fakeNodes, nodeSeed, TEST_KINDS } from './shared/testing.ts'

/**
 * What users and nodes say, each in steps of its own order; between them no order is promised. Told in any order, in one go,
 * twice, late or over broken watches, every controller comes to the same end.
 */
type Story = readonly ((bench: ControllerBench) => Promise<unknown> | unknown)[]

const shop = (name: string) => ({ namespace: 'shop', name })
const template = (name: string) => deploymentDraft(name, 1).spec.template
const selector = (name: string) => ({ matchLabels: { app: name } })
/** With what the server fills in. */
const jobSpec = (name: string, parallelism: number) => {
  const { metadata, spec } = template(name)
  const pod = { metadata, spec: { ...spec, restartPolicy: 'Never' as const } }
  return { completions: parallelism, parallelism, backoffLimit: 6, selector: selector(name), template: pod }
}
const make =
  <T extends ApiObject>(kind: Kind<T>, object: object) =>
  ({ api }: ControllerBench) =>
    api.client.create(kind, object as never)
const scale =
  <T extends ApiObject>(kind: Kind<T>, name: string, replicas: number) =>
  ({ api }: ControllerBench) =>
    api.client.patch(kind, shop(name), { type: 'merge', body: { spec: { replicas } } })
/** A node that is not ready joins with the taints that say so: what runs before they come may stay. */
const node = (name: string, status: 'True' | 'False' = 'True') => {
  const taint = { key: 'node.kubernetes.io/not-ready' }
  const taints = [
    { ...taint, effect: 'NoSchedule' },
    { ...taint, effect: 'NoExecute' },
  ] as never
  const seed = nodeSeed(name, status === 'True' ? {} : { taints })
  return { ...seed, status: { ...seed.status, conditions: [{ type: 'Ready', status }] } }
}

const STORIES: Readonly<Record<string, Story>> = {
  'a node': [({ api }) => api.put(Node, node('node-1'))],
  'another node': [({ api }) => api.put(Node, node('node-2'))],
  'a node that is not ready': [({ api }) => api.put(Node, node('node-3', 'False'))],
  Deployment: [make(Deployment, deploymentDraft('web', 5)), scale(Deployment, 'web', 3)],
  ReplicaSet: [make(ReplicaSet, deploymentDraft('lone', 1)), scale(ReplicaSet, 'lone', 2)],
  StatefulSet: [
    make(StatefulSet, {
      metadata: shop('db'),
      spec: { replicas: 3, serviceName: 'db', selector: selector('db'), template: template('db') },
    }),
  ],
  DaemonSet: [
    make(DaemonSet, { metadata: shop('agent'), spec: { selector: selector('agent'), template: template('agent') } }),
  ],
  Job: [
    make(Job, {
      metadata: shop('batch'),
      spec: jobSpec('batch', 2),
    }),
  ],
  CronJob: [
    make(CronJob, {
      metadata: shop('yearly'),
      spec: { schedule: '0 0 1 2 *', jobTemplate: { spec: jobSpec('yearly', 1) } },
    }),
  ],
  Service: [
    make(Service, {
      metadata: shop('web'),
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
    }),
  ],
  PodDisruptionBudget: [
    make(PodDisruptionBudget, { metadata: shop('web'), spec: { maxUnavailable: 1, selector: selector('web') } }),
  ],
  ResourceQuota: [
    make(ResourceQuota, { metadata: shop('all'), spec: { hard: { pods: '50', 'count/configmaps': '9' } } }),
  ],
  'a namespace that goes': [
    make(Namespace, { metadata: { name: 'gone' }, spec: {} }),
    make(ConfigMap, { metadata: { namespace: 'gone', name: 'left' } }),
    make(Deployment, deploymentDraft('left', 1, 'v1', 'gone')),
    ({ api }) => api.client.delete(Namespace, { name: 'gone' }),
  ],
  'what has lost its owner': [
    ({ api }) =>
      api.put(ConfigMap, {
        metadata: {
          ...shop('orphan'),
          ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'missing', uid: 'missing' }],
        },
      }),
  ],
  'a Deployment that goes': [
    make(Deployment, deploymentDraft('brief', 2)),
    ({ api }) => api.client.delete(Deployment, shop('brief'), { propagationPolicy: 'Background' }),
  ],
}

/** How the stories are told. */
interface Telling {
  readonly order: readonly string[]
  /** When controllers start: before, or when all has been told (they see the last state alone). */
  readonly isSquashed: boolean
  /** Every object is written once more, unchanged: its events come twice. */
  readonly isRepeated: boolean
  /** Watches say nothing until all has been told. */
  readonly isHeld: boolean
  /** After so many stories every watch breaks. */
  readonly cutAfter: number
}

async function tell(telling: Telling): Promise<unknown> {
  const bench = controllerBench()
  const { api } = bench
  try {
    for (const name of ['default', 'shop']) await api.client.create(Namespace, { metadata: { name }, spec: {} })
    const start = async (): Promise<void> => {
      const options = {
        kinds: TEST_KINDS,
        clusterNetwork: [{ cidr: cidr('10.128.0.0/14'), hostPrefix: 23 }],
        namespaceContent: { rootCa: 'ROOT', serviceCa: 'SERVICE' },
      }
      await startControllers({ ...bench, client: api.client }, options, bench.signal)
      fakeNodes(bench)
    }
    if (!telling.isSquashed) await start()
    const letGo = telling.isHeld && !telling.isSquashed ? api.holdWatches() : () => {}
    for (const [told, name] of telling.order.entries()) {
      for (const step of STORIES[name]!) await step(bench)
      if (told === telling.cutAfter) api.cutWatches()
    }
    letGo()
    if (telling.isSquashed) await start()
    await settled(bench)
    if (telling.isRepeated) {
      for (const kind of TEST_KINDS) for (const object of api.all(kind)) api.put(kind, object)
      await settled(bench)
    }
    const { revision } = api
    await settled(bench)
    expect(api.revision, 'nothing is left to do').toBe(revision)
    return remains(bench)
  } finally {
    bench.close()
  }
}

/** What differs from one run to another and means nothing. */
const NOISE =
  /^(uid|resourceVersion|creationTimestamp|deletionTimestamp|generation|observedGeneration|last\w+Time|startTime|lastScheduleTime|podCIDRs?|podIPs?|resourceVersion|nodeName|endpoints\.kubernetes\.io\/last-change-trigger-time)$/

/** All that is stored, with names and addresses that were drawn as what they were drawn for. */
function remains({ api }: ControllerBench): unknown {
  const drawn = new Map<string, string>()
  for (const kind of TEST_KINDS)
    for (const { metadata } of api.all(kind))
      if ('generateName' in metadata) drawn.set(metadata.name, `${metadata.generateName}*`)
  const plain = (value: unknown): unknown => {
    if (typeof value === 'string') return drawn.get(value) ?? value.replace(/^10\.128\.\d+\.\d+$/, 'address')
    if (Array.isArray(value)) return value.map(plain).sort(byText)
    if (typeof value !== 'object' || value === null) return value
    const fields = Object.entries(value).filter(([key]) => !NOISE.test(key) && !/last-change-trigger/.test(key))
    return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, plain(one)]))
  }
  const kept = TEST_KINDS.filter(kind => kind !== (Event as Kind<ApiObject>))
  return Object.fromEntries(kept.map(kind => [kind.kind, (plain(api.all(kind)) as unknown[]).toSorted(byText)]))
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

const NAMES = Object.keys(STORIES)
const PLAIN: Telling = { order: NAMES, isSquashed: false, isRepeated: false, isHeld: false, cutAfter: -1 }

it('all controllers come to the end that was asked for', async () => {
  const end = (await tell(PLAIN)) as Record<string, readonly ApiObject[]>
  const count = (kind: Kind<never>, app: string) =>
    end[kind.kind]!.filter(({ metadata }) => metadata.labels?.app === app).length
  expect(
    ['web', 'lone', 'db', 'agent', 'batch', 'yearly', 'brief', 'left'].map(app => count(Pod as never, app)),
  ).toEqual([3, 2, 3, 2, 2, 1, 0, 0])
  expect(end[Namespace.kind]!.map(({ metadata }) => metadata.name)).toEqual(['default', 'shop'])
  expect(end[ConfigMap.kind]!.some(({ metadata }) => /orphan|left/.test(metadata.name))).toBe(false)
  const slices = end[EndpointSlice.kind] as unknown as readonly EndpointSlice[]
  expect(slices.flatMap(({ endpoints }) => endpoints)).toHaveLength(3)
  expect((end[Endpoints.kind] as unknown as readonly Endpoints[])[0]?.subsets?.[0]?.addresses).toHaveLength(3)
  expect(end[ResourceQuota.kind]).toMatchObject([{ status: { used: { pods: '13' } } }])
  expect(end[PodDisruptionBudget.kind]).toMatchObject([{ status: { disruptionsAllowed: 1, expectedPods: 3 } }])
})

let told: Promise<unknown> | undefined
/** Told once for all that is compared with it. */
const plainEnd = (): Promise<unknown> => {
  told ??= tell(PLAIN)
  return told
}

it.each<[string, Partial<Telling>]>([
  ['reversed', { order: NAMES.toReversed() }],
  ['squashed', { isSquashed: true }],
  ['duplicated', { isRepeated: true }],
  ['late', { isHeld: true }],
  ['reversed, squashed and duplicated', { order: NAMES.toReversed(), isSquashed: true, isRepeated: true }],
])('to the same end, when told %s', async (_, telling) => {
  expect(await tell({ ...PLAIN, ...telling })).toEqual(await plainEnd())
})

it('to the same end, however it is told', async () => {
  const expected = await plainEnd()
  const telling = fc.record({
    order: fc.shuffledSubarray(NAMES, { minLength: NAMES.length }),
    isSquashed: fc.boolean(),
    isRepeated: fc.boolean(),
    isHeld: fc.boolean(),
    cutAfter: fc.integer({ min: -1, max: NAMES.length }),
  })
  await fc.assert(
    fc.asyncProperty(telling, async one => {
      expect(await tell(one)).toEqual(expected)
    }),
    { numRuns: process.env.DEEP ? 100 : 12, endOnFailure: true },
  )
})
