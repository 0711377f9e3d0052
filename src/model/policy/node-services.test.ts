import { expect, test } from 'vitest'
import { ip } from '../../lib/ip.ts'
import { keptFromPods, METADATA } from './node-services.ts'

test("the cloud's metadata and machine-config ports are kept from pods, and nothing beside them", () => {
  const elsewhere = ip('10.0.0.1')
  expect(keptFromPods({ destination: METADATA, protocol: 'TCP', port: 80 })).toContain('metadata')
  expect(keptFromPods({ destination: METADATA, protocol: 'UDP', port: 123 })).toContain('metadata')
  expect(keptFromPods({ destination: elsewhere, protocol: 'TCP', port: 22_623 })).toContain('machine-config')
  expect(keptFromPods({ destination: METADATA, protocol: 'TCP', port: 22_624 })).toContain('machine-config')
  for (const port of [80, 22_622, 22_625])
    expect(keptFromPods({ destination: elsewhere, protocol: 'TCP', port })).toBeUndefined()
  expect(keptFromPods({ destination: METADATA, protocol: 'UDP', port: 53 })).toBeUndefined()
  expect(keptFromPods({ destination: METADATA, protocol: 'ICMP' })).toBeUndefined()
  expect(keptFromPods({ destination: elsewhere, protocol: 'UDP', port: 22_623 })).toBeUndefined()
})
