import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { Service } from '../src/api/core/service.ts'
import { EndpointSlice } from '../src/api/discovery/endpoint-slice.ts'
import { Route } from '../src/api/route/route.ts'
import { settled, testBench } from '../src/client/testing.ts'
import { systemClock } from '../src/host/clock/real.ts'
import type { Program } from '../src/host/haproxy/mod.ts'
import { realHaproxy } from '../src/host/haproxy/real.ts'
import { otherCertificate, someCertificate } from '../src/host/haproxy/testdata/certificates.ts'
import { silent } from '../src/lib/log.ts'
import { ROUTER_DEFAULTS } from '../src/model/routes/options.ts'
import { startRouter } from '../src/router/role.ts'
import { putTlsSecret, splitPem } from '../src/router/testing-live.ts'
import { inWorld, progress, pssKb, round, statOf } from './measure.ts'

/** BENCH_ROUTES makes it smaller, BENCH_OURS leaves the rivals out. */
const ROUTES = Number(process.env.BENCH_ROUTES ?? 10_000)
const SERVICES = 100
const SECONDS = 6
const POD_PORTS = { plain: 8080, tls: 8443 } as const

export async function router(args: readonly string[]): Promise<object> {
  return args[0] === 'inside' ? measure() : inWorld('router')
}

const pod = (index: number): string => `10.128.${(index >> 8) & 255}.${index & 255}`
const hostOf = (index: number): string => `r${index}.example.com`
/** As BENCHMARKS has it: of ten, seven edge, one with its own certificate, one passed through, one encrypted again. */
const kindOf = (index: number): 'edge' | 'own' | 'passthrough' | 'reencrypt' =>
  (['own', 'passthrough', 'reencrypt'] as const)[index % 10] ?? 'edge'

async function measure(): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-router-'))
  const pods = await startPods(folder)
  const rivals = {
    hand: await rival(folder, handWritten()),
    same: await rival(folder, sameWork()),
    regex: await rival(folder, regexLayout()),
  }
  if (process.env.BENCH_OURS) return measureOurs(folder).finally(() => pods.kill('SIGKILL'))
  const cpuUsHandWritten = await cpuPerRequest(folder, await rivals.hand(), () => 0, 9443)
  const cpuUsSameByHand = await cpuPerRequest(folder, await rivals.same(), () => 0, 9443)
  const cpuUsRegexLayout = await cpuPerRequest(folder, await rivals.regex(), random, 9443, true)
  const ours = await measureOurs(folder)
  pods.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
  return { routes: ROUTES, ...ours, cpuUsHandWritten, cpuUsSameByHand, cpuUsRegexLayout }
}

const random = (): number => {
  for (;;) {
    const index = Math.floor(Math.random() * ROUTES)
    if (kindOf(index) !== 'passthrough') return index
  }
}

/** One HAProxy is all pods: it answers with the address it was asked at. */
async function startPods(folder: string) {
  execFileSync('ip', ['route', 'add', 'local', '10.128.0.0/16', 'dev', 'lo'])
  writeFileSync(join(folder, 'pod.pem'), otherCertificate)
  const config = `global
  maxconn 4000
defaults
  mode http
  timeout client 300s
  timeout server 300s
  timeout connect 5s
frontend pods
  bind :${POD_PORTS.plain}
  bind :${POD_PORTS.tls} ssl crt ${join(folder, 'pod.pem')}
  http-request return status 200 content-type text/plain lf-string "%[dst] ok"
`
  writeFileSync(join(folder, 'pods.cfg'), config)
  return spawn('haproxy', ['-db', '-f', join(folder, 'pods.cfg')], { stdio: 'ignore' })
}

const RIVAL = `global
  nbthread 1
  maxconn 4000
  tune.pool-low-fd-ratio 80
  tune.pool-high-fd-ratio 90
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 5s
  option forwardfor
  http-reuse safe
frontend f
  bind :9443 ssl crt default.pem
`
const handWritten = (): Program => ({
  config: `${RIVAL}  default_backend b
backend b
  balance random
  cookie C insert indirect nocache httponly secure
  server a ${pod(5)}:8080 check inter 5s cookie a
  server b ${pod(6)}:8080 check inter 5s cookie b
`,
  files: new Map([['default.pem', someCertificate]]),
})

