/** Fields of IngressControllers and annotations of Routes, seen from outside. */
import { execFileSync } from 'node:child_process'
import { createSocket, type Socket as DatagramSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Route } from '../api/route/route.ts'
import { testAuthority } from '../apiserver/http/testing-tls.ts'
import { eventually } from '../client/testing.ts'
import { slowness } from '../host/clock/testing.ts'
import { ask, oneRouterFor } from './testing-live.ts'

const POD = '10.128.4.5'
const H = 'haproxy.router.openshift.io/'
const R = 'router.openshift.io/'
let pod: Server
/** Requests that the pod was asked and has not answered. */
const held: (() => void)[] = []
const { start, stop } = oneRouterFor(POD)

beforeAll(async () => {
  execFileSync('ip', ['address', 'replace', `${POD}/32`, 'dev', 'lo'])
  pod = createServer((request, response) => {
    response.setHeader('x-answered', '12')
    const answer = () => response.end(JSON.stringify({ pod: POD, raw: request.rawHeaders }))
    if (request.url === '/held') held.push(answer)
    else answer()
  })
  await new Promise<void>(resolve => pod.listen(8080, POD, resolve))
})
afterAll(async () => {
  await stop()
  pod.close()
})

const outcome = (asked: ReturnType<typeof ask>) =>
  asked.then(
    ({ status }) => status,
    () => 'cut',
  )

it('access logs go by syslog, with facility, format, captured headers and cookie; connections without a request on demand', async () => {
  const server: DatagramSocket = createSocket('udp4')
  const messages: string[] = []
  server.on('message', message => messages.push(String(message)))
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const log = {
    syslog: `127.0.0.1:${port}`,
    facility: 'local3',
    maxLength: 480,
    format: 'said %ci %HP %ST [%hr] [%hs] %CC',
    requestHeaders: [{ name: 'X-Asked', maxLength: 5 }],
    responseHeaders: [{ name: 'X-Answered', maxLength: 5 }],
    cookie: { name: 'sess', maxLength: 12 },
  }
  const nothing = (to: number) =>
    new Promise<void>(resolve => {
      const socket = connect(to, '127.0.0.1', () => socket.end())
      socket.on('close', () => resolve()).resume()
    })
  await start({ settings: { log: { ...log, ignoreEmpty: false } } })
  await ask({ host: 'web.example.com', path: '/a', headers: { 'x-asked': 'abcdefgh', cookie: 'session=12345678' } })
  await eventually(() => messages.some(text => text.includes('/a')))
  const line = messages.find(text => text.includes('/a'))!
  // local3 is 19, info 6.
  expect(line).toMatch(/^<158>/)
  expect(line).toContain('said 127.0.0.1 /a 200 [{abcde}] [{12}] session=1234')
  await ask({ host: 'web.example.com', path: `/${'x'.repeat(1000)}` })
  await eventually(() => messages.some(text => text.includes('/xxx')))
  expect(messages.find(text => text.includes('/xxx'))!.trimEnd().length).toBeLessThanOrEqual(480)
  const before = messages.length
  await nothing(80)
  await eventually(() => messages.length > before)
  expect(messages.at(-1)).toMatch(/ (400|408|0) |BADREQ/)
  await start({ settings: { log: { ...log, ignoreEmpty: true } } })
  messages.length = 0
  await nothing(80)
  await ask({ host: 'web.example.com', path: '/after' })
  await eventually(() => messages.length > 0)
  expect(messages).toHaveLength(1)
  expect(messages[0]).toContain('/after')
  server.close()
})

it('without a format of its own the log tells captured headers and cookies as JSON', async () => {
  const log = {
    requestHeaders: [
      { name: 'X-Asked', maxLength: 5 },
      { name: 'X-Absent', maxLength: 5 },
    ],
    responseHeaders: [{ name: 'X-Answered', maxLength: 5 }],
    cookie: { name: 'sess', maxLength: 12 },
  }
  const live = await start({ settings: { log } })
  const told = async (cookie: string) => {
    const path = `/${encodeURIComponent(cookie)}`
    const headers = { 'x-asked': '"b\\c]efgh', 'x-request-id': 'mine', cookie }
    await ask({ host: 'web.example.com', path, headers })
    const of = () =>
      live
        .log()
        .split('\n')
        .find(line => line.includes(JSON.stringify(path).slice(2, -1)))
    await eventually(() => of() !== undefined)
    return JSON.parse(of()!)
  }
  expect(await told('a=1; session=12"4567890; b=2')).toMatchObject({
    requestId: 'mine',
    requestHeaders: ['"b\\c]', '-'],
    responseHeaders: ['12'],
    cookie: 'session=12"4',
  })
  expect((await told('a=1; b=session')).cookie).toBe('-')
})

