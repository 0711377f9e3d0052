import { describe, expect, test } from 'vitest'
import type { Node } from '../../api/core/node.ts'
import type { Service, ServiceSpec } from '../../api/core/service.ts'
import type { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import { announcements } from '../../model/services/announce.ts'
import { ownerOf } from './owner.ts'

const VIP = ip('172.18.0.240')
const node = (name: string, labels: Record<string, string> = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '', labels },
  spec: {},
})
const NODES = ['node-1', 'node-2', 'node-3'].map(name => node(name))
const balancer = (address: string, spec: Partial<ServiceSpec> = {}, name = 'web'): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'shop', name, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { type: 'LoadBalancer', ...spec },
  status: { loadBalancer: { ingress: [{ ip: address, ipMode: 'VIP' }] } },
})
const slice = (nodeName: string, ready: boolean): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace: 'shop', name: 'web-1', uid: 's', resourceVersion: '1', creationTimestamp: '' },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.128.0.5'], nodeName, conditions: { ready } }],
})

describe('who may announce an address', () => {
  test('every node that is not excluded, in an order that differs by address', () => {
    const firsts = new Set<string>()
    for (let i = 210; i < 250; i++) {
      const [one] = announcements([balancer(`172.18.0.${i}`)], () => [], NODES)
      expect(one!.candidates.toSorted()).toEqual(['node-1', 'node-2', 'node-3'])
      expect(announcements([balancer(`172.18.0.${i}`)], () => [], NODES.toReversed())).toEqual([one])
      firsts.add(one!.candidates[0]!)
    }
    expect(firsts.size).toBe(3)
    const excluded = [node('node-1', { 'node.kubernetes.io/exclude-from-external-load-balancers': '' }), NODES[1]!]
    expect(announcements([balancer(VIP)], () => [], excluded)[0]?.candidates).toEqual(['node-2'])
  })

  test('under externalTrafficPolicy Local only nodes with a ready endpoint', () => {
    const local = balancer(VIP, { externalTrafficPolicy: 'Local' })
    expect(announcements([local], () => [slice('node-2', true)], NODES)[0]?.candidates).toEqual(['node-2'])
    expect(announcements([local], () => [slice('node-2', false)], NODES)[0]?.candidates).toEqual([])
  })

  test('only addresses that packets keep, and each for the elder Service', () => {
    const proxied: Service = { ...balancer(VIP), status: { loadBalancer: { ingress: [{ ip: VIP, ipMode: 'Proxy' }] } } }
    expect(announcements([proxied, balancer(VIP, { type: 'NodePort' })], () => [], NODES)).toEqual([])
    const both = announcements([balancer(VIP, {}, 'b'), balancer(VIP, {}, 'a')], () => [], NODES)
    expect(both.map(({ service }) => service)).toEqual(['shop/a'])
  })
})

describe('who announces', () => {
  const one = { address: VIP, service: 'shop/web', candidates: ['node-2', 'node-1', 'node-3'] }
  const owner = (alive: readonly string[], claims: Readonly<Record<string, readonly Ip[]>> = {}) =>
    ownerOf(one, new Map(alive.map(name => [name, new Set(claims[name] ?? [])])))

  test('the preferred one that lives, and nobody gives back what it has', () => {
    expect(owner(['node-1', 'node-2', 'node-3'])).toBe('node-2')
    expect(owner(['node-1', 'node-3'])).toBe('node-1')
    expect(owner(['node-1', 'node-2', 'node-3'], { 'node-3': [VIP] })).toBe('node-3')
    expect(owner(['node-1', 'node-2'], { 'node-3': [VIP] })).toBe('node-2')
    expect(owner(['node-1', 'node-2', 'node-3'], { 'node-3': [VIP], 'node-1': [VIP] })).toBe('node-1')
    expect(owner([])).toBeUndefined()
  })
})
