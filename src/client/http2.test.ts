import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { ConfigMap } from '../api/core/config-map.ts'
import { fakeClock } from '../host/clock/fake.ts'
import { systemClock } from '../host/clock/real.ts'
import { silent } from '../lib/log.ts'
import { createClient } from './client.ts'
import { clientConformance } from './conformance.ts'
import { type FakeApi, fakeApi } from './fake.ts'
import { http2Transport } from './http2.ts'
import { createInformers } from './informers.ts'
import type { Connection } from './kubeconfig.ts'
import { createProgress } from './progress.ts'
import { eventually } from './testing.ts'
import { ConnectionError, type Transport } from './transport.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-http2-'))
const pem = (name: string): string => readFileSync(join(folder, name), 'utf8')
const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
for (const name of ['server', 'client', 'other'])
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.crt`,
  )
afterAll(() => rmSync(folder, { recursive: true }))

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** Serves a fake API over HTTP/2; peers are what each request was authenticated as. */
async function serve(api: FakeApi, server: http2.Http2Server, port = 0) {
  const sockets = new Set<Socket>()
  const authorizations: (string | undefined)[] = []
  server.on('connection', socket => sockets.add(socket)).on('secureConnection', socket => sockets.add(socket))
  server.on('stream', async (stream, headers) => {
    authorizations.push(headers.authorization)
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    const abort = new AbortController()
    stream.on('close', () => abort.abort(new Error('closed')))
    stream.on('error', () => {})
    const response = await api.handle({
      method: String(headers[':method']),
      path: String(headers[':path']),
      headers: headers as Record<string, string>,
      body: Buffer.concat(chunks),
      signal: abort.signal,
    })
    if (stream.destroyed) return
    stream.respond({ ':status': response.status, 'content-type': 'application/json' })
    if (response.body instanceof Uint8Array) return void stream.end(response.body)
    try {
      for await (const piece of response.body) stream.write(piece)
      stream.end()
    } catch {
      stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR)
    }
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  const drop = (): void => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  const close = (): void => {
    server.close()
    drop()
  }
  closers.push(close)
  return { port: (server.address() as AddressInfo).port, drop, close, authorizations }
}
const plainConnection = (port: number): Connection => ({ server: `http://127.0.0.1:${port}` })
const transportTo = (connection: Connection, options = {}): Transport => {
  const transport = http2Transport(connection, { clock: systemClock }, options)
  closers.push(() => transport.close())
  return transport
}
const failure = async (connection: Connection, options = {}): Promise<ConnectionError> => {
  const error = await createClient(transportTo(connection, options))
    .list(ConfigMap)
    .catch(caught => caught)
  expect(error).toBeInstanceOf(ConnectionError)
  return error
}

clientConformance('the fake API over HTTP/2', async () => {
  const served = await serve(fakeApi(), http2.createServer())
  return { client: createClient(transportTo(plainConnection(served.port))), close() {} }
})

