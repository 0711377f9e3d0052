import { execFileSync } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll } from 'vitest'
import { Event } from '../api/core/event.ts'
import { Service } from '../api/core/service.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import { Ingress, type IngressSpec } from '../api/networking/ingress.ts'
import { IngressClass } from '../api/networking/ingress-class.ts'
import { eventually } from '../client/testing.ts'
import { type Ask, ask, type LiveRouter, startLiveRouter } from './testing-live.ts'

/** Set before the tests run. */
export let router: LiveRouter

/** Services are told apart by their pods: one address each, on further addresses of lo. */
const SERVICES = ['a', 'b', 'c', 'd'] as const
export const address = (service: string): string => `10.128.6.${SERVICES.indexOf(service as 'a') + 5}`
const servers: Server[] = []

/** For the tests of a file: a router, and the Services a to d and `web` of a pod each. */
export function serveIngresses(): void {
  beforeAll(start)
  afterAll(async () => {
    await router?.stop()
    for (const server of servers) server.close()
  })
}

async function start(): Promise<void> {
  router = await startLiveRouter({ notFound: true })
  for (const [name, controller] of [
    ['fairlead', 'fairlead.dev/ingress'],
    ['nginx', 'k8s.io/ingress-nginx'],
    ['openshift-default', 'openshift.io/ingress-to-route'],
    ['other', 'example.com/other'],
  ])
    router.bench.api.put(IngressClass, { metadata: { name: name! }, spec: { controller: controller! } })
  for (const service of SERVICES) {
    execFileSync('ip', ['address', 'replace', `${address(service)}/32`, 'dev', 'lo'])
    const server = createServer((request, response) =>
      response.end(JSON.stringify({ pod: service, url: request.url, headers: request.headers })),
    )
    servers.push(server)
    await new Promise<void>(resolve => server.listen(8080, address(service), resolve))
    putService(service)
  }
  router.putService('web', [address('d')])
}

/** Port 80 of the Service, `web` by name, is port 8080 of the pod; port 81 leads nowhere. */
export function putService(name: string, namespace = 'shop'): void {
  router.bench.api.put(Service, {
    metadata: { namespace, name },
    spec: {
      ports: [
        { name: 'web', port: 80 },
        { name: 'none', port: 81 },
      ],
    },
  } as never)
  router.bench.api.put(EndpointSlice, {
    metadata: { namespace, name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address(name)] }],
    ports: [
      { name: 'web', port: 8080 },
      { name: 'none', port: 9 },
    ],
  })
}

export const to = (name: string, port: number | string = 80) => ({
  service: { name, port: typeof port === 'number' ? { number: port } : { name: port } },
})
export type Path = readonly [type: 'Exact' | 'Prefix' | 'ImplementationSpecific', path: string, service: string]
export const rule = (host: string | undefined, ...paths: readonly Path[]) => ({
  ...(host === undefined ? {} : { host }),
  http: { paths: paths.map(([pathType, path, service]) => ({ pathType, path, backend: to(service) })) },
})

interface More {
  readonly namespace?: string
  readonly created?: string
  readonly annotations?: Readonly<Record<string, string>>
}
export async function put(
  name: string,
  spec: object,
  { namespace = 'shop', created, annotations = {} }: More = {},
): Promise<void> {
  router.bench.api.put(Ingress, {
    metadata: { namespace, name, annotations, ...(created ? { creationTimestamp: created } : {}) },
    spec: { ingressClassName: 'fairlead', ...spec } as IngressSpec,
  } as never)
  await router.settle()
}
export async function drop(name: string, namespace = 'shop'): Promise<void> {
  router.bench.api.drop(Ingress, { namespace, name })
  await router.settle()
}
export const status = (name: string) =>
  router.bench.api.get(Ingress, { namespace: 'shop', name })?.status?.loadBalancer?.ingress ?? []
export const told = (name: string, text: string) =>
  eventually(() =>
    router.bench.api
      .all(Event)
      .some(({ involvedObject, message }) => involvedObject.name === name && message?.includes(text)),
  )
/** The Service that answers, or the status. */
export const who = async (what: Ask): Promise<string> => {
  const { pod, status } = await ask(what)
  return pod || String(status)
}
export const at = async (host: string, ...paths: readonly string[]): Promise<readonly string[]> =>
  Promise.all(paths.map(path => who({ host, path })))