/** One edge Route beside one that is passed through on the same port, with what a router does to each request; by hand. */
const sameWork = (): Program => ({
  config: `global
  nbthread 1
  maxconn 4000
  tune.pool-low-fd-ratio 80
  tune.pool-high-fd-ratio 90
  tune.bufsize 32768
  tune.maxrewrite 8192
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 5s
  http-reuse safe
frontend sorter
  mode tcp
  bind :9443
  tcp-request inspect-delay 5s
  tcp-request content accept if { req.ssl_hello_type 1 }
  use_backend passed if { req.ssl_sni passed.example.com }
  default_backend inner
backend inner
  mode tcp
  server inner abns@bench-inner send-proxy-v2
backend passed
  mode tcp
  server a ${pod(5)}:8443 check inter 5s
frontend f
  bind abns@bench-inner accept-proxy ssl crt default.pem
  http-request deny deny_status 400 if { req.hdrs -m reg '[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]' }
  http-request del-header Proxy
  http-request del-header X-SSL -m beg
  default_backend b
backend b
  balance random
  retry-on conn-failure empty-response
  option forwardfor
  http-request disable-l7-retry unless { method GET HEAD OPTIONS PUT DELETE TRACE }
  http-request add-header X-Forwarded-Host %[req.hdr(host)]
  http-request add-header X-Forwarded-Port %[dst_port]
  http-request add-header X-Forwarded-Proto https
  http-request add-header Forwarded for=%[src];host=%[req.hdr(host)];proto=https
  cookie C insert indirect nocache httponly secure
  server a ${pod(5)}:8080 check inter 5s cookie a
  server b ${pod(6)}:8080 check inter 5s cookie b
`,
  files: new Map([['default.pem', someCertificate]]),
})

/** The same Routes with one lookup of host and path by regular expressions, as OKD's router writes it. */
function regexLayout(): Program {
  const lines = Array.from(
    { length: ROUTES },
    (_, index) => `^r${index}\\.example\\.com\\.?(:[0-9]+)?(/.*)?$ b${index % SERVICES}`,
  )
  const backends = Array.from({ length: SERVICES }, (_, index) => {
    const servers = [0, 1].map(
      one => `  server s${one} ${pod(5 + index * 2 + one)}:8080 check inter 5s cookie s${one}\n`,
    )
    return `backend b${index}\n  balance random\n  cookie C insert indirect nocache httponly secure\n${servers.join('')}`
  })
  return {
    config: `${RIVAL}  use_backend %[base,map_reg(hosts.map)]\n${backends.join('')}`,
    files: new Map([
      ['default.pem', someCertificate],
      ['hosts.map', `${lines.reverse().join('\n')}\n`],
    ]),
  }
}

/** Starts it, measures nothing yet; gives its process. */
async function rival(folder: string, program: Program): Promise<() => Promise<number>> {
  return async () => {
    execFileSync('rm', ['-rf', join(folder, 'rival')])
    mkdirSync(join(folder, 'rival'))
    writeFileSync(join(folder, 'rival', 'haproxy.cfg'), program.config)
    for (const [file, text] of program.files) writeFileSync(join(folder, 'rival', file), text)
    const child = spawn('haproxy', ['-db', '-f', 'haproxy.cfg'], { cwd: join(folder, 'rival'), stdio: 'ignore' })
    await answersOn(9443)
    return child.pid!
  }
}

async function answersOn(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      execFileSync('curl', ['-sk', '-o', '/dev/null', '--max-time', '2', `https://127.0.0.1:${port}/`])
      return
    } catch {
      await systemClock.sleep(50)
    }
  }
  throw new Error(`nobody answers on ${port}`)
}

interface Load {
  readonly requests: number
  readonly failed: number
}

/**
 * Kept-alive TLS, one URL a Route. HAProxy remembers the last 10,000 lookups by regular expression, so asked for the same 9,000 URLs
 * over and over its cost would hide: for that layout each request has a path of its own, as clients of a real site do. Trees do not care.
 */
