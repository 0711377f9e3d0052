import type { Duplex } from 'node:stream'
import type { Clock } from '../../lib/clock.ts'
import { keysOf } from '../../model/policy/names.ts'
import type { FromNode, NamedAddress } from '../../wire/names/messages.ts'
import { lineOf } from '../../wire/names/messages.ts'

/** Answers for one node that wait; beyond, they fail at once. */
const MAX_WAITING = 2000
const MAX_TOLD = 50_000
/** Of a node that does not read; beyond, answers fail at once. */
const MAX_UNSENT_BYTES = 1 << 22
/** Times to live are whole seconds, and nodes admit longer than they are told: within a second nothing is told again. */
const SLACK_MS = 1000

/** A node that wants to know of answers to its pods. It may be away; then it is waited for. */
export interface Subscriber {
  readonly node: string
  readonly patterns: ReadonlySet<string>
  readonly isHere: boolean
  hello(socket: Duplex, message: Extract<FromNode, { is: 'hello' }>): void
  /** What it said of what it was told. */
  answered(number: number, isAdmitted: boolean): void
  /** Its connection is no more. */
  gone(socket: Duplex): void
  wants(name: string): boolean
  /** What it must be told, as it was not told of it for so long. */
  untold(name: string, addresses: readonly NamedAddress[]): readonly NamedAddress[]
  /** Resolves with whether it admits them; false also when it does not say so in time. */
  tell(name: string, addresses: readonly NamedAddress[], ms: number): Promise<boolean>
}

export function createSubscriber(clock: Clock, node: string): Subscriber {
  let socket: Duplex | undefined
  let patterns: ReadonlySet<string> = new Set()
  let last = 0
  /** Until when it admits an address of a name. */
  const told = new Map<string, number>()
  const waiting = new Map<number, (isAdmitted: boolean) => void>()
  const note = (name: string, addresses: readonly NamedAddress[]): void => {
    const nowMs = clock.monotonic()
    if (told.size > MAX_TOLD) told.clear()
    for (const { address, ttlSeconds } of addresses) told.set(`${name} ${address}`, nowMs + ttlSeconds * 1000)
  }
  return {
    node,
    get patterns() {
      return patterns
    },
    get isHere() {
      return socket !== undefined
    },
    hello(from, message) {
      // An agent that is new knows nothing of what its predecessor was told; nor of what it did not want to know.
      told.clear()
      socket = from
      patterns = new Set(message.patterns)
      from.write(lineOf({ is: 'heard', number: message.number }))
    },
    answered: (number, isAdmitted) => waiting.get(number)?.(isAdmitted),
    gone(from) {
      if (from !== socket) return
      socket = undefined
      for (const done of waiting.values()) done(false)
    },
    wants: name => patterns.size > 0 && keysOf(name).some(key => patterns.has(key)),
    untold(name, addresses) {
      const nowMs = clock.monotonic()
      return addresses.filter(
        ({ address, ttlSeconds }) =>
          (told.get(`${name} ${address}`) ?? Number.NEGATIVE_INFINITY) <= nowMs + ttlSeconds * 1000 - SLACK_MS,
      )
    },
    tell: (name, addresses, ms) =>
      new Promise(resolve => {
        const isFull = waiting.size >= MAX_WAITING || (socket?.writableLength ?? 0) > MAX_UNSENT_BYTES
        if (!socket || isFull) return resolve(false)
        const number = ++last
        const done = (isAdmitted: boolean): void => {
          cancel()
          waiting.delete(number)
          if (isAdmitted) note(name, addresses)
          resolve(isAdmitted)
        }
        const cancel = clock.after(ms, () => done(false))
        waiting.set(number, done)
        socket.write(lineOf({ is: 'learn', number, name, addresses }))
      }),
  }
}