describe('a connection', () => {
  const secure = () =>
    http2.createSecureServer({
      key: pem('server.key'),
      cert: pem('server.crt'),
      ca: pem('client.crt'),
      requestCert: true,
      rejectUnauthorized: true,
    })
  const trusted = (port: number): Connection => ({
    server: `https://127.0.0.1:${port}`,
    ca: pem('server.crt'),
    cert: pem('client.crt'),
    key: pem('client.key'),
  })

  it('is authenticated both ways by certificates', async () => {
    const { port } = await serve(fakeApi(), secure())
    const list = await createClient(transportTo(trusted(port))).list(ConfigMap)
    expect(list.items).toEqual([])
    expect((await failure({ ...trusted(port), ca: pem('other.crt') })).message).toMatch(/not from the CA/)
    await failure({ ...trusted(port), cert: pem('other.crt'), key: pem('other.key') })
    const insecure = {
      server: `https://127.0.0.1:${port}`,
      insecure: true,
      cert: pem('client.crt'),
      key: pem('client.key'),
    }
    expect((await createClient(transportTo(insecure)).list(ConfigMap)).items).toEqual([])
  })

  it('carries a token', async () => {
    const { port, authorizations } = await serve(fakeApi(), http2.createServer())
    await createClient(transportTo({ ...plainConnection(port), token: async () => 'secret' })).list(ConfigMap)
    expect(authorizations).toEqual(['Bearer secret'])
  })

  it('says clearly why there is none', async () => {
    const closed = await serve(fakeApi(), http2.createServer())
    closed.close()
    const refused = await failure(plainConnection(closed.port))
    expect([refused.code, refused.message]).toEqual([
      'ECONNREFUSED',
      `cannot reach the API at http://127.0.0.1:${closed.port}: nothing listens there (ECONNREFUSED)`,
    ])
    const silentServer: Server = createServer(() => {})
    await new Promise<void>(resolve => silentServer.listen(0, '127.0.0.1', resolve))
    closers.push(() => silentServer.close())
    const connection = { server: `https://127.0.0.1:${(silentServer.address() as AddressInfo).port}` }
    expect((await failure(connection, { connectTimeoutMs: 50 })).message).toMatch(/no answer within 50 ms/)
    const old = http.createServer((_, response) => response.end('hello'))
    await new Promise<void>(resolve => old.listen(0, '127.0.0.1', resolve))
    closers.push(() => old.close())
    await failure(plainConnection((old.address() as AddressInfo).port))
  })

  it('is made anew after it broke, and its requests are rejected meanwhile', async () => {
    const api = fakeApi()
    const served = await serve(api, http2.createServer())
    const client = createClient(transportTo(plainConnection(served.port)))
    await client.list(ConfigMap)
    api.intercept = async () => {
      api.intercept = undefined
      served.drop()
      return undefined
    }
    await expect(client.list(ConfigMap)).rejects.toBeInstanceOf(ConnectionError)
    expect((await client.list(ConfigMap)).items).toEqual([])
  })

  it('is given up when pings stay without an answer', async () => {
    const clock = fakeClock()
    const { port } = await serve(fakeApi(), http2.createServer())
    // A relay that can fall silent without closing anything.
    const relay = createServer()
    let mute = false
    relay.on('connection', socket => {
      const upstream = new (socket.constructor as typeof Socket)()
      upstream.connect(port, '127.0.0.1')
      socket.on('data', chunk => mute || upstream.write(chunk))
      upstream.on('data', chunk => mute || socket.write(chunk))
      socket.on('close', () => upstream.destroy())
      for (const end of [socket, upstream]) end.on('error', () => {})
    })
    await new Promise<void>(resolve => relay.listen(0, '127.0.0.1', resolve))
    closers.push(() => relay.close())
    const transport = http2Transport(plainConnection((relay.address() as AddressInfo).port), { clock })
    closers.push(() => transport.close())
    const client = createClient(transport)
    await client.list(ConfigMap)
    const watching = (async () => {
      for await (const _ of client.watch(ConfigMap, {}, new AbortController().signal));
    })().catch(error => error)
    mute = true
    await clock.advance(30_000)
    expect(await watching).toBeInstanceOf(ConnectionError)
  })
})

it('keeps a cache whole while its connection is dropped again and again', async () => {
  const api = fakeApi()
  const served = await serve(api, http2.createServer())
  const stop = new AbortController()
  closers.push(() => stop.abort())
  const progress = createProgress()
  const client = createClient(transportTo(plainConnection(served.port)))
  const quick = { backoff: { minMs: 1, maxMs: 5 } }
  const informers = createInformers({ client, clock: systemClock, log: silent, progress }, stop.signal, quick)
  const informer = informers.of(ConfigMap)
  let told = 0
  informer.onChange(change => {
    expect(change.type).toBe('added')
    told++
  })
  await informers.sync(stop.signal)
  for (let i = 0; i < 200; i++) {
    api.put(ConfigMap, { metadata: { namespace: 'shop', name: `cm-${i}` } })
    if (i % 10 === 5) served.drop()
    if (i % 4 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  await eventually(() => informer.list().length === 200)
  expect(told).toBe(200)
})
