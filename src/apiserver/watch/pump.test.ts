import { expect, it } from 'vitest'
import { createBudget } from '../http/budget.ts'
import type { ByteSink } from '../stream-body.ts'
import { createPump } from './pump.ts'

/** A sink that takes so many frames, then none until it is drained. */
function slowSink(room: number) {
  const taken: string[] = []
  let state = 'open'
  let drain = (): void => {}
  let close = (): void => {}
  const sink: ByteSink = {
    write(chunk) {
      taken.push(Buffer.from(chunk).toString())
      room--
      return room > 0
    },
    end() {
      state = 'ended'
    },
    destroy() {
      state = 'destroyed'
      close()
    },
    onDrain(f) {
      drain = f
    },
    onClose(f) {
      close = f
    },
  }
  return {
    sink,
    taken,
    state: () => state,
    drain(frames: number) {
      room = frames
      drain()
    },
    close: () => close(),
  }
}
const frames = (...texts: string[]) => texts.map(text => Buffer.from(text))[Symbol.iterator]()
const never = (error: unknown): void => {
  throw error
}
const bytes = (text: string) => Buffer.from(text)

it('sends what must come first piece by piece, and what was pushed meanwhile after it', () => {
  const slow = slowSink(1)
  const pump = createPump(slow.sink, frames('1', '2', '3'), never, createBudget(1 << 20))
  pump.push(bytes('4'))
  pump.push(bytes('5'))
  expect(slow.taken).toEqual(['1'])
  slow.drain(1)
  slow.drain(10)
  expect(slow.taken).toEqual(['1', '2', '3', '45'])
  pump.push(bytes('6'))
  expect(slow.taken.at(-1)).toBe('6')
})

it('cuts off a client that does not read, and only then', () => {
  const slow = slowSink(1)
  const pump = createPump(slow.sink, frames(), never, createBudget(1 << 20), 10)
  pump.push(bytes('a'))
  pump.push(bytes('0123456789'))
  expect(slow.state()).toBe('open')
  pump.push(bytes('x'))
  expect(slow.state()).toBe('destroyed')
  expect(pump.closed).toBe(true)
  pump.push(bytes('y'))
  expect(slow.taken).toEqual(['a'])
})

it('ends once everything is sent', () => {
  const slow = slowSink(1)
  const pump = createPump(slow.sink, frames('1', '2'), never, createBudget(1 << 20))
  pump.end()
  pump.push(bytes('late'))
  expect(slow.state()).toBe('open')
  slow.drain(10)
  expect(slow.taken).toEqual(['1', '2'])
  expect(slow.state()).toBe('ended')
})

it('tells when what must come first cannot be made', () => {
  const slow = slowSink(1)
  const errors: unknown[] = []
  const broken = (function* () {
    yield bytes('1')
    throw new Error('a page is damaged')
  })()
  const failed = (error: unknown): void => {
    errors.push(error)
    slow.sink.destroy()
  }
  createPump(slow.sink, broken, failed, createBudget(1 << 20))
  expect(slow.state()).toBe('open')
  slow.drain(5)
  expect([slow.state(), String(errors[0])]).toEqual(['destroyed', 'Error: a page is damaged'])
})

it('cuts off whoever has been behind for longest when all of them together keep too much, and nobody else', () => {
  const budget = createBudget(100)
  const [first, second, reader] = [slowSink(1), slowSink(1), slowSink(1000)]
  const pumps = [first, second, reader].map(({ sink }) => createPump(sink, frames('0'), never, budget))
  const all = (text: string): void => {
    for (const pump of pumps) pump.push(bytes(text))
  }
  for (let at = 0; at < 5; at++) all('x'.repeat(10))
  expect(budget.usedBytes).toBe(100)
  all('y'.repeat(10))
  expect([first.state(), second.state(), reader.state()]).toEqual(['destroyed', 'open', 'open'])
  expect(reader.taken.join('')).toBe(`0${'x'.repeat(50)}${'y'.repeat(10)}`)
  second.drain(1000)
  expect([second.taken.join(''), budget.usedBytes]).toEqual([reader.taken.join(''), 0])
})
