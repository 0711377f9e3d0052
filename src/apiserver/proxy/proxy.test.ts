import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type WebSocket as Client, WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../../host/clock/real.ts'
import type { DialTarget } from '../../host/dial/mod.ts'
import { testAuthority } from '../http/testing-tls.ts'
import { type TestApi, testApi } from '../testing.ts'
import { call } from '../testing-call.ts'

const NS = '/api/v1/namespaces/default'
let api: TestApi
let backend: Server
const sockets = new WebSocketServer({ noServer: true })
const dialled: DialTarget[] = []

/** Says what it was asked. */
beforeAll(async () => {
  backend = createServer((request, response) => {
    if (request.url === '/login') return void response.writeHead(302, { location: '/in' }).end()
    response.setHeader('set-cookie', ['a=1', 'b=2'])
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      const { method, url, headers } = request
      response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }))
    })
  })
  backend.on('upgrade', (request: IncomingMessage, socket, head) =>
    sockets.handleUpgrade(request, socket, head, client => {
      client.on('message', data => client.send(`${request.url} ${data}`))
    }),
  )
  await new Promise<void>(resolve => backend.listen(0, '127.0.0.1', resolve))
})
afterAll(() => void backend.close())

beforeEach(async () => {
  dialled.length = 0
  const dial = async (target: DialTarget) => {
    dialled.push(target)
    if (target.port === 9) throw new Error('dial tcp 10.128.0.5:9: connect: connection refused')
    const socket = connect((backend.address() as AddressInfo).port, '127.0.0.1')
    await new Promise(resolve => socket.once('connect', resolve))
    return socket
  }
  api = await testApi(systemClock, { dial: { dial } })
  const spec = { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 8080 }] }] }
  await pod('web', spec, '10.128.0.5')
  await pod('late', spec)
  await pod('host', spec, '127.0.0.1')
  await call(api, `POST ${NS}/services`, {
    body: {
      metadata: { name: 'shop' },
      spec: {
        ports: [
          { name: 'http', port: 80 },
          { name: 'dead', port: 90 },
        ],
      },
    },
  })
  const ports = [
    { name: 'http', port: 8080 },
    { name: 'dead', port: 9 },
  ]
  const endpoints = { metadata: { name: 'shop' }, subsets: [{ addresses: [{ ip: '10.128.0.5' }], ports }] }
  expect((await call(api, `POST ${NS}/endpoints`, { body: endpoints })).status).toBe(201)
})
afterEach(() => api.close())

async function pod(name: string, spec: object, podIP?: string): Promise<void> {
  const made = await call(api, `POST ${NS}/pods`, { body: { metadata: { name }, spec } })
  expect(made.status).toBe(201)
  if (podIP === undefined) return
  const status = { podIP, podIPs: [{ ip: podIP }] }
  expect((await call(api, `PUT ${NS}/pods/${name}/status`, { body: { ...made.json, status } })).status).toBe(200)
}

