import { execFileSync } from 'node:child_process'
import { connect, createServer, type Socket } from 'node:net'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Route } from '../api/route/route.ts'
import { systemClock } from '../host/clock/real.ts'
import { otherCertificate, someCertificate } from '../host/haproxy/testdata/certificates.ts'
import { ask, type LiveRouter, splitPem, startLiveRouter } from './testing-live.ts'

const POD = '10.128.4.5'
const HOST = 'shop.example.com'
/** Of a client beside a flood; far below what a client gives up after, far above what a busy machine needs. */
const PATIENCE_MS = 30_000
let router: LiveRouter
/** All that the pod was sent, and its open connections. */
let received = ''
const open = new Set<Socket>()

/** A pod that answers each head of a request it thinks it sees, and remembers every byte: what it was made to read is what counts. */
const pod = createServer(socket => {
  let rest = ''
  open.add(socket)
  socket.on('error', () => {}).on('close', () => open.delete(socket))
  socket.on('data', data => {
    received += data.toString('latin1')
    rest += data.toString('latin1')
    for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
      const head = rest.slice(0, end)
      const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0)
      const isChunked = /transfer-encoding: *chunked/i.test(head)
      const body = isChunked ? rest.indexOf('0\r\n\r\n', end + 4) + 5 - end - 4 : length
      if (rest.length < end + 4 + body || (isChunked && body < 5)) return
      rest = rest.slice(end + 4 + body)
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
    }
  })
})

beforeAll(async () => {
  execFileSync('ip', ['address', 'replace', `${POD}/32`, 'dev', 'lo'])
  await new Promise<void>(resolve => pod.listen(8080, POD, resolve))
  router = await startLiveRouter({ http2: true, http2Always: true })
  router.putService('web', [POD])
  router.putRoute('shop', { tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'Allow' } })
  await router.settle()
})
afterAll(async () => {
  for (const socket of open) socket.destroy()
  await router?.stop()
  pod.close()
})

