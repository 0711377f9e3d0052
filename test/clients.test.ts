/**
 * Clients that misbehave, against a whole twin: the API's memory stays bounded, and a client that behaves is answered meanwhile. Each
 * misdeed has its control: the well-behaved client's slowest answer, and a watch that is told everything.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { slowness } from '../src/host/clock/testing.ts'
import type { Access } from './api-session.ts'
import { accessOf, must2xx, sessionOf } from './api-session.ts'
import type { Twin } from './harness.ts'
import { startTwin, until, worldPids } from './harness.ts'

const MAPS = '/api/v1/namespaces/crowd/configmaps'
/** What a well-behaved client may have to wait on a machine with other work. */
const SLOWEST_MS = 2500
const MAX_RSS_MB = 900
/** Of HTTP/2 streams that nobody reads. */
const SMALL_WINDOW = 65_535

const dataHome = mkdtempSync(join(tmpdir(), 'fairlead-clients-'))
let twin: Twin
let access: Access
let good: ClientHttp2Session
beforeAll(async () => {
  twin = await startTwin({ name: 'clients', dataHome })
  access = accessOf(join(dataHome, 'fairlead', 'clients', 'kubeconfig'))
  good = sessionOf(access)
  await must2xx(good, 'POST', '/api/v1/namespaces', { metadata: { name: 'crowd' } })
  await must2xx(good, 'POST', MAPS, { metadata: { name: 'changing' }, data: { n: '0' } })
})
afterAll(async () => {
  good?.destroy()
  await twin?.down()
  rmSync(dataHome, { recursive: true, force: true })
})

const rssMb = (): number => {
  const [pid] = worldPids(twin, /\0api\0/)
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}

/**
 * The well-behaved client: reads and writes, again and again, while something else happens. Its slowest answer, in
 * milliseconds of a quiet machine.
 */
async function whileServed(meanwhile: () => Promise<unknown>): Promise<number> {
  let slowestMs = 0
  let over = false
  let answers = 0
  const timed = async (request: Promise<unknown>): Promise<void> => {
    const startMs = performance.now()
    await request
    answers++
    slowestMs = Math.max(slowestMs, performance.now() - startMs)
  }
  const serve = async (): Promise<void> => {
    while (!over) {
      await timed(must2xx(good, 'GET', `${MAPS}/changing`))
      await timed(must2xx(good, 'PATCH', `${MAPS}/changing`, { data: { n: String(answers) } }, 'merge-patch+json'))
    }
  }
  const slowBefore = slowness()
  const serving = serve()
  await meanwhile().finally(() => {
    over = true
  })
  await serving
  expect(answers).toBeGreaterThan(1)
  return slowestMs / Math.max(slowBefore, slowness())
}

interface Watch {
  readonly stream: ClientHttp2Stream
  opened: boolean
  lines: number
  closed: boolean
}

function watch(session: ClientHttp2Session, query: string, reads = true): Watch {
  const stream = session.request({ ':path': `${MAPS}?watch=1&${query}` })
  const made: Watch = { stream, opened: false, lines: 0, closed: false }
  stream.on('error', () => {})
  stream.once('response', () => {
    made.opened = true
  })
  stream.once('close', () => {
    made.closed = true
  })
  if (!reads) return made
  stream.on('data', (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 10) made.lines++
  })
  return made
}

it('serves 5,000 watches at once: each is told each event', async () => {
  const session = sessionOf(access)
  const watches = Array.from({ length: 5000 }, () => watch(session, 'fieldSelector=metadata.name%3Dwatched'))
  await until('all are open', async () => watches.every(({ opened }) => opened) || undefined)
  const before = rssMb()
  const slowestMs = await whileServed(async () => {
    await must2xx(good, 'POST', MAPS, { metadata: { name: 'watched' }, data: { n: '0' } })
    for (let n = 1; n <= 5; n++)
      await must2xx(good, 'PATCH', `${MAPS}/watched`, { data: { n: String(n) } }, 'merge-patch+json')
    await until('all are told', async () => watches.every(({ lines }) => lines >= 6) || undefined)
  })
  expect(new Set(watches.map(({ lines }) => lines))).toEqual(new Set([6]))
  console.log(
    JSON.stringify({
      watches: 5000,
      slowestMs: Math.round(slowestMs),
      rssMb: Math.round(rssMb()),
      before: Math.round(before),
    }),
  )
  expect(rssMb()).toBeLessThan(MAX_RSS_MB)
  session.destroy()
})

