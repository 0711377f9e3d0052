import { expect, it } from 'vitest'
import { fakeClock } from '../../host/clock/fake.ts'
import { createConnections, IDLE_MS, RECEIVE_MS } from './connections.ts'

const setup = (max?: number) => {
  const clock = fakeClock()
  const closed: string[] = []
  const connections = createConnections(clock, max)
  return { clock, closed, connections, open: (name: string) => connections.opened(() => closed.push(name)) }
}

it('closes what asks nothing for long, and leaves alone what has a request', async () => {
  const { clock, closed, open, connections } = setup()
  open('silent')
  const watcher = open('watcher')
  const over = watcher.busy()
  await clock.advance(IDLE_MS / 2)
  open('late')
  await clock.advance(IDLE_MS / 2 + 20_000)
  expect(closed).toEqual(['silent'])
  await clock.advance(IDLE_MS)
  expect(closed).toEqual(['silent', 'late'])
  over()
  await clock.advance(IDLE_MS + 20_000)
  expect(closed).toEqual(['silent', 'late', 'watcher'])
  expect(connections.size).toBe(0)
})

it('makes room by closing what has been idle for longest; whoever works stays', () => {
  const { closed, open, connections } = setup(3)
  const worker = open('worker')
  worker.busy()
  open('idle-1')
  open('idle-2')
  open('new-1').busy()
  open('new-2').busy()
  expect(closed).toEqual(['idle-1', 'idle-2'])
  open('new-3')
  expect(closed.at(-1)).toBe('new-3')
  expect(connections.size).toBe(3)
})

it('breaks off a request that takes too long to arrive, and no other', async () => {
  const { clock, closed, connections } = setup()
  connections.receiving(() => closed.push('dribbler'))
  const come = connections.receiving(() => closed.push('quick'))
  await clock.advance(1000)
  come()
  connections.receiving(() => closed.push('later'))
  await clock.advance(RECEIVE_MS)
  expect(closed).toEqual(['dribbler'])
})
