import { request as httpRequest } from 'node:http'
import { connect as tlsConnect } from 'node:tls'
import type { Ip } from '../../../../lib/ip.ts'
import { parseIp } from '../../../../lib/ip.ts'
import { hostPort } from '../http.ts'
import type { BuiltinContext } from '../mod.ts'
import { resolveHost } from '../resolve.ts'

export interface Fetch {
  readonly host: string
  readonly port: number
  /** Path and query. */
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Speaks TLS; the server must prove by this authority that it is `host`. */
  readonly authority?: Buffer
  readonly timeoutMs?: number
}

export interface Fetched {
  readonly status: number
  readonly body: string
}

const TIMEOUT_MS = 5000

/** One HTTP request from inside the pod, as Go words what goes wrong. */
export async function fetchFrom(context: BuiltinContext, fetch: Fetch): Promise<Fetched> {
  const { host, port, path, authority } = fetch
  const shown = hostPort(host, port)
  const wrong = (why: string): Error => {
    const method = fetch.method ?? 'GET'
    const verb = method.charAt(0) + method.slice(1).toLowerCase()
    return new Error(`${verb} ${JSON.stringify(`${authority ? 'https' : 'http'}://${shown}${path}`)}: ${why}`)
  }
  const address = await resolveHost(context, host)
  if (address === undefined) throw wrong(`dial tcp: lookup ${host}: no such host`)
  try {
    return await exchange(context, fetch, address, shown)
  } catch (error) {
    throw wrong(wordsFor(error, `${hostPort(address, port)}`))
  }
}

function exchange(context: BuiltinContext, fetch: Fetch, address: Ip, shown: string): Promise<Fetched> {
  const { host, port, path, method = 'GET', headers = {}, body, authority, timeoutMs = TIMEOUT_MS } = fetch
  return new Promise((resolve, reject) => {
    const plain = context.sockets.connect(address, port)
    const tls = { socket: plain, ca: authority, host, ...(parseIp(host) === undefined ? { servername: host } : {}) }
    // It may fail before the request listens.
    const socket = (authority ? tlsConnect(tls) : plain).on('error', error => fail(error))
    const request = httpRequest({
      createConnection: () => socket,
      headers: { host: shown, connection: 'close', ...headers },
      method,
      path,
    })
    const cancel = context.clock.after(timeoutMs, () => request.destroy(new Error(TIMED_OUT)))
    const fail = (error: unknown): void => {
      cancel()
      socket.destroy()
      reject(error)
    }
    request.on('error', fail)
    request.once('response', response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', fail)
      response.once('end', () => {
        cancel()
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') })
      })
    })
    request.end(body)
  })
}

const TIMED_OUT = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
  ECONNRESET: 'connection reset by peer',
}

function wordsFor(error: unknown, target: string): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string }
  const words = code === undefined ? undefined : WORDS[code]
  if (words === undefined) return message ?? String(error)
  return code === 'ECONNRESET' ? `read tcp ${target}: read: ${words}` : `dial tcp ${target}: connect: ${words}`
}