it('headers are spelt for old pods where a Route asks for it', async () => {
  const live = await start({ settings: { caseAdjustments: ['X-Old-Pod', 'HOST'] } })
  live.putRoute('old', {}, { [`${H}h1-adjust-case`]: 'true' })
  await live.settle()
  const raw = async (host: string): Promise<readonly string[]> =>
    JSON.parse((await ask({ host, headers: { 'x-old-pod': '1' } })).text).raw
  expect(await raw('old.example.com')).toEqual(expect.arrayContaining(['X-Old-Pod', 'HOST']))
  expect(await raw('web.example.com')).toEqual(expect.arrayContaining(['x-old-pod', 'host']))
})

it('a connection without a whole request is answered, or not where that is asked for', async () => {
  const said = () =>
    new Promise<string>(resolve => {
      let text = ''
      const socket = connect(80, '127.0.0.1', () => socket.end())
      socket.on('data', data => (text += data)).on('close', () => resolve(text))
    })
  await start()
  expect(await said()).toMatch(/^HTTP\/1.. 400/)
  await start({ settings: { ignoreEmpty: true } })
  expect(await said()).toBe('')
  expect((await ask({ host: 'web.example.com' })).status).toBe(200)
})

it('TLS 1.2 by the ciphers, and all versions by the groups, of a profile', async () => {
  const [suite, other] = ['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-AES128-GCM-SHA256']
  await start({ settings: { tls: { minVersion: 'TLSv1.2', ciphers: [suite], curves: ['P-384', 'P-256'] } } })
  const shake = (more: object) =>
    new Promise<string>(resolve => {
      const options = { host: '127.0.0.1', port: 443, rejectUnauthorized: false, ...more }
      const socket = tlsConnect(options, () => {
        resolve(socket.getCipher().name)
        socket.destroy()
      })
      socket.on('error', () => resolve('refused'))
    })
  expect(await shake({ maxVersion: 'TLSv1.2', ecdhCurve: 'P-384:P-256' })).toBe(suite)
  expect(await shake({ maxVersion: 'TLSv1.2', ciphers: other })).toBe('refused')
  expect(await shake({ ecdhCurve: 'P-384' })).toMatch(/^TLS_/)
  expect(await shake({ ecdhCurve: 'X25519' })).toBe('refused')
})

it('limits of connections: new ones of a client, and those to a pod', async () => {
  // Who waits for a pod gives up as late as who connects to one.
  const live = await start({ settings: { times: { connect: 60_000, server: 60_000 } } })
  const limit = { [`${H}rate-limit-connections`]: 'true', [`${H}rate-limit-connections.rate-tcp`]: '3' }
  live.putRoute('rated', {}, limit)
  live.putRoute('narrow', {}, { [`${H}pod-concurrent-connections`]: '1' })
  await live.settle()
  // So many that some are too many within 3 s, however long all of them take.
  const outcomes = await Promise.all(
    Array.from({ length: 40 }, () => outcome(ask({ host: 'rated.example.com', from: '127.0.0.30' }))),
  )
  expect(outcomes.filter(one => one === 200).length).toBeGreaterThanOrEqual(2)
  expect(outcomes.filter(one => one === 'cut').length).toBeGreaterThan(0)
  expect(await outcome(ask({ host: 'rated.example.com', from: '127.0.0.31' }))).toBe(200)
  const asked = [1, 2].map(() => outcome(ask({ host: 'narrow.example.com', path: '/held' })))
  await eventually(() => held.length === 1)
  // Another Route's requests to the same pod do not wait.
  expect(await outcome(ask({ host: 'web.example.com' }))).toBe(200)
  expect(held).toHaveLength(1)
  held.shift()!()
  await eventually(() => held.length === 1)
  held.shift()!()
  expect(await Promise.all(asked)).toEqual([200, 200])
})

it('pods are checked as often as a Route asks for', async () => {
  const other = '10.128.4.6'
  execFileSync('ip', ['address', 'replace', `${other}/32`, 'dev', 'lo'])
  const second = createServer()
  await new Promise<void>(resolve => second.listen(8080, other, resolve))
  // A check ends before the pod would hear of it.
  const count = `ip daddr ${other} tcp flags syn / syn,ack counter`
  execFileSync('nft', [`add table ip seen; add chain ip seen in { type filter hook input priority 0; }`])
  execFileSync('nft', [`add rule ip seen in ${count}`])
  const checks = (): number =>
    Number(/packets (\d+)/.exec(String(execFileSync('nft', ['list', 'table', 'ip', 'seen'])))![1])
  const live = await start()
  live.putService('pair', [POD, other])
  const msForFive = async (name: string, interval: string): Promise<number> => {
    const annotations = { [`${R}haproxy.health.check.interval`]: interval }
    live.putRoute(name, { to: { kind: 'Service', name: 'pair' } }, annotations)
    await live.settle()
    const old = checks()
    await eventually(() => checks() > old)
    const [before, startMs] = [checks(), performance.now()]
    await eventually(() => checks() >= before + 5)
    const elapsedMs = performance.now() - startMs
    live.bench.api.drop(Route, { namespace: 'shop', name })
    await live.settle()
    return elapsedMs
  }
  expect(await msForFive('seldom', '1s')).toBeGreaterThan(3900)
  expect(await msForFive('often', '250ms')).toBeLessThan(3900 * slowness())
  execFileSync('nft', ['delete table ip seen'])
  second.close()
})

