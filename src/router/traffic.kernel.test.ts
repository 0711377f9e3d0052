import { execFileSync } from 'node:child_process'
import { Agent, createServer, request, type Server } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Route } from '../api/route/route.ts'
import { systemClock } from '../host/clock/real.ts'
import { otherCertificate, someCertificate } from '../host/haproxy/testdata/certificates.ts'
import { type LiveRouter, splitPem, startLiveRouter } from './testing-live.ts'

/** TRAFFIC_SECONDS=60 for the whole minute. */
const SECONDS = Number(process.env.TRAFFIC_SECONDS ?? 5)
const PODS = Array.from({ length: 6 }, (_, index) => `10.128.8.${index + 5}`)
const servers: Server[] = []
let router: LiveRouter
/** So many requests for /last are a pod's last: it ends without an answer. */
let deaths = 0

beforeAll(async () => {
  for (const pod of PODS) {
    execFileSync('ip', ['address', 'replace', `${pod}/32`, 'dev', 'lo'])
    const server = createServer((asked, response) => {
      if (asked.url === '/last' && deaths > 0) {
        deaths--
        return void asked.socket.destroy()
      }
      setTimeout(() => response.end('ok'), asked.url === '/slow' ? 500 : 0)
    })
    servers.push(server)
    await new Promise<void>(resolve => server.listen(8080, pod, resolve))
  }
  router = await startLiveRouter({}, {}, 60_000)
})
afterAll(async () => {
  await router?.stop()
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
})

interface Client {
  readonly failed: readonly string[]
  readonly count: () => number
  stop(): Promise<void>
}

/** Asks again as soon as it was answered; kept alive or with a connection each time, with or without TLS. */
function startClient(host: string, tls: boolean, keepAlive: boolean): Client {
  const agent = tls ? new TlsAgent({ keepAlive, maxSockets: 1 }) : new Agent({ keepAlive, maxSockets: 1 })
  const failed: string[] = []
  let count = 0
  let isOver = false
  const once = (): Promise<string> =>
    new Promise(resolve => {
      const options = { host: '127.0.0.1', headers: { host }, setHost: false, agent }
      const call = tls
        ? tlsRequest({ ...options, port: 443, servername: host, rejectUnauthorized: false })
        : request({ ...options, port: 80 })
      call.on('response', response => response.resume().on('end', () => resolve(String(response.statusCode))))
      call.on('error', error => resolve(error.message)).end()
    })
  const ended = (async () => {
    while (!isOver) {
      const outcome = await once()
      count++
      if (outcome !== '200') failed.push(outcome)
    }
    agent.destroy()
  })()
  return {
    failed,
    count: () => count,
    stop() {
      isOver = true
      return ended
    },
  }
}

const to = (name: string, weight: number) => ({ kind: 'Service' as const, name, weight })

it('no request fails while endpoints, Routes, weights and certificates change and programs are loaded anew', async () => {
  const certificates = [splitPem(someCertificate), splitPem(otherCertificate)]
  const putAll = (round: number): void => {
    router.putService('a', [PODS[round % 6]!, PODS[(round * 5 + 1) % 6]!])
    router.putService('b', [PODS[(round + 3) % 6]!])
    const tls = { termination: 'edge', insecureEdgeTerminationPolicy: 'Allow', ...certificates[round % 2]! } as const
    router.putRoute('busy', { to: to('a', 1 + (round % 7)), alternateBackends: [to('b', 1 + (round % 3))], tls })
  }
  putAll(0)
  await router.settle()
  const clients = [
    startClient('busy.example.com', false, true),
    startClient('busy.example.com', false, false),
    startClient('busy.example.com', true, true),
    startClient('busy.example.com', true, false),
  ]
  const before = router.loads()
  const endMs = systemClock.monotonic() + SECONDS * 1000
  const isEnough = () => systemClock.monotonic() > endMs && clients.every(client => client.count() > 50)
  for (let round = 1; !isEnough(); round++) {
    putAll(round)
    if (round % 2 === 0) router.bench.api.drop(Route, { namespace: 'shop', name: `other-${round - 1}` })
    else router.putRoute(`other-${round}`, {})
    // A class nobody had: a new process takes over.
    if (round % 10 === 0)
      router.putRoute(
        'rare',
        {},
        { 'haproxy.router.openshift.io/rewrite-target': `/${round % 20 === 0 ? 'x' : 'y'}${round}` },
      )
    await router.settle()
  }
  await Promise.all(clients.map(client => client.stop()))
  expect(clients.flatMap(({ failed }) => failed)).toEqual([])
  expect(router.loads()).toBeGreaterThan(before)
  // The control: the same client tells of failures when there is nobody to answer.
  router.putRoute('busy', { to: to('nobody', 1) })
  await router.settle()
  const control = startClient('busy.example.com', false, false)
  while (control.count() < 3) await new Promise(resolve => setImmediate(resolve))
  await control.stop()
  expect(new Set(control.failed)).toEqual(new Set(['503']))
})

const ask = (host: string, path: string, method = 'GET'): Promise<string> =>
  new Promise(resolve => {
    const options = { host: '127.0.0.1', port: 80, path, method, headers: { host }, setHost: false }
    const call = request({ ...options, agent: false }, response =>
      response.resume().on('end', () => resolve(String(response.statusCode))),
    )
    call.on('error', error => resolve((error as NodeJS.ErrnoException).code ?? error.message)).end()
  })

it('what a pod ended without an answer is asked of another, unless it may not be sent twice', async () => {
  router.putService('mortal', PODS)
  router.putRoute('mortal', { to: to('mortal', 1) })
  await router.settle()
  const seen: Record<string, string> = {}
  for (const method of ['GET', 'PUT', 'POST', 'PATCH']) {
    deaths = 1
    seen[method] = await ask('mortal.example.com', '/last', method)
    expect([method, deaths]).toEqual([method, 0])
  }
  expect(seen).toEqual({ GET: '200', PUT: '200', POST: '502', PATCH: '502' })
  expect(await ask('mortal.example.com', '/last', 'POST')).toBe('200')
})

it('a router that is told to stop ends what it began', async () => {
  router.putService('slow', PODS)
  router.putRoute('slow', { to: { kind: 'Service', name: 'slow' } })
  await router.settle()
  const began = Array.from({ length: 20 }, () => ask('slow.example.com', '/slow'))
  // Those before it were taken in: a quick one on a connection made later was answered.
  expect(await ask('slow.example.com', '/')).toBe('200')
  await router.stop()
  expect(new Set(await Promise.all(began))).toEqual(new Set(['200']))
  expect(await ask('slow.example.com', '/')).toBe('ECONNREFUSED')
})