describe('a request through the server', () => {
  it.each([
    ['pods/web/proxy/a%2Fb/?x=1&watch=true', 8080, false, '/a%2Fb/?x=1&watch=true'],
    ['pods/web:81/proxy/', 81, false, '/'],
    ['pods/https:web:443/proxy/x', 443, true, '/x'],
    ['services/shop:http/proxy/x', 8080, false, '/x'],
    ['services/shop:80/proxy/x', 8080, false, '/x'],
    ['services/https:shop:80/proxy/x', 8080, true, '/x'],
  ])('%s', async (path, port, tls, url) => {
    const { status, json } = await call(api, `GET ${NS}/${path}`)
    expect([status, json.url, dialled[0]?.port, dialled[0]?.tls]).toEqual([200, url, port, tls])
    expect(json.headers['x-forwarded-uri']).toMatch(/^\/api\/v1\/namespaces\/default\/.*\/proxy\//)
  })

  it('keeps method, body and headers, but for who the client is', async () => {
    const headers = { authorization: 'Bearer secret', 'x-mine': 'y', 'content-type': 'text/plain' }
    const { json, headers: back } = await call(api, `POST ${NS}/pods/web/proxy/x`, { body: 'hello', headers })
    expect(json).toMatchObject({ method: 'POST', body: 'hello', headers: { 'x-mine': 'y' } })
    expect(json.headers.authorization).toBeUndefined()
    expect(back['set-cookie']).toBe('a=1\nb=2')
  })

  it('comes again with a slash, and redirects lead through the server', async () => {
    const bare = await call(api, `GET ${NS}/pods/web/proxy?x=1`)
    expect([bare.status, bare.headers.location]).toEqual([301, `${NS}/pods/web/proxy/?x=1`])
    const redirected = await call(api, `GET ${NS}/pods/web/proxy/login`)
    expect([redirected.status, redirected.headers.location]).toEqual([302, `${NS}/pods/web/proxy/in`])
  })

  it.each([
    ['pods/none/proxy/', 404, 'pods "none" not found'],
    ['pods/late/proxy/', 400, 'address not allowed'],
    ['pods/host/proxy/', 400, 'address not allowed'],
    ['pods/ftp:web:21/proxy/', 400, 'invalid pod request "ftp:web:21"'],
    ['pods/web:9/proxy/', 503, 'error trying to reach service: dial tcp 10.128.0.5:9: connect: connection refused'],
    ['services/shop/proxy/', 503, 'no endpoints available for service "shop"'],
    ['services/shop:81/proxy/', 503, 'no service port 81 found for service "shop"'],
    ['services/none:http/proxy/', 404, 'endpoints "none" not found'],
    [
      'services/shop:dead/proxy/',
      503,
      'error trying to reach service: dial tcp 10.128.0.5:9: connect: connection refused',
    ],
  ])('that cannot get there says why: %s', async (path, code, message) => {
    const { status, json } = await call(api, `GET ${NS}/${path}`)
    expect([status, json.message]).toEqual([code, message])
  })

  it('is for those who may', async () => {
    const rules = [{ apiGroups: [''], resources: ['pods/proxy'], resourceNames: ['web'], verbs: ['get'] }]
    await call(api, 'POST /apis/rbac.authorization.k8s.io/v1/namespaces/default/roles', {
      body: { metadata: { name: 'through' }, rules },
    })
    await call(api, 'POST /apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', {
      body: {
        metadata: { name: 'through' },
        roleRef: { kind: 'Role', name: 'through', apiGroup: 'rbac.authorization.k8s.io' },
        subjects: [{ kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' }],
      },
    })
    const user = { name: 'jane', groups: ['system:authenticated'] }
    expect((await call(api, `GET ${NS}/pods/web/proxy/`, { user })).status).toBe(200)
    expect((await call(api, `POST ${NS}/pods/web/proxy/`, { user, body: '' })).json.message).toBe(
      'pods "web" is forbidden: User "jane" cannot create resource "pods/proxy" in API group "" in the namespace "default"',
    )
    expect((await call(api, `GET ${NS}/services/shop:http/proxy/`, { user })).status).toBe(403)
  })

  it('asks a kubelet for its pods', async () => {
    const status = { addresses: [{ type: 'InternalIP', address: '172.18.0.2' }] }
    await call(api, 'POST /api/v1/nodes', { body: { metadata: { name: 'n1' }, status } })
    const spec = { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }] }
    await pod('there', spec)
    const { json } = await call(api, 'GET /api/v1/nodes/n1/proxy/pods')
    expect(json.items.map((one: { metadata: { name: string } }) => one.metadata.name)).toEqual(['there'])
    expect((await call(api, 'GET /api/v1/nodes/n1:10250/proxy/healthz')).text).toBe('ok')
    expect((await call(api, 'GET /api/v1/nodes/n1:81/proxy/x')).json.url).toBe('/x')
    expect(dialled[0]?.host).toBe('172.18.0.2')
  })
})

describe('a WebSocket', () => {
  const authority = testAuthority()
  const open = async (path: string, protocols: string[]): Promise<Client> => {
    const { server } = api.server.listener({ ...authority.issue('server', '/CN=server'), clientCa: authority.ca })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const client = new WebSocket(`wss://127.0.0.1:${port}${path}`, protocols, { ca: authority.ca })
    await new Promise((resolve, reject) => client.once('open', resolve).once('error', reject))
    return client
  }
  const bearer = (token: string): string =>
    `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`
  const tokenOf = async (): Promise<string> => {
    await call(api, `POST ${NS}/serviceaccounts`, { body: { metadata: { name: 'robot' } } })
    await call(api, 'POST /apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', {
      body: {
        metadata: { name: 'robot' },
        roleRef: { kind: 'ClusterRole', name: 'edit', apiGroup: 'rbac.authorization.k8s.io' },
        subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }],
      },
    })
    const { json } = await call(api, `POST ${NS}/serviceaccounts/robot/token`, { body: {} })
    return json.status.token
  }

  it('goes through, by a token among its protocols, which nobody behind sees', async () => {
    const token = await tokenOf()
    const client = await open(`${NS}/pods/web/proxy/chat?room=1`, [bearer(token), 'chat'])
    expect(client.protocol).toBe('chat')
    const answer = new Promise(resolve => client.once('message', data => resolve(String(data))))
    client.send('hello')
    expect(await answer).toBe('/chat?room=1 hello')
    client.close()
  })

  it('is refused with a wrong token, or with nothing else to speak', async () => {
    const token = await tokenOf()
    const path = `${NS}/pods/web/proxy/chat`
    await expect(open(path, [bearer(`${token}x`), 'chat'])).rejects.toThrow('401')
    await expect(open(path, [bearer(token)])).rejects.toThrow('401')
    await expect(open(path, ['chat'])).rejects.toThrow('403')
  })
})
