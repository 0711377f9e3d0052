import { expect, it } from 'vitest'
import type { Pod } from '../../api/core/pod.ts'
import { type PodShape, podOf, serviceOf } from '../shared/testing.ts'
import { decide } from './decide.ts'

const web = (shape: PodShape): Pod => podOf({ labels: { app: 'web' }, node: 'node-1', ...shape })
const ready = web({ name: 'a', ip: '10.0.0.1' })
const unready = web({ name: 'b', ip: '10.0.0.2', ready: false })

it('puts ready and other addresses apart', () => {
  const { subsets, metadata } = decide(serviceOf('web'), [unready, ready], undefined)
  const ref = (name: string) => ({ kind: 'Pod', namespace: 'shop', name, uid: `uid-${name}` })
  expect(subsets).toEqual([
    {
      addresses: [{ ip: '10.0.0.1', nodeName: 'node-1', targetRef: ref('a') }],
      notReadyAddresses: [{ ip: '10.0.0.2', nodeName: 'node-1', targetRef: ref('b') }],
      ports: [{ port: 8080, protocol: 'TCP' }],
    },
  ])
  expect(metadata.labels).toEqual({ 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' })
})

it('joins ports that lead to the same addresses, and says the same in any order', () => {
  const service = serviceOf('web', {
    ports: [
      { name: 'b', port: 81, targetPort: 9090 },
      { name: 'a', port: 80, targetPort: 'http' },
    ],
  })
  const other = web({
    name: 'c',
    ip: '10.0.0.3',
    spec: { containers: [{ name: 'c', image: 'x', ports: [{ name: 'http', containerPort: 80 }] }] },
  })
  const { subsets } = decide(service, [ready, other], undefined)
  expect(subsets?.map(({ addresses, ports }) => [addresses?.map(one => one.ip), ports?.map(one => one.port)])).toEqual([
    [['10.0.0.3'], [80]],
    [['10.0.0.1'], [8080]],
    [['10.0.0.1', '10.0.0.3'], [9090]],
  ])
  expect(decide(service, [other, ready], undefined)).toEqual(decide(service, [ready, other], undefined))
})

it('leaves out pods that end, unless all are published', () => {
  const ending = web({ name: 'a', ip: '10.0.0.1', ending: true })
  expect(decide(serviceOf('web'), [ending], undefined).subsets).toBeUndefined()
  expect(
    decide(serviceOf('web', { publishNotReadyAddresses: true }), [ending], undefined).subsets?.[0]?.addresses,
  ).toHaveLength(1)
})

it('has addresses without ports behind a headless Service without ports', () => {
  const { subsets, metadata } = decide(serviceOf('web', { clusterIP: 'None', ports: [] }), [ready], undefined)
  expect([subsets?.[0]?.addresses?.length, subsets?.[0]?.ports]).toEqual([1, undefined])
  expect(metadata.labels).toHaveProperty(['service.kubernetes.io/headless'])
})

it('holds a thousand addresses, ready ones first, and says that it was cut', () => {
  const pods = Array.from({ length: 1100 }, (_, i) =>
    web({ name: `p${i}`, ip: `10.1.${i >> 8}.${i & 255}`, ready: i >= 600 }),
  )
  const { subsets, metadata } = decide(serviceOf('web'), pods, undefined)
  expect([subsets?.[0]?.addresses?.length, subsets?.[0]?.notReadyAddresses?.length]).toEqual([500, 500])
  expect(metadata.annotations).toEqual({ 'endpoints.kubernetes.io/over-capacity': 'truncated' })
  expect(decide(serviceOf('web'), pods.slice(0, 1000), undefined).metadata.annotations).toEqual({})
})