function load(folder: string, seconds: number, choose: () => number, port: number, isEachNew = false): Promise<Load> {
  const hosts = Array.from({ length: 20_000 }, () => `"${hostOf(choose())}"`).join(',')
  const script = `local hosts = {${hosts}}
local n = 0
request = function() n = n + 1; return wrk.format("GET", ${isEachNew ? '"/" .. n' : '"/"'}, {["Host"] = hosts[n % #hosts + 1]}) end
done = function(summary) io.write(string.format("\\nRESULT %d %d\\n", summary.requests, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout)) end
`
  const file = join(folder, 'load.lua')
  writeFileSync(file, script)
  return new Promise((resolve, reject) => {
    const child = spawn('wrk', ['-t1', '-c16', `-d${seconds}s`, '-s', file, `https://127.0.0.1:${port}`])
    let text = ''
    child.stdout.on('data', data => (text += data))
    child.on('close', () => {
      const found = /RESULT (\d+) (\d+)/.exec(text)
      if (found) resolve({ requests: Number(found[1]), failed: Number(found[2]) })
      else reject(new Error(`wrk said ${text}`))
    })
  })
}

/** Of its process alone, after a second of the same. A process of a rival ends with it. */
async function cpuPerRequest(
  folder: string,
  pid: number,
  choose: () => number,
  port: number,
  isEachNew = false,
): Promise<number> {
  await load(folder, 2, choose, port, isEachNew)
  const before = statOf(pid).cpuMs
  const { requests, failed } = await load(folder, SECONDS, choose, port, isEachNew)
  const us = ((statOf(pid).cpuMs - before) * 1000) / requests
  progress(`port ${port}: ${requests} requests, ${failed} failed, ${round(us, 1)} us each`)
  if (port === 9443) process.kill(pid, 'SIGKILL')
  return round(us, 1)
}

async function measureOurs(folder: string): Promise<object> {
  const bench = testBench()
  const { api } = bench
  putTlsSecret(bench, 'openshift-ingress', 'router-certs-default', someCertificate)
  for (let index = 0; index < SERVICES; index++) {
    putService(api, `web-${index}`, [5 + index * 2, 6 + index * 2], POD_PORTS.plain)
    putService(api, `tls-${index}`, [5 + index * 2, 6 + index * 2], POD_PORTS.tls)
  }
  for (let index = 0; index < ROUTES; index++) putRoute(api, index)
  const logs = new PassThrough().resume()
  const real = await realHaproxy({ folder: join(folder, 'ours'), logs, log: silent, clock: systemClock })
  let pid = 0
  let loads = 0
  const haproxy = {
    ...real,
    load: async (program: Program) => {
      loads++
      const serving = await real.load(program)
      pid = serving.pid
      return serving
    },
  }
  const stop = new AbortController()
  const deps = {
    ...bench,
    client: bench.informers.client,
    clock: systemClock,
    haproxy,
    listen: async () => {},
    graceMs: 0,
  }
  const startMs = systemClock.monotonic()
  const used = process.cpuUsage()
  const role = await startRouter(
    deps,
    { ...ROUTER_DEFAULTS, threads: 1, accessLog: false, maxConnections: 4000 },
    stop.signal,
  )
  while (pid === 0) await systemClock.sleep(5)
  const coldStartS = round((systemClock.monotonic() - startMs) / 1000, 2)
  const { user, system } = process.cpuUsage(used)
  const coldStartCpuS = round((user + system) / 1e6 + statOf(pid).cpuMs / 1000, 2)
  progress(`all Routes served after ${coldStartS} s, ${coldStartCpuS} s of CPU`)
  await quiet(bench)
  const cpuUsPerRequest = await cpuPerRequest(folder, pid, random, 443)
  const routeP99Ms = await routeLatency(bench)
  const endpointP99Ms = await endpointLatency(bench)
  const loadsBefore = loads
  const [{ failed, requests }] = await Promise.all([
    load(folder, 12, () => Math.floor(Math.random() * (ROUTES / 10)) * 10 + 5, 443),
    mixedChanges(bench),
  ])
  progress(`mixed changes: ${requests} requests, ${failed} failed, ${loads - loadsBefore} reloads`)
  const rssMb = round((pssKb(pid) + pssKb(process.pid)) / 1024, 0)
  stop.abort(new Error('done'))
  await role.done
  return {
    cpuUsPerRequest,
    routeP99Ms,
    endpointP99Ms,
    failed,
    reloadsPer1000Changes: loads - loadsBefore,
    rssMb,
    coldStartS,
    coldStartCpuS,
  }
}

type Api = ReturnType<typeof testBench>['api']

