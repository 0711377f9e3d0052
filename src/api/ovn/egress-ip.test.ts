import { expect, test } from 'vitest'
import { errorsOf } from '../testing.ts'
import { EgressIP } from './egress-ip.ts'
import { EgressService } from './egress-service.ts'

const spec = { egressIPs: ['172.18.0.50'], namespaceSelector: {} }

test('selectors of an EgressIP must be well formed; addresses that cannot be read are for an event', () => {
  expect(errorsOf(EgressIP, { metadata: { name: 'web' }, spec })).toEqual([])
  expect(errorsOf(EgressIP, { metadata: { name: 'web' }, spec: { ...spec, egressIPs: ['nowhere'] } })).toEqual([])
  const errors = (some: object) => errorsOf(EgressIP, { metadata: { name: 'web' }, spec: some })
  expect(errors({ egressIPs: ['172.18.0.50'] })[0]).toContain('spec.namespaceSelector: Required')
  expect(errors({ namespaceSelector: {} })[0]).toContain('spec.egressIPs: Required')
  const podSelector = { matchExpressions: [{ key: 'a', operator: 'Near' }] }
  expect(errorsOf(EgressIP, { metadata: { name: 'web' }, spec: { ...spec, podSelector } })[0]).toContain(
    'spec.podSelector',
  )
})

test('`get` shows the first of what is assigned, as a CustomResourceDefinition does', () => {
  const items = [
    { node: 'node-2', egressIP: '172.18.0.50' },
    { node: 'node-1', egressIP: '172.18.0.51' },
  ]
  const object = { metadata: { name: 'web' }, spec, status: { items } } as unknown as EgressIP
  const cells = EgressIP.columns?.map(column => column.cell(object, 0))
  expect(cells).toEqual(['web', '172.18.0.50', 'node-2', '172.18.0.50'])
  expect(EgressIP.columns?.map(({ name }) => name)).toEqual([
    'Name',
    'EgressIPs',
    'Assigned Node',
    'Assigned EgressIPs',
  ])
})

test('an EgressService says where the source address comes from', () => {
  const service = (spec: object) => errorsOf(EgressService, { metadata: { name: 'web', namespace: 'shop' }, spec })
  for (const sourceIPBy of ['LoadBalancerIP', 'Network']) expect(service({ sourceIPBy })).toEqual([])
  expect(service({ sourceIPBy: 'Cluster' })[0]).toContain('spec.sourceIPBy')
})
