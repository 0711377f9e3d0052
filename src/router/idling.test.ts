import { EventEmitter } from 'node:events'
import { Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Service } from '../api/core/service.ts'
import { settled, type TestBench, testBench } from '../client/testing.ts'
import { fakeClock } from '../host/clock/fake.ts'
import { systemClock } from '../host/clock/real.ts'
import { fakeHaproxy } from '../host/haproxy/fake.ts'
import type { Clock } from '../lib/clock.ts'
import { ROUTER_DEFAULTS } from '../model/routes/options.ts'
import { UNIDLED_AT } from '../model/services/idling.ts'
import { startRouter } from './role.ts'
import { createWaitingRoom, type Doors } from './waiting-room.ts'

let bench: TestBench | undefined
afterEach(() => bench?.close())

test('a Service that says that it is woken in years costs one timer, however often it changes; one that is gone none', async () => {
  let timers = 0
  const after: Clock['after'] = (ms, run) => {
    if (ms !== 30_000) return systemClock.after(ms, run)
    timers++
    return () => void timers--
  }
  bench = testBench()
  const doors: Doors = { open: () => new Promise(() => {}), connect: () => new Socket() }
  const deps = { ...bench, client: bench.api.client, haproxy: fakeHaproxy(), doors, clock: { ...systemClock, after } }
  const role = await startRouter({ ...deps, listen: async () => {}, graceMs: 0 }, ROUTER_DEFAULTS, bench.signal)
  const metadata = { namespace: 'shop', name: 'web', annotations: { [UNIDLED_AT]: '9999-01-01T00:00:00Z' } }
  for (let port = 1; port <= 20; port++) {
    bench.api.put(Service, { metadata, spec: { ports: [{ port }] } })
    await settled(bench)
  }
  expect(timers).toBe(1)
  bench.api.drop(Service, metadata)
  await settled(bench)
  expect(timers).toBe(0)
  bench.close()
  await role.done
})

function waitingRoom() {
  const clock = fakeClock()
  const open = new Map<number, (socket: Socket) => void>()
  const said: string[] = []
  let isFull = false
  let last = 0
  const doors: Doors = {
    async open(onConnection) {
      if (isFull) throw new Error('no port is free')
      const port = ++last
      open.set(port, onConnection)
      return { port, close: () => void open.delete(port) }
    },
    connect: () => fakeSocket(),
  }
  const room = createWaitingRoom({
    doors,
    clock,
    endpoints: () => [],
    need: service => void said.push(`need ${service}`),
    opened: service => void said.push(`opened ${service}`),
    failed: () => void said.push('failed'),
  })
  return { room, clock, open, said, setFull: (full: boolean) => (isFull = full) }
}
/** Of sockets, what a waiting room does with them. */
const fakeSocket = (): Socket =>
  Object.assign(new EventEmitter(), {
    destroy(this: EventEmitter) {
      this.emit('close')
    },
    pipe: () => {},
  }) as unknown as Socket

test('doors of a Service that is gone are shut a minute later, unless it came back; who waits is turned away', async () => {
  const { room, clock, open, said } = waitingRoom()
  room.door('shop/web', 80)
  room.door('shop/api', 80)
  await clock.advance(0)
  expect([room.door('shop/web', 80), room.door('shop/api', 80)]).toEqual([1, 2])
  const waiting = fakeSocket()
  let isTurnedAway = false
  waiting.on('close', () => (isTurnedAway = true))
  open.get(1)!(waiting)
  expect(said).toEqual(['opened shop/web', 'opened shop/api', 'need shop/web'])
  for (const service of ['shop/web', 'shop/api']) room.gone(service)
  await clock.advance(59_000)
  expect([[...open.keys()], isTurnedAway]).toEqual([[1, 2], false])
  expect(room.door('shop/api', 80)).toBe(2)
  await clock.advance(60_000)
  expect([[...open.keys()], isTurnedAway]).toEqual([[2], true])
  expect(room.door('shop/web', 80)).toBeUndefined()
  await clock.advance(0)
  expect(room.door('shop/web', 80)).toBe(3)
})

test('a Service has at most 16 doors, whatever ports Routes name', async () => {
  const { room, clock, open } = waitingRoom()
  for (let port = 1; port <= 100; port++) room.door('shop/web', port)
  room.door('shop/api', 1)
  await clock.advance(0)
  expect(open.size).toBe(17)
  expect([room.door('shop/web', 16), room.door('shop/web', 17), room.door('shop/api', 1)]).toEqual([16, undefined, 17])
})

test('a door that could not be opened is tried again when it is asked for again', async () => {
  const { room, clock, said, setFull } = waitingRoom()
  setFull(true)
  expect(room.door('shop/web', 80)).toBeUndefined()
  await clock.advance(0)
  expect(said).toEqual(['failed'])
  setFull(false)
  expect(room.door('shop/web', 80)).toBeUndefined()
  await clock.advance(0)
  expect([room.door('shop/web', 80), said]).toEqual([1, ['failed', 'opened shop/web']])
})
