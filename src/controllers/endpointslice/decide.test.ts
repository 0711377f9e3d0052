import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pod } from '../../api/core/pod.ts'
import type { Service } from '../../api/core/service.ts'
import type { Endpoint, EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { Draft } from '../../client/mod.ts'
import { nodeOf, type PodShape, podOf, serviceOf } from '../shared/testing.ts'
import { CONTROLLER, decide, type Input, MANAGED_BY, type Plan, SERVICE_NAME } from './decide.ts'

const nodes = [nodeOf('node-1', {}, { 'topology.kubernetes.io/zone': 'a' }), nodeOf('node-2')]
const web = (shape: PodShape): Pod => podOf({ labels: { app: 'web' }, node: 'node-1', ...shape })
let made = 0
/** What the server makes of a draft. */
const stored = (draft: Draft<EndpointSlice>): EndpointSlice =>
  ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    ...draft,
    metadata: { ...draft.metadata, name: `web-${++made}`, uid: `s${made}`, resourceVersion: '1' },
  }) as EndpointSlice
function round(
  service: Service,
  pods: readonly Pod[],
  slices: readonly EndpointSlice[] = [],
  more: Partial<Input> = {},
): Plan {
  const node = (name: string) => nodes.find(one => one.metadata.name === name)
  return decide({ service, pods, node, slices, triggerTime: undefined, ...more })
}
/** The slices after the plan was carried out. */
function carriedOut(plan: Plan, slices: readonly EndpointSlice[]): EndpointSlice[] {
  const written = new Map(plan.update.map(slice => [slice.metadata.uid, slice]))
  const left = slices
    .filter(slice => !plan.remove.includes(slice))
    .map(slice => written.get(slice.metadata.uid) ?? slice)
  return [...left, ...plan.create.map(stored)]
}
const first = (plan: Plan): Endpoint | undefined => plan.create[0]?.endpoints[0]
const writes = (plan: Plan): number => plan.create.length + plan.update.length + plan.remove.length

describe('an endpoint', () => {
  it('says all about its pod', () => {
    const plan = round(serviceOf('web'), [web({ name: 'p', ip: '10.128.0.5' })])
    expect(plan.create).toHaveLength(1)
    expect(plan.create[0]).toMatchObject({
      metadata: {
        namespace: 'shop',
        generateName: 'web-',
        labels: { [SERVICE_NAME]: 'web', [MANAGED_BY]: CONTROLLER },
      },
      addressType: 'IPv4',
      ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    })
    expect(plan.create[0]?.metadata.ownerReferences?.[0]).toMatchObject({
      kind: 'Service',
      uid: 'uid-web',
      controller: true,
    })
    expect(first(plan)).toEqual({
      addresses: ['10.128.0.5'],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: 'node-1',
      zone: 'a',
      targetRef: { kind: 'Pod', namespace: 'shop', name: 'p', uid: 'uid-p' },
    })
  })

  const cases: [string, PodShape, Partial<Service['spec']>, Endpoint['conditions'] | undefined][] = [
    ['ready', { name: 'p', ip: '10.0.0.1' }, {}, { ready: true, serving: true, terminating: false }],
    [
      'not ready',
      { name: 'p', ip: '10.0.0.1', ready: false },
      {},
      { ready: false, serving: false, terminating: false },
    ],
    [
      'not ready, published',
      { name: 'p', ip: '10.0.0.1', ready: false },
      { publishNotReadyAddresses: true },
      { ready: true, serving: false, terminating: false },
    ],
    [
      'ending, still serving',
      { name: 'p', ip: '10.0.0.1', ending: true },
      {},
      { ready: false, serving: true, terminating: true },
    ],
    ['over', { name: 'p', ip: '10.0.0.1', phase: 'Succeeded' }, {}, undefined],
    ['without an address', { name: 'p' }, {}, undefined],
    ['on a node not known yet', { name: 'p', ip: '10.0.0.1', node: 'node-9' }, {}, undefined],
    [
      'on a node not known yet, published',
      { name: 'p', ip: '10.0.0.1', node: 'node-9' },
      { publishNotReadyAddresses: true },
      { ready: true, serving: true, terminating: false },
    ],
  ]
  it.each(cases)('%s', (_, shape, spec, conditions) => {
    const plan = round(serviceOf('web', spec), [web(shape)])
    expect(first(plan)?.conditions).toEqual(conditions)
    expect(plan.create).toHaveLength(1)
  })

  it('has a host name only under the Service of its subdomain', () => {
    const pod = web({ name: 'p', ip: '10.0.0.1', spec: { hostname: 'db-0', subdomain: 'web' } })
    expect(first(round(serviceOf('web', { clusterIP: 'None' }), [pod]))?.hostname).toBe('db-0')
    expect(first(round(serviceOf('other', { selector: { app: 'web' } }), [pod]))?.hostname).toBeUndefined()
  })
})

