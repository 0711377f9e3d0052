import { afterEach, describe, expect, it } from 'vitest'
import { fakeClock } from '../host/clock/fake.ts'
import { silent } from '../lib/log.ts'
import { type Loop, type LoopSource, runLoop } from './loop.ts'
import { ApiError } from './mod.ts'
import { createProgress } from './progress.ts'
import { createQueue, type QueueOptions } from './queue.ts'
import { eventually } from './testing.ts'

let stop = new AbortController()
afterEach(() => {
  stop.abort()
  stop = new AbortController()
})

function bench() {
  const clock = fakeClock()
  const progress = createProgress()
  return { clock, progress, deps: { clock, log: silent, progress }, busy: () => progress.progress().busy.length > 0 }
}

describe('a queue', () => {
  const queueOf = (handle: QueueOptions['handle'], workers = 2) => {
    const { deps, ...rest } = bench()
    const backoff = { minMs: 100, maxMs: 1000 }
    return { queue: createQueue(deps, { name: 'test', handle, workers, backoff }, stop.signal), ...rest }
  }

  it('handles equal keys once, and a key added meanwhile once more', async () => {
    const runs: string[] = []
    let release = (): void => {}
    const { queue, busy } = queueOf(key => {
      runs.push(key)
      return runs.length > 1 ? Promise.resolve() : new Promise(resolve => (release = resolve))
    })
    for (let i = 0; i < 5; i++) queue.add('a')
    expect(busy()).toBe(true)
    await eventually(() => runs.length === 1)
    for (let i = 0; i < 5; i++) queue.add('a')
    expect(runs).toEqual(['a'])
    release()
    await eventually(() => !busy())
    expect(runs).toEqual(['a', 'a'])
  })

  it('never handles one key twice at a time, nor more keys than it has workers', async () => {
    let running = 0
    let most = 0
    const keys = new Set<string>()
    const { queue, busy } = queueOf(async key => {
      expect(keys.has(key)).toBe(false)
      keys.add(key)
      most = Math.max(most, ++running)
      await new Promise(resolve => setImmediate(resolve))
      running--
      keys.delete(key)
      if (Number(key) < 20) queue.add(String(Number(key) + 20))
    }, 3)
    for (let i = 0; i < 20; i++) queue.add(String(i))
    await eventually(() => !busy())
    expect(most).toBe(3)
  })

  it.each([
    [403, false],
    [422, false],
    [409, true],
    [500, true],
  ])('an answer %i is tried again; it counts as busy: %s', async (code, isBusy) => {
    let runs = 0
    const { queue, clock, busy } = queueOf(async () => {
      if (++runs < 3) throw new ApiError({ code, message: 'no' })
    })
    queue.add('a')
    await clock.advance(0)
    expect([runs, busy()]).toEqual([1, isBusy])
    await clock.advance(5000)
    expect([runs, busy()]).toEqual([3, false])
  })

  it('retries with growing delays, stays busy meanwhile, and forgets after success', async () => {
    const atMs: number[] = []
    const { queue, clock, busy } = queueOf(async () => {
      atMs.push(clock.monotonic())
      if (atMs.length < 4 || atMs.length === 5) throw new Error('not yet')
    })
    queue.add('a')
    await clock.advance(0)
    expect([atMs.length, busy()]).toEqual([1, true])
    await clock.advance(5000)
    expect([atMs.length, busy()]).toEqual([4, false])
    queue.add('a')
    await clock.advance(5000)
    expect([atMs.length, busy()]).toEqual([6, false])
    const gaps = atMs.slice(1).map((ms, i) => ms - atMs[i]!)
    expect(gaps[0]).toBeGreaterThanOrEqual(50)
    expect(gaps[2]).toBeGreaterThan(200)
    expect(gaps[4], 'as short as the first').toBeLessThanOrEqual(100)
  })

  it('adds later without counting as busy; the earliest counts', async () => {
    const runs: number[] = []
    const { queue, clock, busy } = queueOf(async () => void runs.push(clock.monotonic()))
    queue.addAfter('a', 5000)
    queue.addAfter('a', 1000)
    queue.addAfter('a', 3000)
    expect(busy()).toBe(false)
    await clock.advance(10_000)
    await eventually(() => runs.length === 1)
    expect(runs[0]).toBeGreaterThanOrEqual(1000)
    expect(queue.length).toBe(0)
  })

  it('ends when its signal aborts and the last handling is over', async () => {
    let release = (): void => {}
    const { queue, busy } = queueOf(() => new Promise(resolve => (release = resolve)), 1)
    let isDone = false
    void queue.done.then(() => (isDone = true))
    queue.add('a')
    queue.add('b')
    await eventually(() => queue.length === 1)
    stop.abort()
    queue.add('c')
    await new Promise(resolve => setImmediate(resolve))
    expect([queue.length, isDone, busy()]).toEqual([0, false, false])
    release()
    await queue.done
  })
})

describe('a loop', () => {
  const source = () => {
    const handlers = new Set<() => void>()
    const fire = (): void => [...handlers].forEach(handler => void handler())
    const onChange = (handler: () => void): (() => void) => {
      handlers.add(handler)
      return () => void handlers.delete(handler)
    }
    const made: LoopSource = { onChange }
    return { made, fire, handlers }
  }

  it('steps at once, then once for all that came during a step', async () => {
    const { deps, busy } = bench()
    const { made, fire, handlers } = source()
    let steps = 0
    let release = (): void => {}
    const loop: Loop = runLoop(
      deps,
      {
        name: 'test',
        informers: [made],
        step: () => {
          steps++
          return new Promise(resolve => (release = resolve))
        },
      },
      stop.signal,
    )
    expect(busy()).toBe(true)
    await eventually(() => steps === 1)
    for (let i = 0; i < 10; i++) fire()
    release()
    await eventually(() => steps === 2)
    release()
    await eventually(() => !busy())
    fire()
    expect(busy()).toBe(true)
    await eventually(() => steps === 3)
    stop.abort()
    release()
    await loop.done
    expect([busy(), handlers.size, steps]).toEqual([false, 0, 3])
  })

  it('tries again after a failure, at once when something changes, and is busy until it works', async () => {
    const { deps, clock, busy } = bench()
    const { made, fire } = source()
    let steps = 0
    const step = async (): Promise<void> => {
      if (++steps < 4) throw new Error('not yet')
    }
    runLoop(deps, { name: 'test', informers: [made], step, backoff: { minMs: 1000, maxMs: 4000 } }, stop.signal)
    await eventually(() => steps === 1)
    expect(busy()).toBe(true)
    await clock.advance(1000)
    expect(steps).toBe(2)
    fire()
    await eventually(() => steps === 3)
    await clock.advance(4000)
    await eventually(() => !busy())
    expect(steps).toBe(4)
  })

  it('steps again after resyncMs without a change, and not without it', async () => {
    const { deps, clock } = bench()
    let plain = 0
    let resynced = 0
    runLoop(deps, { name: 'a', informers: [], step: () => void plain++ }, stop.signal)
    runLoop(deps, { name: 'b', informers: [], step: () => void resynced++, resyncMs: 1000 }, stop.signal)
    await clock.advance(0)
    for (let i = 0; i < 3; i++) {
      await clock.advance(1000)
      await eventually(() => resynced === i + 2)
    }
    expect(plain).toBe(1)
  })
})
