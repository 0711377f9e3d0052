import { afterEach, expect, it } from 'vitest'
import { Deployment } from '../../api/apps/deployment.ts'
import { Event } from '../../api/core/event.ts'
import { Service } from '../../api/core/service.ts'
import { settled } from '../../client/testing.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { IDLED_AT, NEED_PODS, UNIDLE_TARGETS, UNIDLED_AT } from '../../model/services/idling.ts'
import { type ControllerBench, controllerBench, deploymentDraft, serviceOf } from '../shared/testing.ts'
import { startUnidling } from './controller.ts'
import { isAskedFor, targetsOf } from './decide.ts'

let bench: ControllerBench
afterEach(() => bench?.close())

const AT = '2026-03-01T12:00:00Z'
const target = (name: string, replicas: number, kind = 'Deployment') => ({ kind, name, replicas, group: 'apps' })

function putIdled(targets: readonly object[]): void {
  const { metadata, ...service } = serviceOf('web', {})
  const annotations = { [IDLED_AT]: AT, [UNIDLE_TARGETS]: JSON.stringify(targets) }
  bench.api.put(Service, { ...service, metadata: { ...metadata, annotations } })
}
function ask(lastTimestamp: string, name = 'web', reason = NEED_PODS): void {
  const involvedObject = { kind: 'Service', namespace: 'shop', name }
  bench.api.put(Event, { metadata: { namespace: 'shop', name: `need-${name}` }, reason, lastTimestamp, involvedObject })
}
const replicas = (name: string) => bench.api.get(Deployment, { namespace: 'shop', name })?.spec.replicas
const annotations = () => bench.api.get(Service, { namespace: 'shop', name: 'web' })?.metadata.annotations ?? {}

it('who is asked for wakes up, as large as it was; the Service is no longer idled', async () => {
  bench = controllerBench()
  for (const [name, size] of [
    ['web', 0],
    ['worker', 0],
    ['big', 5],
    ['other', 0],
  ] as const)
    bench.api.put(Deployment, deploymentDraft(name, size) as never)
  putIdled([target('web', 3), target('worker', 1), target('big', 2), target('gone', 1), target('x', 1, 'Pod')])
  await startUnidling(bench.deps, bench.signal)
  await settled(bench)
  expect(replicas('web')).toBe(0)
  ask('2026-03-01T11:59:59Z')
  ask(AT, 'another')
  await settled(bench)
  expect([replicas('web'), annotations()[IDLED_AT]]).toEqual([0, AT])
  ask(AT)
  await settled(bench)
  expect(['web', 'worker', 'big', 'other'].map(replicas)).toEqual([3, 1, 5, 0])
  expect(annotations()).toEqual({ [UNIDLED_AT]: rfc3339(bench.deps.clock.now()) })
  expect(await bench.eventsOf('web')).toContain('UnidleFailed: Deployment gone cannot be scaled')
})

it('targets are workloads or nothing; a question counts from the second of idling on', () => {
  const read = (text: string) => targetsOf({ [UNIDLE_TARGETS]: text })
  expect(read(JSON.stringify([target('a', 2), { kind: 'Deployment' }, 7, null, target('b', -1)]))).toEqual([
    { kind: 'Deployment', name: 'a', replicas: 2 },
    { kind: 'Deployment', name: 'b', replicas: 1 },
  ])
  for (const text of ['', '{', '{}', 'null', '"a"']) expect(read(text)).toEqual([])
  expect(isAskedFor(AT, ['2026-03-01T11:59:59Z', undefined])).toBe(false)
  expect(isAskedFor(AT, ['2026-03-01T12:00:00Z'])).toBe(true)
})
