import { expect, it } from 'vitest'
import { Lease } from '../api/coordination/lease.ts'
import { type FakeClock, fakeClock } from '../host/clock/fake.ts'
import { silent } from '../lib/log.ts'
import { type FakeApi, fakeApi } from './fake.ts'
import { runElected } from './lease.ts'
import { ConnectionError } from './transport.ts'

const lease = { namespace: 'kube-system', name: 'controllers' }

function candidate(api: FakeApi, clock: FakeClock, identity: string, leaders: Set<string>) {
  const stop = new AbortController()
  const lead = async (signal: AbortSignal): Promise<void> => {
    leaders.add(identity)
    expect(leaders.size, [...leaders].join()).toBe(1)
    await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
    leaders.delete(identity)
  }
  const done = runElected({ client: api.client, clock, log: silent }, { lease, identity }, lead, stop.signal)
  return { stop: () => stop.abort(), done }
}

it('has one leader; the next takes over when it is released', async () => {
  const clock = fakeClock()
  const api = fakeApi(clock)
  const leaders = new Set<string>()
  const a = candidate(api, clock, 'a', leaders)
  await clock.advance(1)
  const b = candidate(api, clock, 'b', leaders)
  await clock.advance(60_000)
  expect([...leaders]).toEqual(['a'])
  a.stop()
  await a.done
  await clock.advance(3000)
  expect([...leaders]).toEqual(['b'])
  expect(api.get(Lease, lease)?.spec).toMatchObject({
    holderIdentity: 'b',
    leaseTransitions: 1,
    leaseDurationSeconds: 15,
  })
  b.stop()
  await b.done
})

it('loses the lead before another can take it when it cannot renew', async () => {
  const clock = fakeClock()
  const api = fakeApi(clock)
  const leaders = new Set<string>()
  const a = candidate(api, clock, 'a', leaders)
  await clock.advance(1)
  api.intercept = () => {
    throw new ConnectionError('cut off')
  }
  await clock.advance(9000)
  expect([...leaders]).toEqual(['a'])
  await clock.advance(3000)
  expect([...leaders]).toEqual([])
  api.intercept = undefined
  const b = candidate(api, clock, 'b', leaders)
  await clock.advance(20_000)
  expect(leaders.size).toBe(1)
  a.stop()
  b.stop()
  await Promise.all([a.done, b.done])
})