describe('ports', () => {
  const named = (name: string, ip: string, port: number, portName = 'http') =>
    web({
      name,
      ip,
      spec: {
        containers: [{ name: 'c', image: 'x', ports: [{ name: portName, containerPort: port, protocol: 'TCP' }] }],
      },
    })
  it('by name are each pod’s own, and pods with others stand in another slice', () => {
    const { create } = round(serviceOf('web'), [
      named('a', '10.0.0.1', 8080),
      named('b', '10.0.0.2', 9090),
      named('c', '10.0.0.3', 8080),
    ])
    const seen = create.map(({ ports, endpoints }) => [ports?.[0]?.port, endpoints.length])
    expect(seen.toSorted()).toEqual([
      [8080, 2],
      [9090, 1],
    ])
  })
  it('of sidecars count too, of other init containers they do not', () => {
    const pod = (restartPolicy?: 'Always') => {
      const one = named('a', '10.0.0.1', 8080, 'other')
      const ports = [{ name: 'http', containerPort: 9000, protocol: 'TCP' as const }]
      const initContainers = [{ name: 's', image: 'x', ports, ...(restartPolicy ? { restartPolicy } : {}) }]
      return { ...one, spec: { ...one.spec, initContainers } }
    }
    expect(round(serviceOf('web'), [pod('Always')]).create[0]?.ports?.[0]?.port).toBe(9000)
    expect(round(serviceOf('web'), [pod()]).create[0]?.ports).toEqual([])
  })
  it('by a name that no pod has are left out, and the user is told', () => {
    const two = serviceOf('web', {
      ports: [
        { name: 'a', port: 80, targetPort: 'nope' },
        { name: 'b', port: 81, targetPort: 8080 },
      ],
    })
    const plan = round(two, [named('a', '10.0.0.1', 8080)])
    expect(plan.create[0]?.ports).toEqual([{ name: 'b', port: 8080, protocol: 'TCP' }])
    expect(plan.warnings).toEqual([['TargetPortNotFound', 'Port a: none of the 1 pods has a TCP port named "nope"']])
    expect(round(serviceOf('web'), [named('a', '10.0.0.1', 8080)]).warnings).toEqual([])
    expect(round(two, []).warnings).toEqual([])
  })
  it('of a headless Service may be none', () => {
    const headless = serviceOf('web', { clusterIP: 'None', ports: [] })
    const { create } = round(headless, [web({ name: 'p', ip: '10.0.0.1' })])
    expect([create[0]?.ports, create[0]?.endpoints.length]).toEqual([[], 1])
    expect(create[0]?.metadata.labels).toMatchObject({ 'service.kubernetes.io/headless': '' })
  })
})

