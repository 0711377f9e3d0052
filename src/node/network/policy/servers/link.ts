import type { Duplex } from 'node:stream'
import type { Clock } from '../../../../lib/clock.ts'
import { messageOf } from '../../../../lib/errors.ts'
import type { Logger } from '../../../../lib/log.ts'
import type { FromServer, NamedAddress } from '../../../../wire/names/messages.ts'
import { createLines, fromServer, lineOf } from '../../../../wire/names/messages.ts'
import type { Dial } from './dial.ts'

export interface LinkDeps {
  readonly clock: Clock
  readonly log: Logger
}

export interface LinkOptions {
  readonly dial: Dial
  /** As the log names it. */
  readonly server: string
  readonly node: string
  /** Of names that policy speaks of; another list each time they change, and undefined while that is not known. */
  readonly patterns: () => readonly string[] | undefined
  /** It has heard them. */
  readonly onUp: () => void
}

/** Resolves when the kernel admits the addresses. */
export type Learn = (name: string, addresses: readonly NamedAddress[]) => Promise<void>

/** The way to one DNS server, which tells of an answer before it gives it to a pod of this node. */
export interface NamesLink {
  /** Somebody is there who has heard, and tells. */
  readonly isUp: boolean
  /** The patterns may be others. Resolves when that is heard, or nobody hears in a moment. */
  say(): Promise<void>
}

const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 5000
/** What fails for less long is not worth a line. */
const TELLING_MS = 1000
const HEARING_MS = 1000
const DIALLING_MS = 10_000
/** Answers that wait for the kernel; a server that tells of more is told that they are not admitted. */
const MAX_LEARNING = 4000

/** Connects again and again until the signal aborts. */
export function linkNames(deps: LinkDeps, options: LinkOptions, learn: Learn, signal: AbortSignal): NamesLink {
  const { clock, log } = deps
  let talk: Talk | undefined
  let pauseMs = FIRST_PAUSE_MS
  let told = ''
  const heard = (): void => {
    pauseMs = FIRST_PAUSE_MS
    told = ''
    options.onUp()
  }
  const session = async (): Promise<void> => {
    const late = new AbortController()
    const cancel = clock.after(DIALLING_MS, () => late.abort(new Error('no answer')))
    const socket = await options.dial(AbortSignal.any([signal, late.signal])).finally(cancel)
    talk = startTalk(clock, socket, options, { learn, heard })
    await new Promise(resolve => socket.on('close', resolve))
    const { isUp, hasSaid } = talk
    talk.end()
    talk = undefined
    if (hasSaid && !isUp) throw new Error('it hung up before it had heard; its log says why')
  }
  const failed = (error: unknown): void => {
    const why = messageOf(error)
    if (signal.aborted || pauseMs < TELLING_MS || why === told) return
    told = why
    log.warn({ server: options.server, error: why }, 'a DNS server does not tell of names that policy speaks of')
  }
  const run = async (): Promise<void> => {
    for (;;) {
      await session().catch(failed)
      await clock.sleep(pauseMs, signal)
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
    }
  }
  // It ends by the signal alone.
  run().catch(() => {})
  return {
    get isUp() {
      return talk?.isUp === true
    },
    say: async () => talk?.say(),
  }
}

/** What is said on one connection. */
interface Talk extends NamesLink {
  readonly hasSaid: boolean
  end(): void
}

interface Ears {
  readonly learn: Learn
  /** For the first time. */
  readonly heard: () => void
}

function startTalk(clock: Clock, socket: Duplex, { node, patterns }: LinkOptions, ears: Ears): Talk {
  let said: readonly string[] | undefined
  let last = 0
  let heard = 0
  /** It did not hear in time: nobody waits for it until it says something. */
  let isDeaf = false
  let learning = 0
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const done of [...waiting]) done()
  }
  const hello = (): void => {
    const next = patterns()
    if (!next || said === next) return
    said = next
    socket.write(lineOf({ is: 'hello', number: ++last, node, patterns: next }))
  }
  const learned = async ({ name, addresses }: Extract<FromServer, { is: 'learn' }>): Promise<boolean> => {
    if (learning >= MAX_LEARNING) return false
    learning++
    const isLearned = await ears.learn(name, addresses).then(
      () => true,
      () => false,
    )
    learning--
    return isLearned
  }
  const take = async (message: FromServer): Promise<void> => {
    const { number } = message
    isDeaf = false
    if (message.is === 'learn') {
      const isLearned = await learned(message)
      socket.write(lineOf({ is: isLearned ? 'admitted' : 'failed', number }))
      return
    }
    const isFirst = heard === 0
    heard = number
    if (isFirst) ears.heard()
    if (heard === last) wake()
  }
  socket.on(
    'data',
    createLines(
      fromServer,
      message => void take(message),
      () => socket.destroy(),
    ),
  )
  hello()
  return {
    get isUp() {
      return heard > 0
    },
    get hasSaid() {
      return last > 0
    },
    end: wake,
    async say() {
      hello()
      if (isDeaf || heard === last) return
      await new Promise<void>(resolve => {
        const done = (): void => {
          cancel()
          waiting.delete(done)
          resolve()
        }
        const cancel = clock.after(HEARING_MS, () => {
          isDeaf = true
          done()
        })
        waiting.add(done)
      })
    },
  }
}