function putService(api: Api, name: string, pods: readonly number[], port: number): void {
  api.put(Service, { metadata: { namespace: 'shop', name }, spec: {} })
  api.put(EndpointSlice, {
    metadata: { namespace: 'shop', name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: pods.map(index => ({ addresses: [pod(index)] })),
    ports: [{ name: 'http', port }],
  })
}

const { certificate, key } = splitPem(otherCertificate)

function putRoute(api: Api, index: number, service = index % SERVICES, weight = 100): void {
  const kind = kindOf(index)
  const isTls = kind === 'passthrough' || kind === 'reencrypt'
  const termination = kind === 'own' ? 'edge' : kind
  api.put(Route, {
    metadata: { namespace: 'shop', name: `r${index}` },
    spec: {
      host: hostOf(index),
      to: { kind: 'Service', name: `${isTls ? 'tls' : 'web'}-${service}`, weight },
      tls: { termination, ...(kind === 'own' ? { certificate, key } : {}) },
    },
  })
}

async function quiet(bench: ReturnType<typeof testBench>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await settled(bench)
    } catch (error) {
      if (attempt > 20) throw error
    }
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const ask = (host: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port: 80, headers: { host }, setHost: false, agent }, response => {
      let text = ''
      response.on('data', data => (text += data)).on('end', () => resolve(response.statusCode === 200 ? text : ''))
    })
    call.on('error', reject).end()
  })

const p99 = (values: readonly number[]): number =>
  round([...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)]!, 1)

/** From the write to the first answer that shows it. */
async function latency(change: () => void, host: string, isDone: (text: string) => boolean): Promise<number> {
  change()
  const startMs = systemClock.monotonic()
  while (!isDone(await ask(host))) if (systemClock.monotonic() - startMs > 10_000) throw new Error(`${host} never came`)
  return systemClock.monotonic() - startMs
}

async function routeLatency(bench: ReturnType<typeof testBench>): Promise<number> {
  const values: number[] = []
  for (let index = 0; index < 300; index++) {
    const host = `new${index}.example.com`
    const spec = { host, to: { kind: 'Service' as const, name: `web-${index % SERVICES}` } }
    values.push(
      await latency(
        () => bench.api.put(Route, { metadata: { namespace: 'shop', name: `new${index}` }, spec }),
        host,
        text => text !== '',
      ),
    )
  }
  for (let index = 0; index < 300; index++) bench.api.drop(Route, { namespace: 'shop', name: `new${index}` })
  await quiet(bench)
  return p99(values)
}

async function endpointLatency(bench: ReturnType<typeof testBench>): Promise<number> {
  const spec = { host: 'probe.example.com', to: { kind: 'Service' as const, name: 'probe' } }
  putService(bench.api, 'probe', [1000], POD_PORTS.plain)
  bench.api.put(Route, { metadata: { namespace: 'shop', name: 'probe' }, spec })
  await quiet(bench)
  const values: number[] = []
  for (let index = 1001; index < 1301; index++)
    values.push(
      await latency(
        () => putService(bench.api, 'probe', [index], POD_PORTS.plain),
        'probe.example.com',
        text => text.startsWith(`${pod(index)} `),
      ),
    )
  return p99(values)
}

/** 60 % endpoints, 20 % Routes that come or go, 10 % weights, 10 % certificates; about a hundred a second. */
async function mixedChanges(bench: ReturnType<typeof testBench>): Promise<void> {
  const { api } = bench
  const pair = [certificate, key, splitPem(someCertificate).certificate, splitPem(someCertificate).key]
  for (let change = 0; change < 1000; change++) {
    const turn = change % 10
    if (turn < 6)
      putService(api, `web-${change % SERVICES}`, [5 + (change % 4000), 7 + (change % 4000)], POD_PORTS.plain)
    else if (turn === 6) putRoute(api, ROUTES + change)
    else if (turn === 7) api.drop(Route, { namespace: 'shop', name: `r${ROUTES + change - 1}` })
    else if (turn === 8) putRoute(api, 5 + 10 * (change % 50), change % SERVICES, 1 + (change % 255))
    else {
      const at = (change % 20 < 10 ? 0 : 1) * 2
      const tls = { termination: 'edge' as const, certificate: pair[at]!, key: pair[at + 1]! }
      const spec = { host: hostOf(0), to: { kind: 'Service' as const, name: 'web-0' }, tls }
      api.put(Route, { metadata: { namespace: 'shop', name: 'r0' }, spec })
    }
    await systemClock.sleep(9)
  }
  await quiet(bench)
}
