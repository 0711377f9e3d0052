import { execFileSync } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Service } from '../api/core/service.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import { Ingress } from '../api/networking/ingress.ts'
import { IngressClass } from '../api/networking/ingress-class.ts'
import { Route } from '../api/route/route.ts'
import { CONTROLLERS } from '../model/ingress/classes.ts'
import type { ApiObject, Kind } from '../schema/kind.ts'
import { hostileIngress, hostileRoute, hostileSlice, TENANT } from './testing-hostile.ts'
import { ask, type LiveRouter, startLiveRouter } from './testing-live.ts'

const POD = '10.128.9.5'
const KINDS: Readonly<Record<string, Kind<ApiObject>>> = { Route, Ingress, Service, EndpointSlice } as never
let pod: Server
let router: LiveRouter

beforeAll(async () => {
  execFileSync('ip', ['address', 'replace', `${POD}/32`, 'dev', 'lo'])
  pod = createServer((request, response) =>
    response.end(JSON.stringify({ pod: POD, url: request.url, headers: request.headers })),
  )
  await new Promise<void>(resolve => pod.listen(8080, POD, resolve))
  router = await startLiveRouter()
  router.bench.api.put(IngressClass, { metadata: { name: 'nginx' }, spec: { controller: CONTROLLERS.nginx } })
  for (const object of TENANT) router.bench.api.put(KINDS[object.kind]!, object)
  router.putService('web', [POD])
  router.putRoute('control', { path: '/shop', tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'Allow' } })
  await router.settle()
})
afterAll(async () => {
  await router?.stop()
  pod.close()
})

/** All that clients of the control and its pod see, but for times. */
async function seen(): Promise<string> {
  const replies = [false, true].map(tls => ask({ host: 'control.example.com', path: '/shop/a?b', tls }))
  return JSON.stringify(
    (await Promise.all(replies)).map(({ status, headers: { date: _, ...headers }, text }) => [status, headers, text]),
  )
}

it('whatever a tenant brings, another’s Route is answered byte for byte as without it; a Route of his is told its verdict', async () => {
  const { api } = router.bench
  let round = 0
  const alone = await seen()
  expect(alone).toContain(POD)
  const hostile = fc.array(fc.oneof(hostileRoute, hostileIngress, hostileSlice), { minLength: 4, maxLength: 8 })
  const huge = fc.constant('x'.repeat(1_000_000))
  const big = fc.tuple(hostileRoute, huge).map(([route, text]) => [
    {
      ...route,
      spec: { ...route.spec, host: text, path: `/${text}` },
      metadata: { ...route.metadata, annotations: { 'haproxy.router.openshift.io/rewrite-target': `/${text}` } },
    } as Route,
  ])
  await fc.assert(
    fc.asyncProperty(fc.oneof({ weight: 4, arbitrary: hostile }, { weight: 1, arbitrary: big }), async objects => {
      round++
      const named = objects.map((object, index) => {
        const name = `hostile-${index}`
        return { ...object, metadata: { ...object.metadata, namespace: 'evil', name, uid: `${name}-${round}` } }
      })
      for (const object of named) api.put(KINDS[object.kind]!, object)
      await router.settle()
      expect(await seen()).toBe(alone)
      for (const { kind, metadata } of named)
        if (kind === 'Route')
          expect(api.get(Route, metadata)?.status?.ingress?.[0]?.conditions?.[0]?.status).toMatch(/^(True|False)$/)
      for (const { kind, metadata } of named) api.drop(KINDS[kind]!, metadata)
      await router.settle()
      expect(await seen()).toBe(alone)
    }),
    { numRuns: 15 },
  )
}, 300_000)
