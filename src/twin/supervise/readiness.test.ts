import { describe, expect, test } from 'vitest'
import type { Node } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import { resolveConfig } from '../config.ts'
import { planWorld } from '../plan.ts'
import { readiness } from './readiness.ts'

const START = Date.parse('2026-11-20T10:00:00.700Z')
const NOW = '2026-11-20T10:00:00Z'
const BEFORE = '2026-11-20T09:59:59Z'
const okd = planWorld(await resolveConfig({ name: 'x', nodes: 2 }, []))
const kubernetes = planWorld(await resolveConfig({ name: 'x', nodes: 2, profile: 'kubernetes' }, []))

const node = (name: string, heartbeat = NOW, status = 'True') =>
  ({
    metadata: { name },
    status: { conditions: [{ type: 'Ready', status, lastHeartbeatTime: heartbeat }] },
  }) as unknown as Node
const pod = (namespace: string, startedAt = NOW, ready = 'True') =>
  ({
    metadata: { name: 'p', namespace },
    status: {
      conditions: [{ type: 'Ready', status: ready }],
      containerStatuses: [{ state: { running: { startedAt } } }],
    },
  }) as unknown as Pod

const NODES = [node('node-1'), node('node-2')]
const PODS = [pod('openshift-dns'), pod('openshift-dns'), pod('openshift-ingress')]

describe('readiness', () => {
  test('nodes, DNS everywhere, a router', () => {
    expect(readiness(okd, NODES, PODS, START)).toEqual({ ready: true, text: 'nodes 2/2, DNS 2/2, router 1/1' })
  })
  test('an empty cluster', () => {
    expect(readiness(okd, [], [], START)).toEqual({ ready: false, text: 'nodes 0/2, DNS 0/2, router 0/1' })
  })
  test.each([
    ['a node that is not Ready', [node('node-1'), node('node-2', NOW, 'False')], PODS],
    ['a node that was Ready in an earlier run', [node('node-1'), node('node-2', BEFORE)], PODS],
    ['a node of another name', [node('node-1'), node('elsewhere')], PODS],
    ['a DNS pod too few', NODES, PODS.slice(1)],
    ['a DNS pod of an earlier run', NODES, [pod('openshift-dns', BEFORE), ...PODS.slice(1)]],
    ['a router that is not ready', NODES, [...PODS.slice(0, 2), pod('openshift-ingress', NOW, 'False')]],
  ])('is missing: %s', (_, nodes, pods) => {
    expect(readiness(okd, nodes, pods, START).ready).toBe(false)
  })
  test('the kubernetes profile has no router and one DNS server is enough', () => {
    expect(readiness(kubernetes, NODES, [pod('kube-system')], START)).toEqual({
      ready: true,
      text: 'nodes 2/2, DNS 1/1',
    })
    expect(readiness(kubernetes, NODES, [], START).ready).toBe(false)
  })
})
