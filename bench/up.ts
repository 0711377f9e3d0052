import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'yaml'
import type { Twin } from '../test/harness.ts'
import { startTwin, until } from '../test/harness.ts'
import { median, processesOf, progress, round } from './measure.ts'

const PODS = 10
const NODES = 3
const HOST = 'shop-bench.apps.fairlead.localhost'

/** Cold start to the first 200 through a Route from a pod on another node than the router; memory a minute later. */
export async function up(args: readonly string[]): Promise<object> {
  const runs = Number(args[0] ?? 7)
  const seconds: number[] = []
  let rssMb = 0
  for (let index = 0; index < runs; index++) {
    const dataHome = mkdtempSync(join(tmpdir(), 'fairlead-bench-'))
    const startMs = performance.now()
    const twin = await startTwin({ name: 'bench', dataHome })
    const upMs = performance.now() - startMs
    try {
      await firstRequest(twin)
      seconds.push((performance.now() - startMs) / 1000)
      progress(`run ${index + 1}: ${seconds.at(-1)!.toFixed(2)} s (up returned after ${(upMs / 1000).toFixed(2)} s)`)
      if (index === runs - 1) rssMb = await settledMemory(twin)
    } finally {
      await twin.down()
      rmSync(dataHome, { recursive: true, force: true })
    }
  }
  return { firstRequestS: round(median(seconds), 2), rssMb: round(rssMb, 0), nodes: NODES, pods: PODS }
}

async function firstRequest(twin: Twin): Promise<void> {
  const api = apiOf(twin)
  await api('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } })
  await Promise.all(objects().map(([path, object]) => api('POST', path, object)))
  const router = await until('a router pod', async () => {
    const pods = (await api('GET', '/api/v1/namespaces/openshift-ingress/pods')) as {
      items: { spec: { nodeName?: string } }[]
    }
    return pods.items[0]?.spec.nodeName
  })
  await until('200 from another node than the router', async () => {
    const answer = await twin.https(HOST)
    return answer.status === 200 && !answer.body.includes(router) && /node-\d/.test(answer.body)
  })
}

function objects(): [string, object][] {
  const labels = { app: 'shop' }
  const container = {
    name: 'web',
    image: 'registry.example.com/shop/web:1',
    ports: [{ name: 'http', containerPort: 8080 }],
  }
  const metadata = { name: 'shop', namespace: 'bench' }
  const template = { metadata: { labels }, spec: { containers: [container] } }
  return [
    [
      '/apis/apps/v1/namespaces/bench/deployments',
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: { replicas: PODS, selector: { matchLabels: labels }, template },
      },
    ],
    [
      '/api/v1/namespaces/bench/services',
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
      },
    ],
    [
      '/apis/route.openshift.io/v1/namespaces/bench/routes',
      {
        apiVersion: 'route.openshift.io/v1',
        kind: 'Route',
        metadata,
        spec: { to: { kind: 'Service', name: 'shop' }, tls: { termination: 'edge' } },
      },
    ],
  ]
}

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

/** Proportional set size of every process of the twin, a minute after the last change. */
async function settledMemory(twin: Twin): Promise<number> {
  progress('waiting 60 s for the memory figure')
  await sleep(60_000)
  const { pid } = JSON.parse(readFileSync(join(twin.dataHome, 'fairlead', twin.name, 'state.json'), 'utf8')) as {
    pid: number
  }
  const processes = processesOf(pid)
  for (const { pid: each, command, pssKb, cpuMs } of processes.sort((a, b) => b.pssKb - a.pssKb))
    progress(
      `${(pssKb / 1024).toFixed(1).padStart(6)} MB  ${String(cpuMs).padStart(6)} ms CPU  ${each} ${command.slice(0, 90)}`,
    )
  return processes.reduce((sum, { pssKb }) => sum + pssKb, 0) / 1024
}