describe('slices', () => {
  const many = (n: number, from = 0) =>
    Array.from({ length: n }, (_, i) =>
      web({ name: `p${from + i}`, ip: `10.1.${(from + i) >> 8}.${(from + i) & 255}` }),
    )
  it('hold a hundred each', () => {
    expect(round(serviceOf('web'), many(250)).create.map(one => one.endpoints.length)).toEqual([100, 100, 50])
  })
  it('of nothing are one, which says so', () => {
    const plan = round(serviceOf('web'), [])
    expect(plan.create).toMatchObject([{ endpoints: [], ports: [], addressType: 'IPv4' }])
    expect(writes(round(serviceOf('web'), [], carriedOut(plan, [])))).toBe(0)
    const filled = round(serviceOf('web'), many(1), carriedOut(plan, []))
    expect([filled.create.length, filled.update.length, filled.remove.length]).toEqual([0, 1, 0])
  })
  it('are one for each family', () => {
    const dual = web({ name: 'p', ip: '10.0.0.1' })
    const pod = { ...dual, status: { ...dual.status, podIPs: [{ ip: '10.0.0.1' }, { ip: 'FD01:0::5' }] } }
    const plan = round(serviceOf('web', { ipFamilies: ['IPv4', 'IPv6'] }), [pod])
    expect(plan.create.map(one => [one.addressType, one.endpoints[0]?.addresses[0]])).toEqual([
      ['IPv4', '10.0.0.1'],
      ['IPv6', 'fd01::5'],
    ])
    const single = round(serviceOf('web', { ipFamilies: ['IPv4'] }), [pod], carriedOut(plan, []))
    expect(single.remove.map(one => one.addressType)).toEqual(['IPv6'])
  })
  it('of another Service of the same name are removed', () => {
    const slices = carriedOut(round(serviceOf('web', {}, { uid: 'before' }), many(1)), [])
    const plan = round(serviceOf('web'), many(1), slices)
    expect([plan.create.length, plan.remove.length]).toEqual([1, 1])
  })
  it('follow the labels of the Service, and keep their own', () => {
    const slices = carriedOut(round(serviceOf('web'), many(1)), [])
    const plan = round(serviceOf('web', {}, { labels: { team: 'a', [SERVICE_NAME]: 'forged' } }), many(1), slices)
    expect(plan.update.map(one => one.metadata.labels)).toEqual([
      { team: 'a', [SERVICE_NAME]: 'web', [MANAGED_BY]: CONTROLLER },
    ])
  })
  it('are written as few times as can be', () => {
    const service = serviceOf('web')
    let slices = carriedOut(round(service, many(150)), [])
    expect(writes(round(service, many(150).toReversed(), slices))).toBe(0)
    const one = round(service, many(151), slices)
    expect([one.create.length, one.update.length]).toEqual([0, 1])
    slices = carriedOut(one, slices)
    const gone = many(151).filter(pod => pod.metadata.name !== 'p3')
    const removed = round(service, gone, slices)
    expect([removed.create.length, removed.update.length, removed.remove.length]).toEqual([0, 1, 0])
    expect(removed.update[0]?.endpoints).toHaveLength(99)
  })
  it('end the same whatever happened on the way', () => {
    const service = serviceOf('web')
    const pool = many(12)
    const states = fc.array(fc.subarray(pool), { maxLength: 8 })
    fc.assert(
      fc.property(
        states,
        fc.subarray(pool),
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        (way, last, readiness) => {
          const final = last.map(pod =>
            readiness[pool.indexOf(pod)]
              ? pod
              : podOf({
                  ...{
                    name: pod.metadata.name,
                    labels: { app: 'web' },
                    node: 'node-1',
                    ip: pod.status!.podIP!,
                    ready: false,
                  },
                }),
          )
          let slices: EndpointSlice[] = []
          for (const pods of [...way, final, final])
            slices = carriedOut(round(service, pods, slices, { max: 4 }), slices)
          expect(writes(round(service, final.toReversed(), slices, { max: 4 }))).toBe(0)
          const seen = slices.flatMap(slice => slice.endpoints)
          const text = (endpoint: Endpoint): string => `${endpoint.addresses[0]} ${endpoint.conditions?.ready}`
          expect(seen.map(text).toSorted()).toEqual(
            final.map(pod => `${pod.status!.podIP} ${pod.status!.conditions![0]!.status === 'True'}`).toSorted(),
          )
          for (const slice of slices) expect(slice.endpoints.length).toBeLessThanOrEqual(4)
          if (final.length > 0) expect(slices.every(slice => slice.endpoints.length > 0)).toBe(true)
        },
      ),
    )
  })
  it('tell when what they say happened', () => {
    const service = serviceOf('web')
    const triggerTime = '2026-01-01T00:00:09Z'
    const name = 'endpoints.kubernetes.io/last-change-trigger-time'
    const plan = round(service, many(1), [], { triggerTime })
    expect(plan.create[0]?.metadata.annotations).toEqual({ [name]: triggerTime })
    expect(round(service, many(2), carriedOut(plan, [])).update[0]?.metadata.annotations).toEqual({})
  })
})
