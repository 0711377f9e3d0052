import { expect, test } from 'vitest'
import { Service } from '../../api/core/service.ts'
import { settled, testBench } from '../../client/testing.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { ip } from '../../lib/ip.ts'
import { UNIDLED_AT } from '../../model/services/idling.ts'
import { createWatch } from './watch.ts'

test('a Service that says that it is woken in years is looked at again each 30 s, however often it changed; one that is gone is not', async () => {
  const bench = testBench()
  const clock = fakeClock()
  const watch = createWatch(bench.informers, clock, bench.log)
  await bench.informers.sync(bench.signal)
  const read = () => watch.service('shop/api', { node: 'node-1', zone: 'a', nodePortAddresses: [ip('172.18.0.11')] })
  let told = 0
  watch.onChange(() => {
    told++
    read()
  })
  const metadata = { namespace: 'shop', name: 'api', annotations: { [UNIDLED_AT]: '9999-01-01T00:00:00Z' } }
  for (let port = 1; port <= 20; port++) {
    bench.api.put(Service, { metadata, spec: { clusterIP: '172.30.1.1', ports: [{ port }] } })
    await settled(bench)
  }
  expect(read().fronts.map(({ within }) => within.is)).toEqual(['wake'])
  told = 0
  await clock.advance(90_000)
  expect(told).toBe(3)
  bench.api.drop(Service, metadata)
  await settled(bench)
  told = 0
  await clock.advance(90_000)
  expect(told).toBe(0)
  bench.close()
})
