import { execFileSync } from 'node:child_process'
import { createServer as createWeb, type Server } from 'node:http'
import { createServer as createSecure } from 'node:https'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Event } from '../api/core/event.ts'
import { Service } from '../api/core/service.ts'
import { eventually } from '../client/testing.ts'
import { otherCertificate } from '../host/haproxy/testdata/certificates.ts'
import { rfc3339 } from '../lib/clock.ts'
import { IDLED_AT, UNIDLED_AT } from '../model/services/idling.ts'
import { ask, type LiveRouter, splitPem, startLiveRouter } from './testing-live.ts'

const POD = '10.128.3.9'
let router: LiveRouter
const pods: Server[] = []

beforeAll(async () => {
  execFileSync('ip', ['address', 'replace', `${POD}/32`, 'dev', 'lo'])
  const { certificate: cert, key } = splitPem(otherCertificate)
  const answer: Parameters<typeof createWeb>[1] = (request, response) =>
    response.end(JSON.stringify({ pod: POD, url: request.url }))
  for (const [server, port] of [
    [createWeb(answer), 8080],
    [createSecure({ cert, key }, answer), 8443],
  ] as const) {
    pods.push(server)
    await new Promise<void>(resolve => server.listen(port, POD, resolve))
  }
  router = await startLiveRouter()
})
afterAll(async () => {
  await router.stop()
  for (const pod of pods) pod.close()
})

function putIdled(name: string): void {
  router.putService(name, [])
  const annotations = { [IDLED_AT]: '2026-03-01T12:00:00Z' }
  router.bench.api.put(Service, { metadata: { namespace: 'shop', name, annotations }, spec: {} })
}
const needed = (name: string): boolean =>
  router.bench.api.all(Event).some(one => one.reason === 'NeedPods' && one.involvedObject.name === name)

it.each([
  ['http', 8080, {}],
  ['edge', 8080, { tls: { termination: 'edge' } }],
  ['reencrypt', 8443, { tls: { termination: 'reencrypt' } }],
  ['passthrough', 8443, { tls: { termination: 'passthrough' } }],
] as const)(
  '%s: a request for an idled Service says that pods are needed, and waits for one',
  async (kind, port, spec) => {
    putIdled(kind)
    router.putService('empty', [])
    router.putRoute(kind, { ...spec, to: { kind: 'Service', name: kind } })
    router.putRoute('empty', { to: { kind: 'Service', name: 'empty' } })
    await router.settle()
    expect(needed(kind)).toBe(false)
    const asked = { host: `${kind}.example.com`, path: '/held', tls: kind !== 'http' }
    let reply: Awaited<ReturnType<typeof ask>> | undefined
    const asking = ask(asked).then(got => {
      reply = got
    })
    await eventually(() => needed(kind))
    expect(reply).toBeUndefined()
    // Who is not idled is not waited for.
    expect((await ask({ host: 'empty.example.com' })).status).toBe(503)
    expect(needed('empty')).toBe(false)
    router.putService(kind, [POD], port)
    await asking
    expect(reply).toMatchObject({ status: 200, pod: POD, url: '/held' })
    await router.settle()
    expect(await ask(asked)).toMatchObject({ status: 200, pod: POD })
    expect(router.loads()).toBeLessThanOrEqual(3)
  },
)

it('while its pods are on their way others wait too, for 30 s from when it was woken', async () => {
  const put = (wokenMs: number) => {
    const annotations = { [UNIDLED_AT]: rfc3339(Date.now() + wokenMs) }
    router.bench.api.put(Service, { metadata: { namespace: 'shop', name: 'woken', annotations }, spec: {} })
  }
  router.putService('woken', [])
  put(-31_000)
  router.putRoute('woken', { to: { kind: 'Service', name: 'woken' } })
  await router.settle()
  expect((await ask({ host: 'woken.example.com' })).status).toBe(503)
  put(0)
  await router.settle()
  const asking = ask({ host: 'woken.example.com' })
  await eventually(() => needed('woken'))
  router.putService('woken', [POD])
  expect((await asking).status).toBe(200)
  // Two seconds are left, and nobody comes.
  router.putService('woken', [])
  put(-28_000)
  await router.settle()
  for (let status = 0; status !== 503; ) {
    status = await Promise.race([
      ask({ host: 'woken.example.com' }).then(reply => reply.status),
      new Promise<number>(resolve => setTimeout(resolve, 500, 0)),
    ])
  }
})
