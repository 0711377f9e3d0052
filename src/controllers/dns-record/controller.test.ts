import { afterEach, expect, it } from 'vitest'
import { DNS } from '../../api/config/dns.ts'
import { DNSRecord } from '../../api/ingress-operator/dns-record.ts'
import { eventually, settled } from '../../client/testing.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { type ControllerBench, controllerBench } from '../shared/testing.ts'
import { startDnsRecord } from './controller.ts'
import type { WantedRecord } from './update.ts'

let bench: ControllerBench
let clock = fakeClock()
afterEach(() => bench.close())

const KEY = { namespace: 'openshift-ingress-operator', name: 'shop-wildcard' }
const SPEC = {
  dnsName: '*.shop.fairlead.test.',
  targets: ['172.18.0.210'],
  recordType: 'A',
  recordTTL: 30,
  dnsManagementPolicy: 'Managed',
} as const

async function start(publish: (record: WantedRecord) => Promise<void> = async () => {}) {
  clock = fakeClock()
  bench = controllerBench({}, undefined, clock)
  const told: string[] = []
  bench.api.put(DNS, { metadata: { name: 'cluster' }, spec: { baseDomain: 'x', publicZone: { id: 'fairlead.test' } } })
  const record = async (wanted: WantedRecord): Promise<void> => {
    told.push(`${wanted.zone} ${wanted.name} ${wanted.type} ${wanted.targets.join()}`)
    await publish(wanted)
  }
  await startDnsRecord(bench.deps, { publish: record }, bench.signal)
  const said = () => bench.api.get(DNSRecord, KEY)?.status?.zones?.[0]?.conditions?.[0]
  const put = async (spec: DNSRecord['spec']) => {
    const old = bench.api.get(DNSRecord, KEY)
    bench.api.put(DNSRecord, { ...old, metadata: { ...old?.metadata, ...KEY }, spec })
    await settled(bench)
  }
  return { told, said, put }
}

it('publishes a record, its changes, and that it is gone', async () => {
  const { told, said, put } = await start()
  await put(SPEC)
  expect(told).toEqual(['fairlead.test. *.shop.fairlead.test. A 172.18.0.210'])
  expect(said()).toMatchObject({ type: 'Published', status: 'True', reason: 'ProviderSuccess' })
  await put({ ...SPEC, targets: ['172.18.0.211'] })
  expect(told.at(-1)).toContain('172.18.0.211')
  await bench.api.client.delete(DNSRecord, KEY)
  await settled(bench)
  await eventually(() => bench.api.get(DNSRecord, KEY) === undefined)
  expect(told.at(-1)).toBe('fairlead.test. *.shop.fairlead.test. A ')
})

it('leaves alone what is unmanaged, and says so', async () => {
  const { told, said, put } = await start()
  await put({ ...SPEC, dnsManagementPolicy: 'Unmanaged' })
  expect(told).toEqual([])
  expect(said()).toMatchObject({ status: 'Unknown', reason: 'UnmanagedDNS' })
})

it('says why it could not, and tries again', async () => {
  let refuses = true
  const { told, said, put } = await start(async () => {
    if (refuses) throw new Error('172.18.0.53 answers REFUSED')
  })
  await put(SPEC)
  expect(said()).toMatchObject({ status: 'False', reason: 'ProviderError' })
  expect(said()?.message).toContain('172.18.0.53 answers REFUSED')
  refuses = false
  await clock.advance(10_000)
  await settled(bench)
  expect(said()).toMatchObject({ status: 'True' })
  expect(told).toHaveLength(2)
})
