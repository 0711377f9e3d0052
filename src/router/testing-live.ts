import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { ConfigMap } from '../api/core/config-map.ts'
import { Secret } from '../api/core/secret.ts'
import { Service } from '../api/core/service.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import { Route } from '../api/route/route.ts'
import { settled, type TestBench, testBench } from '../client/testing.ts'
import { systemClock } from '../host/clock/real.ts'
import { realHaproxy } from '../host/haproxy/real.ts'
import { someCertificate } from '../host/haproxy/testdata/certificates.ts'
import { download } from '../host/https/download.ts'
import type { Listenable } from '../host/socket/mod.ts'
import { silent } from '../lib/log.ts'
import { ROUTER_DEFAULTS, type RouterOptions } from '../model/routes/options.ts'
import { createMeter } from './meter.ts'
import { startRouter } from './role.ts'

/** A router with a real HAProxy on ports 80 and 443 of a network namespace of its own. For tests. */
export interface LiveRouter {
  readonly bench: TestBench
  /** How many processes were started. */
  loads(): number
  putService(name: string, addresses: readonly string[], port?: number, appProtocol?: string): void
  putRoute(name: string, spec: Partial<Route['spec']>, annotations?: Readonly<Record<string, string>>): Route
  settle(): Promise<void>
  /** The access log so far. */
  log(): string
  /** What the router tells on the port for metrics. */
  metrics(): Promise<string>
  stop(): Promise<void>
}

export const splitPem = (pem: string): { certificate: string; key: string } => {
  const at = pem.indexOf('-----BEGIN PRIVATE')
  return { certificate: pem.slice(0, at), key: pem.slice(at) }
}
const base64 = (text: string): string => Buffer.from(text).toString('base64')

export function putTlsSecret({ api }: TestBench, namespace: string, name: string, pem: string): void {
  const { certificate, key } = splitPem(pem)
  const data = { 'tls.crt': base64(certificate), 'tls.key': base64(key) }
  api.put(Secret, { metadata: { namespace, name }, type: 'kubernetes.io/tls', data })
}

export async function startLiveRouter(
  options: Partial<RouterOptions> = {},
  files: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
  graceMs = 0,
): Promise<LiveRouter> {
  const bench = testBench()
  const { api } = bench
  const stop = new AbortController()
  const folder = mkdtempSync(join(tmpdir(), 'router-'))
  const meter = createMeter()
  let log = ''
  const logs = new PassThrough().on('data', meter.read).on('data', chunk => (log += chunk))
  const haproxy = await realHaproxy({ folder: join(folder, 'h'), logs, log: silent, clock: systemClock })
  let loads = 0
  const counted = {
    ...haproxy,
    load: (program: Parameters<typeof haproxy.load>[0]) => {
      loads++
      return haproxy.load(program)
    },
  }
  putTlsSecret(bench, 'openshift-ingress', 'router-certs-default', someCertificate)
  for (const [key, data] of Object.entries(files)) {
    const [namespace = '', name = ''] = key.split('/')
    api.put(ConfigMap, { metadata: { namespace, name }, data })
  }
  let port = 0
  const listen = (server: Listenable): Promise<void> =>
    new Promise(resolve => {
      server.listen(0, '127.0.0.1', () => {
        port = (server.address() as AddressInfo).port
        resolve()
      })
    })
  const doors = {
    async open(onConnection: (socket: Socket) => void) {
      const server = createServer({ allowHalfOpen: true }, onConnection)
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      return { port: (server.address() as AddressInfo).port, close: () => void server.close() }
    },
    connect: (host: string, port: number) => connect({ host, port, allowHalfOpen: true }),
  }
  const deps = {
    ...bench,
    doors,
    client: bench.informers.client,
    clock: systemClock,
    haproxy: counted,
    listen,
    meter,
    graceMs,
    download,
  }
  const role = await startRouter(deps, { ...ROUTER_DEFAULTS, ...options }, stop.signal)
  await settled(bench)
  return {
    bench,
    loads: () => loads,
    putService(name, addresses, port = 8080, appProtocol) {
      api.put(Service, { metadata: { namespace: 'shop', name }, spec: {} })
      api.put(EndpointSlice, {
        metadata: { namespace: 'shop', name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
        addressType: 'IPv4',
        endpoints: addresses.map(address => ({ addresses: [address], targetRef: { uid: `pod-${address}` } })),
        ports: [{ name: 'http', port, ...(appProtocol ? { appProtocol } : {}) }],
      })
    },
    putRoute: (name, spec, annotations = {}) =>
      api.put(Route, {
        metadata: { namespace: 'shop', name, annotations },
        spec: { host: `${name}.example.com`, to: { kind: 'Service', name: 'web' }, ...spec },
      }),
    settle: () => settled(bench),
    log: () => log,
    metrics: async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
    async stop() {
      stop.abort(new Error('stop'))
      await role.done
      bench.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** For a test file: starts a router in place of the one before, with the Route `web` to a pod at the address. */
export function oneRouterFor(pod: string): {
  start(...args: Parameters<typeof startLiveRouter>): Promise<LiveRouter>
  stop(): Promise<void>
} {
  let router: LiveRouter | undefined
  return {
    async start(...args) {
      await router?.stop()
      router = await startLiveRouter(...args)
      router.putService('web', [pod])
      router.putRoute('web', { tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'Allow' } })
      await router.settle()
      return router
    },
    stop: async () => router?.stop(),
  }
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** What the pod was sent and who it is, where a pod of the test answered. */
  readonly pod: string
  readonly url: string
  readonly sent: Readonly<Record<string, string>>
  readonly text: string
  /** The common name of the certificate that was shown. */
  readonly certificate: string
}

export interface Ask {
  readonly host: string
  readonly path?: string
  readonly tls?: boolean | { readonly cert: string; readonly key: string }
  readonly headers?: Readonly<Record<string, string>>
  readonly from?: string
}

/** One request on a connection of its own; rejects when it is cut. */
export function ask({ host, path = '/', tls = false, headers = {}, from }: Ask): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      path,
      headers: { host, ...headers },
      agent: new Agent({ keepAlive: false }),
      setHost: false,
      ...(from ? { localAddress: from } : {}),
    }
    const client = typeof tls === 'object' ? tls : {}
    const call = tls
      ? httpsRequest({ ...options, ...client, agent: false, port: 443, servername: host, rejectUnauthorized: false })
      : httpRequest({ ...options, port: 80 })
    let certificate = ''
    if (tls)
      call.on('socket', socket =>
        socket.once('secureConnect', () => {
          certificate = String((socket as TLSSocket).getPeerCertificate().subject.CN)
        }),
      )
    call.on('response', response => {
      let text = ''
      response.on('data', chunk => (text += chunk)).on('error', reject)
      response.on('end', () => {
        const json = text.startsWith('{') ? JSON.parse(text) : {}
        const { pod = '', url = '', headers: sent = {} } = json
        resolve({ status: response.statusCode!, headers: response.headers, pod, url, sent, text, certificate })
      })
    })
    call.on('error', reject).end()
  })
}