/** Sends bytes on one connection and gives back what comes until it ends, or until the answers that were asked for are there. */
function raw(bytes: string, answers = Number.POSITIVE_INFINITY): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(80, '127.0.0.1', () => {
      socket.write(bytes, 'latin1')
      if (answers === Number.POSITIVE_INFINITY) socket.end()
    })
    let text = ''
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      if (text.split('HTTP/1.1 ').length - 1 >= answers) socket.destroy()
    })
    socket.on('error', reject).on('close', () => resolve(text))
  })
}
const head = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`
const SMUGGLED = head('GET /smuggled HTTP/1.1', `Host: ${HOST}`)
const post = (...lines: readonly string[]): string => head('POST /a HTTP/1.1', `Host: ${HOST}`, ...lines)
const codes = (text: string): number[] => [...text.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(match => Number(match[1]))

describe('one request is one request', () => {
  it('the control: two requests on one connection are two at the pod', async () => {
    received = ''
    expect(codes(await raw(`${post('Content-Length: 5')}hello${SMUGGLED}`, 2))).toEqual([200, 200])
    expect(received.match(/(POST|GET) \/\S+/g)).toEqual(['POST /a', 'GET /smuggled'])
  })
  it.each([
    ['two lengths that differ', `${post('Content-Length: 5', 'Content-Length: 60')}hello${SMUGGLED}`],
    ['two lengths in one header', `${post('Content-Length: 5, 60')}hello${SMUGGLED}`],
    ['a signed length', `${post('Content-Length: +5')}hello${SMUGGLED}`],
    ['a length in hexadecimal', `${post('Content-Length: 0x5')}hello${SMUGGLED}`],
    ['an empty length', `${post('Content-Length:')}${SMUGGLED}`],
    ['a negative length', `${post('Content-Length: -1')}${SMUGGLED}`],
    ['a name with a blank before the colon', `${post('Content-Length : 5')}hello${SMUGGLED}`],
    ['a name that is no token', `${post('Content Length: 5')}hello${SMUGGLED}`],
    ['a folded first header', `POST /a HTTP/1.1\r\n Host: x\r\nHost: ${HOST}\r\n\r\n${SMUGGLED}`],
    ['a bare carriage return', `${post('X-A: a\rTransfer-Encoding: chunked')}${SMUGGLED}`],
    ['chunks of a size that is none', `${post('Transfer-Encoding: chunked')}zz\r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
    ['an encoding that is not known', `${post('Transfer-Encoding: xchunked')}0\r\n\r\n${SMUGGLED}`],
    ['an encoding after chunked', `${post('Transfer-Encoding: chunked, identity')}0\r\n\r\n${SMUGGLED}`],
    ['two hosts that differ', head('GET /a HTTP/1.1', `Host: ${HOST}`, 'Host: other.example.com') + SMUGGLED],
    ['a host that is none', head('GET /a HTTP/1.1', `Host: ${HOST}/x`)],
    ['a target of another host', head('GET http://other.example.com/a HTTP/1.1', `Host: ${HOST}`)],
    ['a NUL in a header', head('GET /a HTTP/1.1', `Host: ${HOST}`, 'X-A: a\0b')],
    ['a NUL in a target', head('GET /a\0b HTTP/1.1', `Host: ${HOST}`)],
    ['a bell in a header', head('GET /a HTTP/1.1', `Host: ${HOST}`, 'X-A: a\x07b')],
    ['a line feed alone in the request line', `GET /a\nHost: ${HOST}\n\n`],
  ])('%s', async (_, bytes) => {
    received = ''
    const seen = codes(await raw(bytes))
    // Refused; or read as one request whose rest is no other: what follows was not told apart as a request of its own.
    expect(received).not.toContain('/smuggled')
    expect(seen.length).toBeGreaterThan(0)
    expect(seen.every(code => code >= 400)).toBe(true)
  })
  it('both a length and chunks: the chunks count, and the length is not told to the pod', async () => {
    received = ''
    const body = '5\r\nhello\r\n0\r\n\r\n'
    expect(codes(await raw(`${post('Content-Length: 60', 'Transfer-Encoding: chunked')}${body}`, 1))).toEqual([200])
    expect(received).toMatch(/transfer-encoding: chunked/i)
    expect(received).not.toMatch(/content-length/i)
  })
  it('extensions of chunks and folded headers reach the pod as what they mean', async () => {
    received = ''
    const chunks = '5;x=y\r\nhello\r\n0;z\r\n\r\n'
    const bytes = `${post('Transfer-Encoding: chunked', 'X-A: a\r\n Transfer-Encoding: gzip')}${chunks}${SMUGGLED}`
    expect(codes(await raw(bytes, 2))).toEqual([200, 200])
    expect(received.match(/(POST|GET) \/\S+/g)).toEqual(['POST /a', 'GET /smuggled'])
    expect(received).not.toMatch(/^[05];|^transfer-encoding: gzip/im)
    expect(received).toContain('hello')
  })
  it('what is answered without a pod takes its body with it', async () => {
    router.putRoute('moved', { tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'Redirect' } })
    await router.settle()
    received = ''
    for (const [host, code] of [
      ['moved.example.com', 302],
      ['nobody.example.com', 503],
    ] as const) {
      const request = (body: string) =>
        head('POST / HTTP/1.1', `Host: ${host}`, `Content-Length: ${body.length}`) + body
      const seen = codes(await raw(`${request(SMUGGLED)}${SMUGGLED}`.replace('/smuggled', '/hidden')))
      expect(seen[0]).toBe(code)
      expect(received).not.toContain('/hidden')
    }
  })
  it.each([
    ['none', ''],
    ['an address of IPv6', '[::1]'],
    ['a dot', '.'],
    ['an empty label', `.${HOST}`],
    ['a user', `x@${HOST}`],
    ['two names', `x.example.com,${HOST}`],
    ['two names, ours first', `${HOST},x.example.com`],
  ])('a Host that is nobody’s: %s', async (_, host) => {
    received = ''
    const seen = codes(await raw(head('GET /a HTTP/1.1', `Host: ${host}`, 'Connection: close')))
    expect(seen.every(code => code >= 400)).toBe(true)
    expect(received).toBe('')
  })
  it('headers that concern one connection do not travel on it, and no upgrade smuggles HTTP/2', async () => {
    received = ''
    const upgrade = [
      'Connection: Upgrade, HTTP2-Settings, X-Secret',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQAAP__',
    ]
    await raw(head('GET /up HTTP/1.1', `Host: ${HOST}`, ...upgrade, 'Proxy: evil', 'X-Kept: yes'), 1)
    expect(received).toMatch(/x-kept: yes/i)
    expect(received).not.toMatch(/^proxy:/im)
    expect(codes(await raw(`CONNECT ${HOST}:80 HTTP/1.1\r\nHost: ${HOST}:80\r\n\r\n${SMUGGLED}`))).toEqual([405, 200])
    expect(received).not.toContain('CONNECT')
  })
  it('headers beyond the buffer are refused; as many as fit are served', async () => {
    const get = (size: number) => head('GET /big HTTP/1.1', `Host: ${HOST}`, `X-Big: ${'x'.repeat(size)}`)
    expect(codes(await raw(get(16_000), 1))).toEqual([200])
    expect(codes(await raw(get(40_000)))).toEqual([400])
  })
})

