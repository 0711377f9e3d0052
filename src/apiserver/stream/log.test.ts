import { describe, expect, it } from 'vitest'
import type { Pod } from '../../api/core/pod.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { silent } from '../../lib/log.ts'
import { StatusError } from '../status-error.ts'
import type { ByteStream } from '../stream-body.ts'
import { iterate } from '../stream-body.ts'
import { podLog } from './log.ts'
import type { LogOptions, StreamRuntime } from './runtime.ts'

const NOW = Date.UTC(2026, 0, 1)
const states = {
  running: { running: { startedAt: '2026-01-01T00:00:00Z' } },
  waiting: { waiting: { reason: 'ContainerCreating' } },
  silent: {},
} as const

function podOf(containers: readonly string[], state: keyof typeof states = 'running', more: object = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default', uid: 'u' },
    spec: { nodeName: 'node-1', containers: containers.map(name => ({ name, image: 'i' })) },
    status: { containerStatuses: containers.map(name => ({ name, state: states[state], ...more })) },
  } as unknown as Pod
}

interface Source {
  readonly asked: LogOptions[]
  readonly runtime: StreamRuntime
}

function source(logs: (options: LogOptions, signal: AbortSignal) => AsyncIterable<Buffer>): Source {
  const asked: LogOptions[] = []
  const refuse = (): never => {
    throw new Error('not asked for')
  }
  const runtime: StreamRuntime = {
    logs(options, signal) {
      asked.push(options)
      return logs(options, signal)
    },
    exec: refuse,
    attach: refuse,
    portForward: refuse,
  }
  return { asked, runtime }
}

const lines = (...texts: readonly string[]): Source =>
  source(async function* () {
    for (const text of texts) yield Buffer.from(text)
  })

const open = (pod: Pod, query: string, { runtime }: Source, signal = new AbortController().signal) =>
  podLog({ runtime, clock: fakeClock(NOW), log: silent }, pod, new URLSearchParams(query), signal)

async function textOf(body: ByteStream): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of iterate(body, new AbortController().signal, 1000)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const refusal = async (promise: Promise<unknown>): Promise<readonly [code: number, message: string]> => {
  try {
    await promise
  } catch (error) {
    if (error instanceof StatusError) return [error.status.code, error.message]
    throw error
  }
  return [200, 'accepted']
}

describe('options', () => {
  it.each([
    ['', { previous: false, follow: false, timestamps: false }],
    ['follow=true&timestamps&previous=false', { follow: true, timestamps: true, previous: false }],
    ['tailLines=0&limitBytes=1', { tailLines: 0, limitBytes: 1 }],
    ['sinceSeconds=60', { sinceTimeMs: NOW - 60_000 }],
    ['sinceTime=2025-12-31T00:00:00%2B01:00', { sinceTimeMs: Date.UTC(2025, 11, 30, 23) }],
  ])('%s', async (query, expected) => {
    const from = lines('x')
    await open(podOf(['c']), query, from)
    expect(from.asked).toEqual([expect.objectContaining({ podUid: 'u', container: 'c', ...expected })])
  })

  it.each([
    [
      'tailLines=-1',
      422,
      'PodLogOptions "p" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    ],
    ['limitBytes=0', 422, 'PodLogOptions "p" is invalid: limitBytes: Invalid value: 0: must be greater than 0'],
    ['sinceSeconds=0', 422, 'PodLogOptions "p" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0'],
    [
      'sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z',
      422,
      expect.stringMatching('at most one of `sinceTime` or `sinceSeconds`'),
    ],
    ['tailLines=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['sinceTime=yesterday', 400, expect.stringMatching('RFC 3339')],
    ['container=x', 400, 'container x is not valid for pod p'],
  ])('%s is refused', async (query, code, message) => {
    expect(await refusal(open(podOf(['c']), query, lines('x')))).toEqual([code, message])
    expect(await refusal(open(podOf(['c']), '', lines('x')))).toEqual([200, 'accepted'])
  })
})

describe('the container', () => {
  it('is the only one, or is named', async () => {
    expect(await refusal(open(podOf(['a', 'b']), '', lines()))).toEqual([
      400,
      'a container name must be specified for pod p, choose one of: [a b]',
    ])
    expect(await refusal(open(podOf(['a', 'b']), 'container=b', lines()))).toEqual([200, 'accepted'])
  })

  it.each([
    ['waiting', {}, '', 'container "c" in pod "p" is waiting to start: ContainerCreating'],
    ['silent', {}, '', 'container "c" in pod "p" is waiting to start - no logs yet'],
    ['running', {}, 'previous=true', 'previous terminated container "c" in pod "p" not found'],
    ['waiting', { lastState: { terminated: { exitCode: 1 } } }, '', 'accepted'],
    ['running', { lastState: { terminated: { exitCode: 1 } } }, 'previous=true', 'accepted'],
  ] as const)('%s %j %s', async (state, more, query, message) => {
    expect((await refusal(open(podOf(['c'], state, more), query, lines())))[1]).toBe(message)
  })

  it('of a pod without a node has an empty log', async () => {
    const pod = podOf(['c'])
    const { body } = await open({ ...pod, spec: { ...pod.spec, nodeName: '' } } as Pod, '', lines('x'))
    expect(await textOf(body)).toBe('')
  })
})

describe('the stream', () => {
  it('is what the runtime says', async () => {
    const { body, contentType } = await open(podOf(['c']), '', lines('a\n', 'b\n'))
    expect([contentType, await textOf(body)]).toEqual(['text/plain', 'a\nb\n'])
  })

  it('a failure at once is a 400; later the stream is cut', async () => {
    const failing = source(() => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('the disk is gone')) }),
    }))
    expect((await refusal(open(podOf(['c']), '', failing)))[1]).toMatch('the disk is gone')
    const later = source(async function* () {
      yield Buffer.from('a')
      throw new Error('the disk is gone')
    })
    const { body } = await open(podOf(['c']), '', later)
    await expect(textOf(body)).rejects.toThrow('cut off')
  })

  it('takes no more than the client does, and stops when the client goes', async () => {
    let taken = 0
    let stopped = false
    const endless = source(async function* (_, signal) {
      try {
        for (;;) {
          if (signal.aborted) return
          taken++
          yield Buffer.alloc(100)
        }
      } finally {
        stopped = true
      }
    })
    const { body } = await open(podOf(['c']), 'follow=true', endless)
    let close = (): void => {}
    let room = (): void => {}
    let written = 0
    body({
      write: () => ++written % 3 !== 0,
      end() {},
      destroy() {},
      onDrain: f => (room = f),
      onClose: f => {
        const before = close
        close = () => {
          before()
          f()
        }
      },
    })
    await until(() => written === 3)
    expect(taken).toBe(3)
    room()
    await until(() => written === 6)
    close()
    await until(() => stopped)
    expect(taken).toBeLessThan(10)
  })
})

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (condition()) return
    await new Promise(resolve => setImmediate(resolve))
  }
  throw new Error('it never came true')
}
