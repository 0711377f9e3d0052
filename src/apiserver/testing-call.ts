import { readAll } from '../client/transport.ts'
import type { User } from './auth/user.ts'
import { LOOPBACK } from './auth/user.ts'
import type { TestApi } from './testing.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The text as JSON, or undefined where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
  readonly json: any
}

export interface CallOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly user?: User
}

/** One request as a client would send it: `call(api, 'GET /api/v1/pods?limit=1')`. Objects are sent as JSON. */
export async function call(api: TestApi, line: string, options: CallOptions = {}): Promise<Answer> {
  const [method, path] = line.split(' ', 2) as [string, string]
  const { body, headers = {}, user = LOOPBACK } = options
  const bytes =
    body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? ''))
  const response = await api.server.loopback(user)({
    method,
    path,
    headers: {
      'user-agent': 'tester/1.0',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: bytes }),
  })
  const text = (await readAll(response.body)).toString('utf8')
  return { status: response.status, headers: response.headers, text, json: parse(text) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export interface Watched {
  /** Resolves with the next line, rejects when the watch ended first. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into events of every shape
  next(): Promise<any>
  /** Resolves when the server ended the watch. */
  ended(): Promise<void>
  stop(): void
}

/** A watch, line by line. */
export async function watch(
  api: TestApi,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Watched> {
  const stop = new AbortController()
  const response = await api.server.loopback(LOOPBACK)({
    method: 'GET',
    path,
    headers,
    stream: true,
    signal: stop.signal,
  })
  if (response.status !== 200) throw new Error((await readAll(response.body)).toString('utf8'))
  const lines = linesOf(response.body as AsyncIterable<Uint8Array>)
  return {
    async next() {
      const { value, done } = await lines.next()
      if (done) throw new Error('the watch has ended')
      return JSON.parse(value)
    },
    async ended() {
      while (!(await lines.next()).done);
    },
    stop: () => stop.abort(new Error('stopped')),
  }
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let rest = ''
  for await (const chunk of body) {
    const parts = (rest + Buffer.from(chunk).toString('utf8')).split('\n')
    rest = parts.pop()!
    yield* parts
  }
}
