import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSecureContext } from 'node:tls'
import { parse } from 'yaml'
import type { Twin } from '../test/harness.ts'
import { FAIRLEAD, run, startTwin } from '../test/harness.ts'
import type { ProcessUse } from './measure.ts'
import { median, processTree, progress, round } from './measure.ts'

const NODES = 3
/** The Route's own, and those of a second Service. */
const SHOP_PODS = 7
const STOCK_PODS = 3
const HOST = 'shop-bench.apps.fairlead.localhost'
const NAMESPACE = 'bench'
const LIMIT_MS = 60_000

/** One cold start. */
interface Start {
  readonly firstRequestS: number
  /** When `./fairlead up` returned. */
  readonly upS: number
  /** CPU of all processes of the twin until then; that of `./fairlead up` itself is not among it. */
  readonly cpuS: number
}

/** Cold start to the first 200 through a Route from a pod on another node than the router; memory and idle CPU in the minute after. */
export async function up(args: readonly string[]): Promise<object> {
  const runs = Number(args[0] ?? 7)
  execFileSync(FAIRLEAD, ['setup'], { stdio: ['ignore', 'ignore', 'inherit'] })
  // Node reads its root certificates before its first TLS connection: the client's time, not the twin's.
  createSecureContext()
  const starts: Start[] = []
  let idle: Idle | undefined
  for (let index = 0; index < runs; index++) {
    const dataHome = mkdtempSync(join(tmpdir(), 'fairlead-bench-'))
    try {
      const startMs = performance.now()
      const twin = await startTwin({ name: 'bench', dataHome })
      try {
        const start = await firstRequest(twin, startMs)
        starts.push(start)
        progress(`run ${index + 1}: ${JSON.stringify(start)}`)
        if (index === runs - 1) idle = await minuteAfter(twin)
      } finally {
        await twin.down()
      }
    } finally {
      rmSync(dataHome, { recursive: true, force: true })
    }
  }
  const middle = (pick: (start: Start) => number): number => round(median(starts.map(pick)), 2)
  return {
    firstRequestS: middle(start => start.firstRequestS),
    upS: middle(start => start.upS),
    cpuS: middle(start => start.cpuS),
    firstRequestsS: starts.map(start => start.firstRequestS),
    ...idle,
    nodes: NODES,
    pods: SHOP_PODS + STOCK_PODS,
  }
}

async function firstRequest(twin: Twin, startMs: number): Promise<Start> {
  const sinceS = (): number => round((performance.now() - startMs) / 1000, 3)
  const upS = sinceS()
  const api = apiOf(twin)
  await api('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
  await Promise.all(objects().map(([path, object]) => api('POST', path, object)))
  const routers = new Set(await nodesOfRouters(api))
  const endMs = performance.now() + LIMIT_MS
  for (;;) {
    const node = await answeringNode(twin)
    if (node !== undefined && !routers.has(node)) break
    if (performance.now() > endMs) throw new Error(`no 200 from another node than ${[...routers].join(', ')}`)
  }
  const firstRequestS = sinceS()
  return { firstRequestS, upS, cpuS: round(cpuMsOf(processTree(worldPid(twin))) / 1000, 2) }
}

async function nodesOfRouters(api: Api): Promise<readonly string[]> {
  const pods = (await api('GET', '/api/v1/namespaces/openshift-ingress/pods')) as {
    items: { spec: { nodeName?: string } }[]
  }
  return pods.items.flatMap(({ spec }) => spec.nodeName ?? [])
}

/** Asks once, as a user would; answers the node that the stand-in says it runs on. */
async function answeringNode(twin: Twin): Promise<string | undefined> {
  const url = `https://${HOST}:${twin.state.https}/`
  const authority = join(twin.dataHome, 'fairlead', twin.name, 'pki', 'ingress-ca.crt')
  const { code, stdout } = await run('curl', ['-sS', '--fail', '--max-time', '5', '--cacert', authority, url])
  return code === 0 ? /\bnode-\d+\b/.exec(stdout)?.[0] : undefined
}

function objects(): [string, object][] {
  const core = `/api/v1/namespaces/${NAMESPACE}`
  const route = {
    apiVersion: 'route.openshift.io/v1',
    kind: 'Route',
    metadata: { name: 'shop', namespace: NAMESPACE },
    spec: { to: { kind: 'Service', name: 'shop' }, tls: { termination: 'edge' } },
  }
  return [
    ...[deployment('shop', SHOP_PODS), deployment('stock', STOCK_PODS)].map((each): [string, object] => [
      `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`,
      each,
    ]),
    [`${core}/services`, service('shop')],
    [`${core}/services`, service('stock')],
    [`/apis/route.openshift.io/v1/namespaces/${NAMESPACE}/routes`, route],
  ]
}

const deployment = (name: string, replicas: number): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [
          {
            name,
            image: `registry.example.com/shop/${name}:1`,
            ports: [{ name: 'http', containerPort: 8080 }],
          },
        ],
      },
    },
  },
})

