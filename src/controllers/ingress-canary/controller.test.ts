import { afterEach, expect, it } from 'vitest'
import { DaemonSet } from '../../api/apps/daemon-set.ts'
import { Service } from '../../api/core/service.ts'
import { IngressController } from '../../api/operator/ingress-controller.ts'
import { Route } from '../../api/route/route.ts'
import { settled } from '../../client/testing.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { type ControllerBench, controllerBench } from '../shared/testing.ts'
import { startIngressCanary } from './controller.ts'

let bench: ControllerBench
afterEach(() => bench.close())

const DEFAULT = { namespace: 'openshift-ingress-operator', name: 'default' }
const SET = { namespace: 'openshift-ingress-canary', name: 'ingress-canary' }

async function start() {
  const clock = fakeClock()
  bench = controllerBench({}, undefined, clock)
  const { api } = bench
  const conditions = [{ type: 'Available', status: 'True' as const, lastTransitionTime: '2026-01-01T00:00:00Z' }]
  api.put(IngressController, { metadata: DEFAULT, spec: {}, status: { domain: 'apps.x', conditions } })
  const asked: string[] = []
  const state: { problem: string | undefined } = { problem: undefined }
  const probe = async (host: string) => {
    asked.push(host)
    return state.problem
  }
  await startIngressCanary(bench.deps, { image: 'canary', probe }, bench.signal)
  const pass = async (ms: number) => {
    await clock.advance(ms)
    await settled(bench)
  }
  const said = () =>
    api.get(IngressController, DEFAULT)?.status?.conditions?.find(({ type }) => type === 'CanaryChecksSucceeding')
  const run = async () => {
    const set = api.get(DaemonSet, SET)!
    api.put(DaemonSet, { ...set, metadata: { ...set.metadata, ...SET }, status: { numberAvailable: 3 } as never })
    await pass(2000)
  }
  await settled(bench)
  return { api, asked, state, pass, said, run }
}

it('its objects come once the cluster has started, and it asks when there is a server', async () => {
  const { api, asked, pass, said, run } = await start()
  expect(api.get(DaemonSet, SET)).toBeUndefined()
  await pass(20_000)
  expect(api.get(Service, SET)?.spec.ports?.[0]?.port).toBe(8080)
  expect(api.get(Route, { ...SET, name: 'canary' })?.spec).toMatchObject({
    host: 'canary-openshift-ingress-canary.apps.x',
    tls: { termination: 'edge' },
  })
  expect([asked.length, said()]).toEqual([0, undefined])
  await run()
  expect(asked).toEqual(['canary-openshift-ingress-canary.apps.x'])
  expect(said()).toMatchObject({ status: 'True', reason: 'CanaryChecksSucceeding' })
  await pass(59_000)
  expect(asked).toHaveLength(1)
  await pass(1000)
  expect(asked).toHaveLength(2)
})

it('five failures in a row count, and one success ends that', async () => {
  const { state, pass, said, run } = await start()
  await pass(20_000)
  await run()
  state.problem = 'status 503'
  for (let i = 0; i < 4; i++) await pass(60_000)
  expect(said()?.status).toBe('True')
  await pass(60_000)
  expect(said()).toMatchObject({ status: 'False', reason: 'CanaryChecksRepetitiveFailures' })
  expect(said()?.message).toContain('status 503')
  state.problem = undefined
  await pass(60_000)
  expect(said()?.status).toBe('True')
})