it('the cookie of a Route: its name, and to which sites it is sent', async () => {
  const live = await start()
  const tls = { termination: 'edge', insecureEdgeTerminationPolicy: 'Redirect' } as const
  live.putRoute('lax', { tls }, { [`${R}cookie_name`]: 'crumb', [`${R}cookie-same-site`]: 'Lax' })
  live.putRoute('wrong', { tls }, { [`${R}cookie-same-site`]: 'lax' })
  await live.settle()
  const cookie = async (host: string) => (await ask({ host, tls: true })).headers['set-cookie']?.[0]
  expect(await cookie('lax.example.com')).toMatch(/^crumb=[^;]+; path=\/; HttpOnly; Secure; SameSite=Lax$/)
  expect(await cookie('wrong.example.com')).toMatch(/; SameSite=None$/)
})

it('lists of allowed clients: the newer name of the annotation counts', async () => {
  const live = await start()
  live.putRoute('older', {}, { [`${H}ip_whitelist`]: '127.0.0.9' })
  live.putRoute('both', {}, { [`${H}ip_whitelist`]: '127.0.0.9', [`${H}ip_allowlist`]: '127.0.0.10 nonsense' })
  await live.settle()
  const from = (host: string, address: string) => outcome(ask({ host: `${host}.example.com`, from: address }))
  expect([await from('older', '127.0.0.9'), await from('older', '127.0.0.10')]).toEqual([200, 'cut'])
  expect([await from('both', '127.0.0.9'), await from('both', '127.0.0.10')]).toEqual(['cut', 200])
})

it('certificates of clients that their authority has revoked are refused, from when it says so', async () => {
  const authority = testAuthority()
  const { folder } = authority
  let crl: Buffer | undefined
  const lists = createServer((_request, response) => {
    if (crl) response.end(crl)
    else response.writeHead(503).end()
  })
  lists.listen(0, '127.0.0.1')
  await once(lists, 'listening')
  const { port } = lists.address() as AddressInfo
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const mine = authority.issue('mine', '/CN=mine')
  const stolen = authority.issue('stolen', '/CN=stolen')
  writeFileSync(
    join(folder, 'ca.cnf'),
    `[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=2\nprivate_key=ca.key\ncertificate=ca.crt\n[v]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\ncrlDistributionPoints=URI:http://127.0.0.1:${port}/crl\n`,
  )
  writeFileSync(join(folder, 'index'), '')
  writeFileSync(join(folder, 'number'), '01')
  openssl('req', '-new', '-key', 'ca.key', '-subj', '/CN=test-ca', '-out', 'named.csr')
  openssl(...'x509 -req -in named.csr -signkey ca.key -days 2 -extfile ca.cnf -extensions v -out named.crt'.split(' '))
  const generate = () => {
    openssl('ca', '-config', 'ca.cnf', '-gencrl', '-out', 'crl.pem')
    openssl('crl', '-in', 'crl.pem', '-outform', 'DER', '-out', 'crl.der')
    crl = readFileSync(join(folder, 'crl.der'))
  }
  const settings = { clientTls: { verify: 'optional', authorities: 'openshift-config/ca' } } as const
  const files = { 'openshift-config/ca': { 'ca-bundle.pem': readFileSync(join(folder, 'named.crt'), 'utf8') } }
  const as = (tls: boolean | typeof mine) => outcome(ask({ host: 'web.example.com', tls }))
  const listRead = async () => {
    for (let turn = 0; turn < 300 && (await as(mine)) !== 200; turn++);
  }
  // Nobody knows who is revoked: no certificate is taken, and who has none is served.
  await start({ settings }, files)
  expect([await as(mine), await as(true)]).toEqual(['cut', 200])
  generate()
  await start({ settings }, files)
  await listRead()
  expect([await as(mine), await as(stolen), await as(true)]).toEqual([200, 200, 200])
  openssl('ca', '-config', 'ca.cnf', '-revoke', 'stolen.crt')
  generate()
  await start({ settings }, files)
  await listRead()
  expect([await as(mine), await as(stolen), await as(true)]).toEqual([200, 'cut', 200])
  lists.close()
  rmSync(folder, { recursive: true })
})