// HTTP/2 by hand.
const frame = (type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer => {
  const start = Buffer.alloc(9)
  start.writeUIntBE(payload.length, 0, 3)
  start[3] = type
  start[4] = flags
  start.writeUInt32BE(stream, 5)
  return Buffer.concat([start, payload])
}
const [DATA, HEADERS, RST, SETTINGS, PING, GOAWAY, CONTINUATION] = [0, 1, 3, 4, 6, 7, 9]
const literal = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)])
const request = Buffer.concat([Buffer.from([0x82, 0x87, 0x84]), literal(':authority', HOST)])
const session = (): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: 443, servername: HOST, rejectUnauthorized: false }
    const socket = tlsConnect({ ...options, ALPNProtocols: ['h2'] }, () => {
      socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0, 0)]))
      resolve(socket)
    })
    socket.on('error', reject).resume()
  })

describe('a request of HTTP/2 is one of HTTP/1', () => {
  /** Header lists as they are; whoever speaks HTTP/2 can put any byte into them. */
  const fields = (list: readonly (readonly [string, string])[]): Buffer =>
    Buffer.concat(list.map(([n, v]) => literal(n, v)))
  const BASE = [
    [':method', 'POST'],
    [':scheme', 'https'],
    [':path', '/a'],
    [':authority', HOST],
  ] as const
  const instead = (name: string, value: string) => BASE.map(([n, v]) => [n, n === name ? value : v] as const)
  /** What the router makes of one stream: the first byte of its headers, or why there are none. */
  const outcome = async (list: readonly (readonly [string, string])[], body: string): Promise<string> => {
    const socket = await session()
    const payload = fields(list)
    const first = frame(HEADERS, body === '' ? 5 : 4, 1, payload)
    socket.write(body === '' ? first : Buffer.concat([first, frame(DATA, 1, 1, Buffer.from(body))]))
    let bytes = Buffer.alloc(0)
    return new Promise(resolve => {
      const end = (text: string): void => {
        resolve(text)
        socket.destroy()
      }
      socket
        .on('close', () => resolve('closed'))
        .on('data', (data: Buffer) => {
          bytes = Buffer.concat([bytes, data])
          for (
            ;
            bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3);
            bytes = bytes.subarray(9 + bytes.readUIntBE(0, 3))
          ) {
            const code = bytes[9]! >> 5 === 1 ? bytes[10] : bytes[9]
            if (bytes[3] === HEADERS) end(code === 0x88 ? 'served' : 'refused')
            if (bytes[3] === RST || bytes[3] === GOAWAY) end('refused')
          }
        })
    })
  }
  const injected = `x\r\n\r\n${SMUGGLED}`
  it('the control: it is served, with its body, and says whose it is', async () => {
    received = ''
    expect(await outcome([...BASE, ['content-length', '5'], ['x-a', 'b']], 'hello')).toBe('served')
    expect(received).toMatch(/^POST \/a HTTP\/1\.1\r\n/)
    expect(received).toContain(`host: ${HOST}\r\n`)
    expect(received).toContain('\r\n\r\nhello')
  })
  it.each<[string, readonly (readonly [string, string])[], string]>([
    ['a length of nothing before a body', [...BASE, ['content-length', '0']], SMUGGLED],
    ['a length beyond the body', [...BASE, ['content-length', '500']], 'hello'],
    ['two lengths', [...BASE, ['content-length', '5'], ['content-length', '6']], 'hello'],
    ['chunks of HTTP/1', [...BASE, ['transfer-encoding', 'chunked']], `0\r\n\r\n${SMUGGLED}`],
    ['lines in a value', [...BASE, ['x-a', injected]], ''],
    ['a line feed alone in a value', [...BASE, ['x-a', `a\nx-b: c`]], ''],
    ['a NUL in a value', [...BASE, ['x-a', 'a\0b']], ''],
    ['lines in a name', [...BASE, [`x-a: b\r\nx-b`, 'c']], ''],
    ['a colon in a name', [...BASE, ['x-a: b', 'c']], ''],
    ['capitals in a name', [...BASE, ['X-A', 'b']], ''],
    ['lines in a path', instead(':path', `/a HTTP/1.1\r\nhost: x\r\n\r\nGET /smuggled`), ''],
    ['a blank in a path', instead(':path', '/a /smuggled'), ''],
    ['a path without a slash', instead(':path', 'smuggled'), ''],
    ['no path', BASE.filter(([name]) => name !== ':path'), ''],
    ['two paths', [...BASE, [':path', '/smuggled']], ''],
    ['lines in a method', instead(':method', `GET /smuggled HTTP/1.1\r\nx-a:`), ''],
    ['lines in an authority', instead(':authority', `${HOST}\r\nx-a: b`), ''],
    ['a path in an authority', instead(':authority', `${HOST}/x`), ''],
    ['a pseudo-header after others', [['x-a', 'b'], ...BASE], ''],
    ['a pseudo-header of no meaning', [...BASE, [':smuggled', 'x']], ''],
    ['an upgrade', [...BASE, ['connection', 'upgrade'], ['upgrade', 'h2c']], ''],
  ])('%s', async (_, list, body) => {
    received = ''
    expect(await outcome(list, body)).not.toBe('served')
    expect(received).not.toMatch(/smuggled|x-b/)
  })
  it('an authority goes before a Host that differs', async () => {
    received = ''
    const seen = await outcome([...BASE, ['host', 'other.example.com']], '')
    expect([seen, received.includes(`host: ${HOST}`), received.includes('other')]).toEqual(['served', true, false])
  })
})

