import { describe, expect, it } from 'vitest'
import type { DaemonSet } from '../../api/apps/daemon-set.ts'
import type { Node } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import { nodeOf as makeNode, type PodShape, podOf } from '../shared/testing.ts'
import { decide, HASH_LABEL, nodeOf, specFor, templateHash, tolerationsOf } from './decide.ts'

const NOW_MS = Date.parse('2026-01-01T00:01:00Z')
const OWNER = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'dns', uid: 'ds', controller: true }
const set = (spec: Partial<Pod['spec']> = {}, more: Partial<DaemonSet['spec']> = {}): DaemonSet =>
  ({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { namespace: 'shop', name: 'dns', uid: 'ds', resourceVersion: '1', creationTimestamp: '', generation: 2 },
    spec: {
      selector: { matchLabels: { app: 'dns' } },
      template: { metadata: { labels: { app: 'dns' } }, spec: { containers: [{ name: 'c', image: 'v1' }], ...spec } },
      ...more,
    },
  }) as DaemonSet
const three = ['node-1', 'node-2', 'node-3'].map(name => makeNode(name))
const daemon = (of: DaemonSet, shape: PodShape): Pod =>
  podOf({ owner: OWNER, labels: { app: 'dns', [HASH_LABEL]: templateHash(of) }, ...shape })
const everywhere = (of: DaemonSet, shape: Partial<PodShape> = {}): Pod[] =>
  three.map(({ metadata }, i) =>
    daemon(of, { name: `p${i + 1}`, node: metadata.name, ip: `10.0.0.${i + 1}`, ...shape }),
  )
const names = (pods: readonly Pod[]): string[] => pods.map(pod => pod.metadata.name).sort()
const tainted = (effect: 'NoSchedule' | 'NoExecute', key = 'dedicated'): Node[] => [
  { ...three[0]!, spec: { taints: [{ key, effect }] } },
  three[1]!,
  three[2]!,
]

