import { expect, it } from 'vitest'
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
  const pump = createPump(slow.sink, frames('1', '2', '3'), never)
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
  const pump = createPump(slow.sink, frames(), never, 10)
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
  const pump = createPump(slow.sink, frames('1', '2'), never)
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
  createPump(slow.sink, broken, error => {
    errors.push(error)
    slow.sink.destroy()
  })
  expect(slow.state()).toBe('open')
  slow.drain(5)
  expect([slow.state(), String(errors[0])]).toEqual(['destroyed', 'Error: a page is damaged'])
})
