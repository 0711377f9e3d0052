import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { RequestOptions } from 'node:https'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'yaml'
import type { Twin } from '../test/harness.ts'
import { FAIRLEAD, startTwin } from '../test/harness.ts'
import { median, processTree, progress, round } from './measure.ts'

/** Room for a thousand pods at 250 a node. */
const NODES = 5
const ONE_BY_ONE = 200
const AT_ONCE = 1000
const NAMESPACE = 'bench'
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`
const LIMIT_MS = 180_000

/** Pods one after another, create acknowledged -> Ready seen by a watch; then many by one Deployment; memory a pod, kernel included. */
export async function pods(args: readonly string[]): Promise<object> {
  const [single, many] = [Number(args[0] ?? ONE_BY_ONE), Number(args[1] ?? AT_ONCE)]
  execFileSync(FAIRLEAD, ['setup'], { stdio: ['ignore', 'ignore', 'inherit'] })
  const dataHome = mkdtempSync(join(tmpdir(), 'fairlead-bench-'))
  const twin = await startTwin({ name: 'bench', dataHome, args: ['--nodes', String(NODES), '--ephemeral'] })
  try {
    const api = clientOf(twin)
    await api.send('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
    await twin.fairlead('wait')
    const watch = await followReady(api)
    const one = await oneByOne(api, watch, single, () => cpuMs(twin))
    progress(JSON.stringify(one))
    const all = await atOnce(api, watch, many, twin)
    watch.stop()
    return { ...one, ...all, nodes: NODES }
  } finally {
    await twin.down()
    rmSync(dataHome, { recursive: true, force: true })
  }
}

async function oneByOne(api: Api, watch: Ready, count: number, cpu: () => number): Promise<object> {
  const times: number[] = []
  const beforeMs = cpu()
  for (let index = 0; index < count; index++) {
    const name = `one-${index}`
    await api.send('POST', PODS, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { app: 'one' } },
      spec: SPEC,
    })
    const ackMs = performance.now()
    times.push(Math.max(0, (await watch.ready(name)) - ackMs))
  }
  const cpuMsPerPod = round((cpu() - beforeMs) / count, 1)
  const sorted = times.toSorted((a, b) => a - b)
  return { readyP50Ms: round(median(times), 1), readyP99Ms: round(sorted[Math.floor(count * 0.99)]!, 1), cpuMsPerPod }
}

async function atOnce(api: Api, watch: Ready, count: number, twin: Twin): Promise<object> {
  await api.send('DELETE', `${PODS}?labelSelector=app%3Done&gracePeriodSeconds=0`)
  await twin.fairlead('wait')
  await sleep(SETTLE_MS)
  const [memoryMb, beforeMs, pssMb] = [availableMb(), cpuMs(twin), pss(twin)]
  const startMs = performance.now()
  const before = watch.count()
  await api.send('POST', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'many' },
    spec: {
      replicas: count,
      selector: { matchLabels: { app: 'many' } },
      template: { metadata: { labels: { app: 'many' } }, spec: SPEC },
    },
  })
  while (watch.count() - before < count) {
    if (performance.now() - startMs > LIMIT_MS) throw new Error(`${watch.count() - before} of ${count} pods are ready`)
    await sleep(20)
  }
  const allReadyS = round((performance.now() - startMs) / 1000, 2)
  const cpuS = round((cpuMs(twin) - beforeMs) / 1000, 2)
  progress(`${count} pods ready in ${allReadyS} s, ${cpuS} s of CPU`)
  await twin.fairlead('wait')
  await sleep(SETTLE_MS)
  return {
    pods: count,
    allReadyS,
    allReadyCpuS: cpuS,
    mbPerPod: round((memoryMb - availableMb()) / count, 3),
    /** Of the processes alone. */
    pssMbPerPod: round((pss(twin) - pssMb) / count, 3),
  }
}

/** Long enough for collections that follow a burst. */
const SETTLE_MS = 8000

const SPEC = {
  containers: [
    { name: 'web', image: 'registry.example.com/shop/web:1', ports: [{ name: 'http', containerPort: 8080 }] },
  ],
}

const availableMb = (): number =>
  Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))![1]) / 1024

const tree = (twin: Twin) => {
  const path = join(twin.dataHome, 'fairlead', twin.name, 'state.json')
  return processTree((JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid)
}
const cpuMs = (twin: Twin): number => tree(twin).reduce((sum, one) => sum + one.cpuMs, 0)
const pss = (twin: Twin): number => tree(twin).reduce((sum, one) => sum + one.pssKb, 0) / 1024

interface Ready {
  /** When the pod was seen to be ready, on performance's clock. */
  ready(name: string): Promise<number>
  count(): number
  stop(): void
}

interface PodEvent {
  readonly type: string
  readonly object: {
    readonly metadata: { readonly name: string }
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
  }
}

async function followReady(api: Api): Promise<Ready> {
  const seen = new Map<string, number>()
  const waiting = new Map<string, (atMs: number) => void>()
  const response = await api.open(`${PODS}?watch=true`)
  createInterface({ input: response }).on('line', line => {
    const { type, object } = JSON.parse(line) as PodEvent
    const { name } = object.metadata
    if (type === 'DELETED' || seen.has(name)) return
    if (!object.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')) return
    seen.set(name, performance.now())
    waiting.get(name)?.(performance.now())
  })
  return {
    ready: async name => seen.get(name) ?? new Promise(resolve => void waiting.set(name, resolve)),
    count: () => seen.size,
    stop: () => void response.destroy(),
  }
}

interface Api {
  send(method: string, path: string, body?: object): Promise<void>
  open(path: string): Promise<IncomingMessage>
}

/** The public API with the administrator's certificate from the kubeconfig. */
function clientOf(twin: Twin): Api {
  const config = parse(readFileSync(twin.env.KUBECONFIG!, 'utf8')) as {
    users: { user: Record<string, string> }[]
    clusters: { cluster: Record<string, string> }[]
  }
  const decode = (text: string): Buffer => Buffer.from(text, 'base64')
  const { user } = config.users[0]!
  const tls: RequestOptions = {
    host: '127.0.0.1',
    port: twin.state.api,
    cert: decode(user['client-certificate-data']!),
    key: decode(user['client-key-data']!),
    ca: decode(config.clusters[0]!.cluster['certificate-authority-data']!),
    agent: new Agent({ keepAlive: true }),
  }
  const ask = (method: string, path: string, body?: object): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' }
      const outgoing = request({ ...tls, method, path, headers }, resolve)
      outgoing.on('error', reject)
      outgoing.end(body === undefined ? undefined : JSON.stringify(body))
    })
  return {
    open: path => ask('GET', path),
    send: async (method, path, body) => {
      const response = await ask(method, path, body)
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      if (response.statusCode! >= 300) throw new Error(`${method} ${path}: ${response.statusCode} ${text}`)
    },
  }
}