it('cuts off watchers that do not read, and tells everything to one that does', async () => {
  const session = sessionOf(access, SMALL_WINDOW)
  const deaf = Array.from({ length: 100 }, (_, n) => watch(session, `labelSelector=absent!=${n}`, false))
  const reader = watch(good, 'fieldSelector=metadata.name%3Dbulky')
  await until('all are open', async () => [reader, ...deaf].every(({ opened }) => opened) || undefined)
  await must2xx(good, 'POST', MAPS, { metadata: { name: 'bulky' }, data: { n: '' } })
  const EVENTS = 150
  const slowestMs = await whileServed(async () => {
    for (let n = 0; n < EVENTS; n++)
      await must2xx(good, 'PATCH', `${MAPS}/bulky`, { data: { n: `${n} ${'x'.repeat(200_000)}` } }, 'merge-patch+json')
    await until('the reader is told', async () => reader.lines >= EVENTS + 1 || undefined)
    await until('the others are cut off', async () => deaf.every(({ stream }) => ended(stream)) || undefined)
  })
  expect([reader.lines, reader.closed]).toEqual([EVENTS + 1, false])
  console.log(JSON.stringify({ deaf: deaf.length, slowestMs: Math.round(slowestMs), rssMb: Math.round(rssMb()) }))
  expect(slowestMs).toBeLessThan(SLOWEST_MS)
  expect(rssMb()).toBeLessThan(MAX_RSS_MB)
  reader.stream.close()
  session.destroy()
})

/** A stream nobody reads does not close: that it was reset is enough. */
const ended = (stream: ClientHttp2Stream): boolean => stream.closed

it('answers others while bodies, headers and handshakes dribble in, and lists are not read', async () => {
  const { hostname, port } = new URL(access.server)
  const at = { host: hostname, port: Number(port), ca: access.ca, cert: access.cert, key: access.key }
  const sockets: TLSSocket[] = []
  const dribble = (protocol: string, text: string): void => {
    const socket = connectTls({ ...at, ALPNProtocols: [protocol] }, () => socket.write(text))
    socket.on('error', () => {})
    sockets.push(socket)
  }
  for (let n = 0; n < 40; n++) {
    dribble('http/1.1', `GET ${MAPS} HTTP/1.1\r\nhost: a\r\nx-${n}: `)
    dribble('http/1.1', `POST ${MAPS} HTTP/1.1\r\nhost: a\r\ncontent-length: 3000000\r\n\r\n{`)
    dribble('h2', 'PRI * HTTP/2.0\r\n')
  }
  const session = sessionOf(access, SMALL_WINDOW)
  const unfinished = Array.from({ length: 100 }, () => {
    const stream = session.request({ ':method': 'POST', ':path': MAPS, 'content-type': 'application/json' })
    stream.on('error', () => {})
    stream.write(`{"data":{"k":"${'x'.repeat(1_000_000)}`)
    return stream
  })
  await Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      must2xx(good, 'POST', MAPS, { metadata: { name: `large-${n}` }, data: { k: 'x'.repeat(200_000) } }),
    ),
  )
  const unread = Array.from({ length: 20 }, () => {
    const stream = session.request({ ':path': MAPS })
    stream.on('error', () => {})
    return stream
  })
  const slowestMs = await whileServed(async () => {
    for (let beat = 0; beat < 20; beat++) {
      for (const socket of sockets) if (!socket.destroyed && socket.writable) socket.write('x')
      await must2xx(good, 'POST', MAPS, { metadata: { name: `beat-${beat}` } })
    }
  })
  console.log(JSON.stringify({ sockets: sockets.length, slowestMs: Math.round(slowestMs), rssMb: Math.round(rssMb()) }))
  expect(slowestMs).toBeLessThan(SLOWEST_MS)
  expect(rssMb()).toBeLessThan(MAX_RSS_MB)
  for (const stream of [...unfinished, ...unread]) stream.destroy()
  for (const socket of sockets) socket.destroy()
  session.destroy()
  expect((await must2xx(good, 'GET', `${MAPS}/changing`)).length).toBeGreaterThan(0)
})