describe('clients that would use everything up', () => {
  const isServed = async (): Promise<number> => {
    const startMs = systemClock.monotonic()
    expect((await ask({ host: HOST, tls: true })).status).toBe(200)
    return systemClock.monotonic() - startMs
  }
  /** Floods on a few connections at once; meanwhile others are served, and afterwards too. */
  async function flood(make: (round: number) => Buffer, rounds: number): Promise<void> {
    const sockets = await Promise.all([session(), session()])
    for (let round = 0; round < rounds; round++) {
      const bytes = make(round)
      for (const socket of sockets) if (!socket.destroyed) socket.write(bytes)
      if (round % 10 === 0) expect(await isServed()).toBeLessThan(PATIENCE_MS)
    }
    expect(await isServed()).toBeLessThan(PATIENCE_MS)
    for (const socket of sockets) socket.destroy()
    expect(router.loads()).toBe(1)
  }

  it('streams that are begun and reset', async () => {
    const control = await session()
    const answered = new Promise<void>(resolve =>
      control.on('data', (data: Buffer) => data.includes('ok') && resolve()),
    )
    control.write(frame(HEADERS, 5, 1, request))
    await answered
    control.destroy()
    await flood(round => {
      const frames = Array.from({ length: 100 }, (_, index) => {
        const stream = 2 * (round * 100 + index) + 1
        return [frame(HEADERS, 5, stream, request), frame(RST, 0, stream, Buffer.from([0, 0, 0, 8]))]
      })
      return Buffer.concat(frames.flat())
    }, 50)
  })
  it('headers that never end', async () => {
    const piece = literal('x-a', 'y'.repeat(100))
    await flood(
      round =>
        round === 0
          ? frame(HEADERS, 1, 1, request)
          : Buffer.concat(Array.from({ length: 100 }, () => frame(CONTINUATION, 0, 1, piece))),
      30,
    )
  })
  it('settings and pings', async () => {
    const many = Buffer.concat(
      Array.from({ length: 500 }, () => [frame(SETTINGS, 0, 0), frame(PING, 0, 0, Buffer.alloc(8))]).flat(),
    )
    await flood(() => many, 30)
  })
  it('requests that trickle in are cut off after 10 s, whatever their number; others are served meanwhile', async () => {
    let ended = 0
    const sockets = Array.from({ length: 200 }, () => {
      const socket = connect(80, '127.0.0.1', () => socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n`))
      socket.on('error', () => {}).on('close', () => ended++)
      return socket.resume()
    })
    const startMs = systemClock.monotonic()
    const drip = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('X-A: b\r\n')
    }, 500)
    while (ended < sockets.length) {
      expect(await isServed()).toBeLessThan(PATIENCE_MS)
      expect(systemClock.monotonic() - startMs).toBeLessThan(90_000)
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    clearInterval(drip)
    expect(systemClock.monotonic() - startMs).toBeGreaterThan(9000)
  })
})

describe('what one Route brings harms it alone', () => {
  const [some, other] = [splitPem(someCertificate), splitPem(otherCertificate)]
  const verdict = (name: string) =>
    router.bench.api.get(Route, { namespace: 'shop', name })?.status?.ingress?.[0]?.conditions?.[0]
  beforeAll(() => void router.putRoute('good', { tls: { termination: 'edge', ...other } }))
  it.each([
    ['a certificate that is none', { certificate: 'x', key: some.key }, /not a PEM certificate/],
    ['no key', { certificate: some.certificate }, /not a PEM private key/],
    ['the key of another', { certificate: some.certificate, key: other.key }, /does not belong/],
    ['key and certificate exchanged', { certificate: some.key, key: some.certificate }, /not a PEM/],
    ['a torn certificate', { ...some, certificate: some.certificate.slice(0, 300) }, /not a PEM certificate/],
    ['a megabyte of nothing', { ...some, certificate: 'A'.repeat(1_000_000) }, /not a PEM certificate/],
    ['a certificate full of others', { ...some, certificate: some.certificate.repeat(100) }, /not a PEM certificate/],
  ])('%s', async (_, tls, message) => {
    const before = router.loads()
    router.putRoute('victim', { tls: { termination: 'edge', ...tls } })
    await router.settle()
    expect(verdict('victim')).toMatchObject({ status: 'False', reason: 'ExtendedValidationFailed' })
    expect(verdict('victim')?.message).toMatch(message)
    expect(verdict('good')).toMatchObject({ status: 'True' })
    expect((await ask({ host: 'victim.example.com', tls: true })).status).toBe(503)
    expect(await ask({ host: 'good.example.com', tls: true })).toMatchObject({ status: 200, certificate: 'other.test' })
    router.putRoute('victim', { tls: { termination: 'edge', ...some } })
    await router.settle()
    expect((await ask({ host: 'victim.example.com', tls: true })).status).toBe(200)
    expect(router.loads()).toBe(before)
  })
  it('pods that are no pods are not asked; one that is, is', async () => {
    const forbidden = ['127.0.0.1', '169.254.169.254', '0.0.0.0', '224.0.0.1', '::1', '::ffff:127.0.0.1', 'fe80::1']
    router.putService('inward', forbidden)
    router.putRoute('inward', { to: { kind: 'Service', name: 'inward' } })
    await router.settle()
    expect((await ask({ host: 'inward.example.com' })).status).toBe(503)
    router.putService('inward', [...forbidden, POD])
    await router.settle()
    for (let turn = 0; turn < 10; turn++) expect((await ask({ host: 'inward.example.com' })).status).toBe(200)
  })
  it('a Route that is made anew again and again is told its verdict each time', async () => {
    for (let turn = 0; turn < 8; turn++) {
      const metadata = { namespace: 'shop', name: 'again', uid: `again-${turn}` }
      const spec = { host: 'again.example.com', to: { kind: 'Service', name: 'web' } } as const
      router.bench.api.put(Route, { metadata, spec })
      await router.settle()
      expect([turn, verdict('again')?.status]).toEqual([turn, 'True'])
      router.bench.api.drop(Route, { namespace: 'shop', name: 'again' })
      await router.settle()
    }
  })
  it('thousands of Routes that come and go at once', async () => {
    const { api } = router.bench
    let failed = 0
    let isOver = false
    const client = async (): Promise<void> => {
      while (!isOver) if ((await ask({ host: HOST }).catch(() => undefined))?.status !== 200) failed++
    }
    const clients = client()
    const count = 10_000
    for (let index = 0; index < count; index++) router.putRoute(`many-${index}`, {})
    const isTold = () => api.get(Route, { namespace: 'shop', name: `many-${count - 1}` })?.status !== undefined
    while (!isTold()) await new Promise(resolve => setImmediate(resolve))
    await router.settle()
    expect((await ask({ host: `many-${count - 1}.example.com` })).status).toBe(200)
    for (let index = 0; index < count; index++) api.drop(Route, { namespace: 'shop', name: `many-${index}` })
    await router.settle()
    expect((await ask({ host: `many-${count - 1}.example.com` })).status).toBe(503)
    isOver = true
    await clients
    expect(failed).toBe(0)
  })
})
