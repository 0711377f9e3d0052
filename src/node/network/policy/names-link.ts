import type { Socket } from 'node:net'
import type { SocketDriver } from '../../../host/socket/mod.ts'
import type { Cidr } from '../../../lib/cidr.ts'
import { cidrText } from '../../../lib/cidr.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { FromServer, NamedAddress } from '../../../wire/names/messages.ts'
import { createLines, lineOf } from '../../../wire/names/messages.ts'

export interface NamesLinkDeps {
  readonly sockets: Pick<SocketDriver, 'connectUnix'>
  readonly clock: Clock
}

export interface NamesLinkOptions {
  /** The Unix socket of the DNS servers. */
  readonly path: string
  readonly node: string
  /** Of the node's pods, as they are at the moment. */
  readonly networks: () => readonly Cidr[]
  readonly onUp: () => void
}

/** The way to the DNS servers, which tell of an answer before they give it to a pod of this node. */
export interface NamesLink {
  /** Somebody is there who tells. */
  readonly isUp: boolean
  /** From now on names that match these patterns are told of. Resolves when that is heard, or nobody hears in a moment. */
  speakOf(patterns: readonly string[]): Promise<void>
}

const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 5000
const HEARING_MS = 1000

/** `learn` resolves when the kernel admits the addresses. */
export function linkNames(
  { sockets, clock }: NamesLinkDeps,
  { path, node, networks, onUp }: NamesLinkOptions,
  learn: (name: string, addresses: readonly NamedAddress[]) => Promise<void>,
  signal: AbortSignal,
): NamesLink {
  let socket: Socket | undefined
  let said = ''
  let patterns: readonly string[] = []
  let pauseMs = FIRST_PAUSE_MS
  let last = 0
  const hearing = new Map<number, () => void>()
  const hello = (): number => {
    const number = ++last
    const body = { node, networks: networks().map(cidrText), patterns }
    said = JSON.stringify(body)
    socket?.write(lineOf({ is: 'hello', number, ...body }))
    return number
  }
  const take = (message: FromServer): void => {
    pauseMs = FIRST_PAUSE_MS
    const { number } = message
    if (message.is === 'heard') hearing.get(number)?.()
    else
      void learn(message.name, message.addresses).then(
        () => socket?.write(lineOf({ is: 'admitted', number })),
        () => socket?.write(lineOf({ is: 'failed', number })),
      )
  }
  const connect = (): void => {
    if (signal.aborted) return
    const mine = sockets.connectUnix(path)
    mine.on('connect', () => {
      socket = mine
      hello()
      onUp()
    })
    mine.on(
      'data',
      createLines<FromServer>(take, () => mine.destroy()),
    )
    mine.on('error', () => {})
    mine.on('close', () => {
      socket = undefined
      for (const heard of hearing.values()) heard()
      clock.after(pauseMs, connect)
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
    })
  }
  signal.addEventListener('abort', () => socket?.destroy(), { once: true })
  connect()
  return {
    get isUp() {
      return socket !== undefined
    },
    async speakOf(next) {
      patterns = next
      if (!socket || JSON.stringify({ node, networks: networks().map(cidrText), patterns }) === said) return
      const number = hello()
      await new Promise<void>(resolve => {
        const done = (): void => {
          cancel()
          hearing.delete(number)
          resolve()
        }
        const cancel = clock.after(HEARING_MS, done)
        hearing.set(number, done)
      })
    },
  }
}
