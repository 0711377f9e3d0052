import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { createSecureContext, TLSSocket } from 'node:tls'
import type { Client } from '../../client/mod.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { messageOf, UserError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import type { NamesDoor, OnAgent } from './doors.ts'
import { createStrangers } from './strangers.ts'
import type { Account } from './who.ts'
import { nodeOfAgent } from './who.ts'

export interface TlsDoorDeps {
  readonly client: Client
  readonly sockets: Pick<SocketDriver, 'server' | 'listen'>
  readonly clock: Clock
  readonly log: Logger
}

/** A certificate and its key; PEM. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

export interface TlsDoorOptions {
  readonly netns: Netns
  readonly port: number
  /** Called again now and then, as files are replaced while they are in use; may throw. */
  readonly pair: () => Pair
  /** Whose tokens agents show. */
  readonly agents: Account
}

/** To shake hands and to show a token, which the API looks at. */
const STRANGER_MS = 10_000
const MAX_TOKEN_BYTES = 16_384
const PAIR_MS = 60_000
/** Then an agent must say again who it is: tokens are taken back. */
const KNOWN_MS = 3_600_000
const KEEP_ALIVE_MS = 10_000

/**
 * TCP with TLS: agents check the certificate, then show a token that the API vouches for. `open` rejects with UserError when the
 * certificate cannot be used.
 */
export function tlsDoor(deps: TlsDoorDeps, options: TlsDoorOptions): NamesDoor {
  const { sockets, log } = deps
  return {
    async open(onAgent, signal) {
      const open = new Set<Socket>()
      const context = createContexts(deps, options.pair)
      try {
        context()
      } catch (error) {
        throw new UserError('NamesCertificate', `the certificate for agents cannot be used: ${messageOf(error)}`, {
          hint: 'look at the files of --names-certificate and --names-key',
        })
      }
      const letIn = createEntry(deps, { agents: options.agents, context, onAgent })
      const server = sockets.server(socket => {
        open.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => open.delete(socket))
        letIn(socket)
      })
      await sockets.listen(server, { netns: options.netns, port: options.port })
      log.info({ port: options.port }, 'agents may ask to be told of names')
      signal.addEventListener('abort', () => {
        server.close()
        for (const socket of open) socket.destroy()
      })
    },
  }
}

interface Entry {
  readonly agents: Account
  readonly context: () => SecureContext
  readonly onAgent: OnAgent
}

/** Takes connections of whomever, and passes on those of agents. */
function createEntry(
  { client, clock, log }: TlsDoorDeps,
  { agents, context, onAgent }: Entry,
): (plain: Socket) => void {
  const strangers = createStrangers(clock)
  const meet = async (plain: Socket, address: string): Promise<void> => {
    const socket = new TLSSocket(plain, { isServer: true, secureContext: context() })
    plain.on('error', error => socket.destroy(error))
    // Else it stays half open, as the driver's sockets may: who has hung up must not count as being there.
    socket.on('end', () => socket.destroy())
    socket.on('close', () => plain.destroy())
    const cancel = clock.after(STRANGER_MS, () => socket.destroy())
    try {
      const node = await nodeOfAgent(client, await firstLine(socket), agents)
      if (socket.destroyed) return
      socket.on(
        'close',
        clock.after(KNOWN_MS, () => socket.destroy()),
      )
      log.info({ node, address }, 'an agent wants to be told of names')
      onAgent(socket, node)
      socket.resume()
    } catch (error) {
      socket.destroy()
      throw error
    } finally {
      cancel()
    }
  }
  return plain => {
    const address = (plain.remoteAddress ?? '').replace(/^::ffff:/, '')
    if (!strangers.enter(address)) return void plain.destroy()
    plain.setKeepAlive(true, KEEP_ALIVE_MS)
    meet(plain, address).then(
      () => strangers.leave(address, true),
      error => {
        strangers.leave(address, false)
        plain.destroy()
        log.warn({ address, error: messageOf(error) }, 'whoever wants to be told of names is not let in')
      },
    )
  }
}

/** The certificate as it is at the time; while it cannot be read the one before serves on. */
function createContexts({ clock, log }: TlsDoorDeps, pair: () => Pair): () => SecureContext {
  let made: { readonly context: SecureContext; readonly atMs: number } | undefined
  return () => {
    const nowMs = clock.monotonic()
    if (made && nowMs - made.atMs < PAIR_MS) return made.context
    try {
      made = { context: createSecureContext({ ...pair(), minVersion: 'TLSv1.3' }), atMs: nowMs }
    } catch (error) {
      if (!made) throw error
      log.warn({ error: messageOf(error) }, 'the certificate for agents cannot be read; the one before serves on')
    }
    return made.context
  }
}

/** What the other says first; then nothing more is read until somebody wants it. */
function firstLine(socket: TLSSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    let held = Buffer.alloc(0)
    const take = (chunk: Buffer): void => {
      held = Buffer.concat([held, chunk])
      const end = held.indexOf('\n')
      if (end < 0 && held.length <= MAX_TOKEN_BYTES) return
      socket.off('data', take).pause()
      if (held.length > end + 1) socket.unshift(held.subarray(end + 1))
      if (end < 0 || end > MAX_TOKEN_BYTES) reject(new Error('it shows no token'))
      else resolve(held.toString('latin1', 0, end))
    }
    socket.on('data', take)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('it left before it had shown a token')))
  })
}
