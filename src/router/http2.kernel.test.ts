import { execFileSync } from 'node:child_process'
import {
  type ClientHttp2Session,
  connect,
  createSecureServer,
  createServer,
  type Http2Server,
  type ServerHttp2Stream,
} from 'node:http2'
import { connect as tlsConnect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { otherCertificate } from '../host/haproxy/testdata/certificates.ts'
import { ask, type LiveRouter, splitPem, startLiveRouter } from './testing-live.ts'

const POD = '10.128.7.5'
const servers: Http2Server[] = []
const sessions: ClientHttp2Session[] = []
let router: LiveRouter

/** One message of gRPC: not compressed, its length, its bytes. */
function frame(text: string): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(Buffer.byteLength(text), 1)
  return Buffer.concat([head, Buffer.from(text)])
}
function texts(bytes: Buffer): string[] {
  const found: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at + 1)
    found.push(bytes.subarray(at + 5, at + 5 + length).toString())
    at += 5 + length
  }
  return found
}

/** A gRPC server that answers each message as it comes, and tells in trailers how it ended. */
function answer(stream: ServerHttp2Stream, path: string): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  const status = path.endsWith('/Fail') ? '5' : '0'
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status, 'grpc-message': `ended ${path}` }))
  stream.on('error', () => {})
  stream.on('data', (data: Buffer) => {
    for (const text of texts(data)) stream.write(frame(`${text}!`))
  })
  stream.on('end', () => stream.end())
}

beforeAll(async () => {
  execFileSync('ip', ['address', 'replace', `${POD}/32`, 'dev', 'lo'])
  const { certificate, key } = splitPem(otherCertificate)
  servers.push(createServer(), createSecureServer({ cert: certificate, key }) as unknown as Http2Server)
  for (const [index, server] of servers.entries()) {
    server.on('stream', (stream, headers) => answer(stream, headers[':path']!))
    await new Promise<void>(resolve => server.listen(9000 + index, POD, resolve))
  }
  router = await startLiveRouter({ http2: true, http2Always: true })
  router.putService('h2c', [POD], 9000, 'kubernetes.io/h2c')
  router.putService('tls', [POD], 9001)
  const to = (name: string) => ({ kind: 'Service' as const, name })
  router.putRoute('edge', { to: to('h2c'), tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'Allow' } })
  router.putRoute('other', { to: to('h2c'), tls: { termination: 'edge' } })
  router.putRoute('again', { to: to('tls'), tls: { termination: 'reencrypt' } })
  router.putRoute('pass', { to: to('tls'), tls: { termination: 'passthrough' } })
  await router.settle()
})
afterAll(async () => {
  for (const session of sessions) session.destroy()
  await router?.stop()
  for (const server of servers) server.close()
})

function open(name: string): ClientHttp2Session {
  const session = connect(`https://${name}.example.com`, {
    createConnection: () =>
      tlsConnect({
        host: '127.0.0.1',
        port: 443,
        servername: `${name}.example.com`,
        ALPNProtocols: ['h2'],
        rejectUnauthorized: false,
      }),
  })
  session.on('error', () => {})
  sessions.push(session)
  return session
}

interface Call {
  readonly status: number
  readonly messages: readonly string[]
  readonly trailers: Readonly<Record<string, unknown>>
}

/** Sends one message, and the next when the answer to the one before has come. */
function call(session: ClientHttp2Session, host: string, method: string, messages: readonly string[]): Promise<Call> {
  return new Promise((resolve, reject) => {
    const headers = { ':method': 'POST', ':authority': host, ':path': `/shop.Echo/${method}`, te: 'trailers' }
    const stream = session.request({ ...headers, 'content-type': 'application/grpc' })
    let status = 0
    let bytes = Buffer.alloc(0)
    let trailers = {}
    const left = [...messages]
    const send = (): void => {
      const next = left.shift()
      if (next === undefined) stream.end()
      else stream.write(frame(next))
    }
    stream.on('response', answered => {
      status = answered[':status']!
      if (status !== 200) stream.end()
    })
    stream.on('data', (data: Buffer) => {
      bytes = Buffer.concat([bytes, data])
      send()
    })
    stream.on('trailers', given => {
      trailers = given
    })
    stream.on('error', reject)
    stream.on('close', () => resolve({ status, messages: status === 200 ? texts(bytes) : [], trailers }))
    send()
  })
}

describe('gRPC', () => {
  it.each(['edge', 'again', 'pass'])('%s: streams both ways, with trailers', async name => {
    const session = open(name)
    const host = `${name}.example.com`
    expect(await call(session, host, 'Talk', ['one', 'two', 'three'])).toMatchObject({
      status: 200,
      messages: ['one!', 'two!', 'three!'],
      trailers: { 'grpc-status': '0', 'grpc-message': 'ended /shop.Echo/Talk' },
    })
    expect((await call(session, host, 'Fail', ['x'])).trailers).toMatchObject({ 'grpc-status': '5' })
    const many = Array.from({ length: 50 }, (_, index) => call(session, host, 'Talk', [String(index)]))
    expect((await Promise.all(many)).map(({ messages }) => messages[0])).toEqual(many.map((_, index) => `${index}!`))
  })
})

describe('HTTP/2 at every Route', () => {
  it('a request for a host that the connection was not made for is misdirected; HTTP/1 is not', async () => {
    const session = open('edge')
    expect((await call(session, 'edge.example.com', 'Talk', ['a'])).status).toBe(200)
    for (const host of ['other.example.com', 'again.example.com', 'nobody.example.com', 'edge.example.com.evil.test'])
      expect([host, (await call(session, host, 'Talk', ['a'])).status]).toEqual([host, 421])
    expect((await call(session, 'EDGE.example.com:443', 'Talk', ['a'])).status).toBe(200)
    expect((await call(open('other'), 'other.example.com', 'Talk', ['a'])).status).toBe(200)
    expect((await ask({ host: 'other.example.com', tls: true })).status).toBe(200)
  })
})
