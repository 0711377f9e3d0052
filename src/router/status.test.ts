import { afterEach, expect, it } from 'vitest'
import { Route } from '../api/route/route.ts'
import { createEventRecorder } from '../client/events.ts'
import { ApiError } from '../client/mod.ts'
import { settled, type TestBench, testBench } from '../client/testing.ts'
import { policyOf, ROUTER_DEFAULTS } from '../model/routes/options.ts'
import { createStatusWriter } from './status.ts'

let bench: TestBench
afterEach(() => bench.close())

/** Tells of one Route to an API that takes nothing the first `refusals` times; resolves to how often it was asked. */
async function tell(refusals: number): Promise<number> {
  bench = testBench()
  bench.api.put(Route, {
    metadata: { namespace: 'shop', name: 'web' },
    spec: { host: 'a.test', to: { kind: 'Service', name: 'web' } },
  })
  let asked = 0
  const updateStatus: typeof bench.api.client.updateStatus = (kind, object) =>
    asked++ < refusals
      ? Promise.reject(new ApiError({ code: 409, reason: 'Conflict', message: 'somebody else was first' }))
      : bench.api.client.updateStatus(kind, object)
  const client = { ...bench.api.client, updateStatus }
  const deps = { ...bench, client, events: createEventRecorder({ ...bench, client }, { component: 'tests' }) }
  const routes = bench.informers.of(Route)
  await bench.informers.sync(bench.signal)
  const teller = createStatusWriter(deps, routes, policyOf(ROUTER_DEFAULTS), bench.signal)
  teller.tell(new Map([['shop/web', { host: 'a.test', services: [] }]]))
  await settled(bench)
  return asked
}

it.each([0, 8])('a Route is told of though others were first %i times', async refusals => {
  expect(await tell(refusals)).toBe(refusals + 1)
  const route = bench.api.get(Route, { namespace: 'shop', name: 'web' })
  expect(route?.status?.ingress?.[0]).toMatchObject({ routerName: 'default', host: 'a.test' })
})
