import { once } from 'node:events'
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { connect } from 'node:http2'
import { request as request1 } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import type { TestCertificate } from './testing-tls.ts'
import { testAuthority } from './testing-tls.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const authority = testAuthority()
const admin = authority.issue('admin', '/O=system:masters/O=second/CN=alice')
const stranger = testAuthority('other-ca').issue('admin', '/O=system:masters/CN=mallory')
let api: TestApi
let port = 0
beforeAll(async () => {
  api = await testApi(systemClock)
  const { server } = api.server.listener({ ...authority.issue('server', '/CN=server'), clientCa: authority.ca })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => api.close())

const sessions: ClientHttp2Session[] = []
afterAll(() => {
  for (const session of sessions) session.destroy()
})
function session(certificate?: TestCertificate): ClientHttp2Session {
  const made = connect(`https://127.0.0.1:${port}`, { ca: authority.ca, ...certificate })
  made.on('error', () => {})
  sessions.push(made)
  return made
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly text: string
}

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  const [headers] = await once(stream, 'response')
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return { status: headers[':status'], headers, text: Buffer.concat(chunks).toString('utf8') }
}

function send(on: ClientHttp2Session, line: string, body?: string | Buffer): Promise<Answer> {
  const [method, path] = line.split(' ', 2)
  const stream = on.request({ ':method': method, ':path': path, 'content-type': 'application/json' })
  stream.end(body)
  return answerOf(stream)
}

describe('who a client is', () => {
  const review = 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews'

  it('is what its certificate says, if that is from the right authority', async () => {
    const { text } = await send(session(admin), review, '{}')
    expect(JSON.parse(text).status.userInfo).toEqual({
      username: 'alice',
      groups: ['system:masters', 'second', 'system:authenticated'],
    })
    const refused = await send(session(stranger), review, '{}')
    expect([refused.status, JSON.parse(refused.text).message]).toEqual([401, 'Unauthorized'])
    expect((await send(session(stranger), 'GET /version')).status).toBe(401)
  })

  it('is nobody without one: health and version, nothing else', async () => {
    expect((await send(session(), 'GET /readyz')).text).toBe('ok')
    expect((await send(session(), `GET ${MAPS}`)).status).toBe(403)
  })

  it('is whose token it brings, request by request, until the account is gone', async () => {
    const accounts = '/api/v1/namespaces/default/serviceaccounts'
    const tokenOf = async (name: string): Promise<string> => {
      await send(session(admin), `POST ${accounts}`, JSON.stringify({ metadata: { name } }))
      return JSON.parse((await send(session(admin), `POST ${accounts}/${name}/token`, '{}')).text).status.token
    }
    const [robot, other] = [await tokenOf('robot'), await tokenOf('other')]
    const on = session()
    const as = async (bearer: string) => {
      const headers = { ':method': 'POST', ':path': review.slice(5), authorization: `Bearer ${bearer}` }
      const stream = on.request({ ...headers, 'content-type': 'application/json' })
      stream.end('{}')
      const { status, text } = await answerOf(stream)
      return status === 201 ? JSON.parse(text).status.userInfo.username.split(':').at(-1) : status
    }
    const seen = []
    for (const token of [robot, robot, other, `${robot}x`, robot]) seen.push(await as(token))
    expect(seen).toEqual(['robot', 'robot', 'other', 401, 'robot'])
    await send(session(admin), `DELETE ${accounts}/robot`)
    expect([await as(robot), await as(other)]).toEqual([401, 'other'])
  })
})

describe('HTTP/2', () => {
  it('carries bodies and answers, with an Audit-Id', async () => {
    const on = session(admin)
    const made = await send(
      on,
      `POST ${MAPS}`,
      JSON.stringify({ metadata: { name: 'a' }, data: { k: 'é'.repeat(100_000) } }),
    )
    expect(made.status).toBe(201)
    expect(made.headers['audit-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect((await send(on, `GET ${MAPS}/a`)).text).toBe(made.text)
    expect((await send(on, `HEAD ${MAPS}/a`)).text).toBe('')
  })

  it('refuses bodies above 3 MiB, and goes on serving the connection', async () => {
    const on = session(admin)
    const body = (size: number): string => JSON.stringify({ metadata: { name: 'big' }, data: { k: 'x'.repeat(size) } })
    const refused = await send(on, `POST ${MAPS}`, body(3 * 1024 * 1024))
    expect([refused.status, JSON.parse(refused.text).message]).toEqual([
      413,
      'Request entity too large: limit is 3145728',
    ])
    expect((await send(on, `POST ${MAPS}`, body(800_000))).status).toBe(201)
  })

  it('streams a watch until the client goes, and then forgets it', async () => {
    const stream = session(admin).request({ ':path': `${MAPS}?watch=1&resourceVersion=${api.store.revision}` })
    const [headers] = await once(stream, 'response')
    expect(headers['content-type']).toBe('application/json')
    const other = session(admin)
    await send(other, `POST ${MAPS}`, JSON.stringify({ metadata: { name: 'live' } }))
    const [line] = await once(stream, 'data')
    expect(JSON.parse(line)).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'live' } } })
    stream.close()
    await once(stream, 'close')
  })

  it('answers many at once on one connection', async () => {
    const on = session(admin)
    const answers = await Promise.all(Array.from({ length: 100 }, () => send(on, `GET ${MAPS}`)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  })
})

describe('HTTP/1.1', () => {
  const ask = (path: string, options: object = {}, body = ''): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const request = request1(
        { host: '127.0.0.1', port, path, ca: authority.ca, ...admin, ...options },
        async response => {
          const chunks: Buffer[] = []
          for await (const chunk of response) chunks.push(chunk)
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            text: Buffer.concat(chunks).toString('utf8'),
          })
        },
      )
      request.on('error', reject)
      request.end(body)
    })

  it('is served on the same port', async () => {
    const made = await ask(
      MAPS,
      { method: 'POST', headers: { 'content-type': 'application/json' } },
      '{"metadata":{"name":"one"}}',
    )
    expect(made.status).toBe(201)
    expect(JSON.parse((await ask(`${MAPS}/one`)).text).metadata.name).toBe('one')
    expect((await ask(MAPS, { cert: undefined, key: undefined })).status).toBe(403)
  })

  it('watches too', async () => {
    const { text } = await ask(`${MAPS}?watch=1&timeoutSeconds=1`)
    expect(text.split('\n')[0]).toContain('"type":"ADDED"')
  })
})