const service = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: NAMESPACE },
  spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
})

type Api = (method: string, path: string, body?: object) => Promise<unknown>

/** The public API with the administrator's certificate from the kubeconfig. */
function apiOf(twin: Twin): Api {
  const config = parse(readFileSync(twin.env.KUBECONFIG!, 'utf8')) as {
    users: { user: Record<string, string> }[]
    clusters: { cluster: Record<string, string> }[]
  }
  const decode = (text: string): Buffer => Buffer.from(text, 'base64')
  const user = config.users[0]!.user
  const tls = {
    cert: decode(user['client-certificate-data']!),
    key: decode(user['client-key-data']!),
    ca: decode(config.clusters[0]!.cluster['certificate-authority-data']!),
    agent: new Agent({ keepAlive: true }),
  }
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' }
      const outgoing = request({ host: '127.0.0.1', port: twin.state.api, method, path, headers, ...tls }, response => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          if (response.statusCode! >= 300) reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`))
          else resolve(JSON.parse(text))
        })
      })
      outgoing.on('error', reject)
      outgoing.end(body === undefined ? undefined : JSON.stringify(body))
    })
}

interface Idle {
  readonly rssMb: number
  /** Share of one core, all processes together, in the minute after the first seconds. */
  readonly idleCpuPercent: number
}

const SETTLE_MS = 5000
const MINUTE_MS = 60_000

/** Memory of every process of the twin a minute after the last change, and what they did in that minute. */
async function minuteAfter(twin: Twin): Promise<Idle> {
  progress('waiting a minute for the memory')
  await sleep(SETTLE_MS)
  const before = new Map(processTree(worldPid(twin)).map(each => [each.pid, each.cpuMs]))
  await sleep(MINUTE_MS - SETTLE_MS)
  const processes = processTree(worldPid(twin))
  const spent = ({ pid, cpuMs }: ProcessUse): number => cpuMs - (before.get(pid) ?? 0)
  for (const each of processes.toSorted((a, b) => b.pssKb - a.pssKb))
    progress(
      `${(each.pssKb / 1024).toFixed(1).padStart(6)} MB  CPU ${each.cpuMs} ms, idle ${spent(each)} ms  ${each.command.replace(/^.*boot\.cjs /, '').slice(0, 60)}`,
    )
  const idleMs = processes.reduce((sum, each) => sum + spent(each), 0)
  return {
    rssMb: round(processes.reduce((sum, { pssKb }) => sum + pssKb, 0) / 1024, 0),
    idleCpuPercent: round((100 * idleMs) / (MINUTE_MS - SETTLE_MS), 2),
  }
}

const cpuMsOf = (processes: readonly ProcessUse[]): number => processes.reduce((sum, { cpuMs }) => sum + cpuMs, 0)

/** The outermost process of the twin's world. */
const worldPid = (twin: Twin): number =>
  (JSON.parse(readFileSync(join(twin.dataHome, 'fairlead', twin.name, 'state.json'), 'utf8')) as { pid: number }).pid