describe('which nodes', () => {
  it('all, by affinity for the node that leaves the scheduler its say', () => {
    expect(decide(set(), three, [], NOW_MS)).toMatchObject({
      create: ['node-1', 'node-2', 'node-3'],
      remove: [],
      status: { desiredNumberScheduled: 3, numberUnavailable: 3 },
    })
    const spec = specFor(set().spec.template.spec!, 'node-2')
    expect(spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms).toEqual([
      { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-2'] }] },
    ])
    expect(nodeOf(podOf({ name: 'x', spec }))).toBe('node-2')
  })
  it('those that the selector, the name and the taints leave', () => {
    const labelled = [makeNode('a', {}, { disk: 'ssd' }), makeNode('b')]
    expect(decide(set({ nodeSelector: { disk: 'ssd' } }), labelled, [], NOW_MS).create).toEqual(['a'])
    expect(decide(set({ nodeName: 'b' }), labelled, [], NOW_MS).create).toEqual(['b'])
    expect(decide(set(), tainted('NoSchedule'), [], NOW_MS).create).toEqual(['node-2', 'node-3'])
    expect(
      decide(set({ tolerations: [{ operator: 'Exists' }] }), tainted('NoSchedule'), [], NOW_MS).create,
    ).toHaveLength(3)
  })
  it('also those that are cordoned, lost or short of something', () => {
    for (const [key, effect] of [
      ['node.kubernetes.io/unschedulable', 'NoSchedule'],
      ['node.kubernetes.io/unreachable', 'NoExecute'],
      ['node.kubernetes.io/disk-pressure', 'NoSchedule'],
    ] as const)
      expect(decide(set(), tainted(effect, key), [], NOW_MS).create).toHaveLength(3)
    const onHost = tolerationsOf({ containers: [], hostNetwork: true }).map(one => one.key)
    expect(onHost).toContain('node.kubernetes.io/network-unavailable')
    expect(tolerationsOf({ containers: [] }).map(one => one.key)).not.toContain(
      'node.kubernetes.io/network-unavailable',
    )
  })
  it('keep running pods through NoSchedule, not through NoExecute', () => {
    expect(names(decide(set(), tainted('NoSchedule'), everywhere(set()), NOW_MS).remove)).toEqual([])
    const driven = decide(set(), tainted('NoExecute'), everywhere(set()), NOW_MS)
    expect([names(driven.remove), driven.status.numberMisscheduled, driven.status.desiredNumberScheduled]).toEqual([
      ['p1'],
      1,
      2,
    ])
  })
})

describe('pods', () => {
  it('are one a node; the placed one stays', () => {
    const pods = [
      ...everywhere(set()),
      daemon(set(), { name: 'extra', spec: specFor(set().spec.template.spec!, 'node-1') }),
    ]
    expect(names(decide(set(), three, pods, NOW_MS).remove)).toEqual(['extra'])
    expect(decide(set(), three, everywhere(set()), NOW_MS)).toMatchObject({
      create: [],
      remove: [],
      status: { numberReady: 3, numberAvailable: 3, updatedNumberScheduled: 3 },
    })
  })
  it('go with their node', () => {
    expect(names(decide(set(), three.slice(0, 2), everywhere(set()), NOW_MS).remove)).toEqual(['p3'])
  })
  it('come again once the last has ended', () => {
    const pods = everywhere(set())
    const ending = { ...pods[0]!, metadata: { ...pods[0]!.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
    expect(decide(set(), three, [ending, pods[1]!, pods[2]!], NOW_MS).create).toEqual([])
    expect(decide(set(), three, pods.slice(1), NOW_MS).create).toEqual(['node-1'])
  })
  it('that failed are replaced, but not in a tight loop', () => {
    const failed = (creationTimestamp: string) =>
      daemon(set(), { name: 'f', node: 'node-1', phase: 'Failed', meta: { creationTimestamp } })
    const young = decide(set(), three.slice(0, 1), [failed('2026-01-01T00:00:59Z')], NOW_MS)
    expect([young.create, young.remove, young.recheckMs]).toEqual([[], [], 4000])
    expect(names(decide(set(), three.slice(0, 1), [failed('2026-01-01T00:00:00Z')], NOW_MS).remove)).toEqual(['f'])
  })
})

describe('an update of the template', () => {
  const before = set({ containers: [{ name: 'c', image: 'v0' }] })
  it('takes as many available pods away as may be missing', () => {
    expect(names(decide(set(), three, everywhere(before), NOW_MS).remove)).toEqual(['p1'])
    const two = set({}, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 2 } } })
    expect(names(decide(two, three, everywhere(before), NOW_MS).remove)).toEqual(['p1', 'p2'])
  })
  it('waits for the new ones', () => {
    const [, b, c] = everywhere(before)
    const fresh = daemon(set(), { name: 'n', node: 'node-1' })
    expect(decide(set(), three, [fresh, b!, c!], NOW_MS)).toMatchObject({
      remove: [],
      status: { updatedNumberScheduled: 1, numberAvailable: 2 },
    })
    const working = daemon(set(), { name: 'n', node: 'node-1', ip: '10.0.0.9' })
    expect(names(decide(set(), three, [working, b!, c!], NOW_MS).remove)).toEqual(['p2'])
  })
  it('takes those that do not work at once', () => {
    expect(names(decide(set(), three, everywhere(before, { ready: false }), NOW_MS).remove)).toEqual(['p1', 'p2', 'p3'])
  })
  it('does nothing where pods are replaced on deletion only', () => {
    expect(decide(set({}, { updateStrategy: { type: 'OnDelete' } }), three, everywhere(before), NOW_MS).remove).toEqual(
      [],
    )
  })
})

it('counts a pod as available only after minReadySeconds', () => {
  const slow = set({}, { minReadySeconds: 90 })
  expect(decide(slow, three, everywhere(slow), NOW_MS)).toMatchObject({
    status: { numberReady: 3, numberUnavailable: 3 },
    recheckMs: 30_000,
  })
  expect(decide(slow, three, everywhere(slow), NOW_MS + 30_000).status.numberAvailable).toBe(3)
})
