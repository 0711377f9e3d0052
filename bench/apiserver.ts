import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { ClientHttp2Session } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Access } from '../test/api-session.ts'
import { accessOf, must2xx as ask, sessionOf } from '../test/api-session.ts'
import { hostPid, startTwin, until } from '../test/harness.ts'
import { etcdPutsPerS } from './apiserver/etcd.ts'
import { h2load } from './apiserver/h2load.ts'
import { watched } from './apiserver/watchers.ts'
import { median, progress, round } from './measure.ts'

const IN_FLIGHT = 64
const CREATES = 20_000
const WARM = 4000
const LISTED = 10_000
const LISTS = 20
const WATCHERS = 1000
const UPDATES = 200
const KEPT = 100_000
const NAMESPACE = '/api/v1/namespaces/bench'
const MAPS = `${NAMESPACE}/configmaps`
const DATA = { text: 'x'.repeat(1700) }
const MAP = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'made-' }, data: DATA }

/** Durable creates, a list, watch events over h2 and TLS, and memory with 100,000 objects after a restart. See docs/benchmarks.md. */
export async function apiserver(args: readonly string[]): Promise<object> {
  const kept = Number(args[0] ?? KEPT)
  const dataHome = mkdtempSync(join(tmpdir(), 'fairlead-bench-'))
  const twin = await startTwin({ name: 'bench', dataHome })
  const access = accessOf(join(dataHome, 'fairlead', 'bench', 'kubeconfig'))
  try {
    const session = sessionOf(access)
    const client = await loader(access, session)
    await client.create(WARM)
    const pid = await hostPid(twin, 'api')
    const creates = await costed(pid, CREATES, () => client.create(CREATES))
    progress(`creates: ${creates.result.toFixed(0)}/s, ${creates.cpuUs.toFixed(0)} us of the API's CPU each`)
    const etcd = await etcdPutsPerS(CREATES, IN_FLIGHT, Buffer.from(JSON.stringify(MAP)))
    progress(etcd === undefined ? 'etcd: not installed, left out' : `puts of etcd: ${etcd.toFixed(0)}/s`)
    const lists = await client.list()
    progress(`list of ${LISTED}: ${median(lists).toFixed(0)} ms`)
    await ask(session, 'POST', MAPS, { metadata: { name: 'watched' }, data: DATA })
    const object = { collection: MAPS, name: 'watched' }
    const settings = { watchers: WATCHERS, updates: UPDATES }
    const events = await costed(pid, WATCHERS * UPDATES, () => watched(session, object, settings))
    progress(`events to ${WATCHERS} watchers: ${events.result.toFixed(0)}/s`)
    await client.create(Math.max(kept - CREATES - WARM, 0))
    session.close()
    process.kill(pid, 'SIGKILL')
    await until('the API answers again', () => answers(access))
    const rssMb = pssMb(await hostPid(twin, 'api'))
    return {
      createsPerS: round(creates.result, 0),
      cpuUsPerCreate: round(creates.cpuUs, 0),
      ...(etcd === undefined ? {} : { etcdPutsPerS: round(etcd, 0) }),
      list10kMs: round(median(lists), 1),
      watchEventsPerS: round(events.result, 0),
      cpuUsPerEvent: round(events.cpuUs, 1),
      rssMb100k: round(rssMb, 0),
      objects: kept,
    }
  } finally {
    await twin.down()
    rmSync(dataHome, { recursive: true, force: true })
  }
}

interface Loader {
  /** So many objects, 64 at a time; resolves with how many a second, once a list has shown that as many are there. */
  create(count: number): Promise<number>
  /** How long each of some lists of 10,000 took, in milliseconds. */
  list(): Promise<readonly number[]>
}

/** A service account that may do everything, with its token. */
async function loader({ server }: Access, session: ClientHttp2Session): Promise<Loader> {
  const account = { kind: 'ServiceAccount', name: 'loader', namespace: 'bench' }
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' }
  const binding = { metadata: { name: 'bench-loader' }, roleRef, subjects: [account] }
  await ask(session, 'POST', '/api/v1/namespaces', { metadata: { name: 'bench' } })
  await ask(session, 'POST', `${NAMESPACE}/serviceaccounts`, { metadata: { name: 'loader' } })
  await ask(session, 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', binding)
  const asked = await ask(session, 'POST', `${NAMESPACE}/serviceaccounts/loader/token`, { spec: {} })
  const { status } = JSON.parse(asked.toString()) as { readonly status: { readonly token: string } }
  const authorization = `Bearer ${status.token}`
  const objects = async (): Promise<number> => {
    const page = JSON.parse((await ask(session, 'GET', `${MAPS}?limit=1`)).toString()) as Page
    return page.items.length + (page.metadata.remainingItemCount ?? 0)
  }
  return {
    async create(count) {
      const before = await objects()
      if (count === 0) return 0
      const headers = { authorization, 'content-type': 'application/json' }
      const body = Buffer.from(JSON.stringify(MAP))
      const { perS } = await h2load({ url: server + MAPS, headers, body, count, inFlight: IN_FLIGHT })
      const made = (await objects()) - before
      if (made !== count) throw new Error(`${made} objects are there that were not, for ${count} that were created`)
      return perS
    },
    async list() {
      const url = `${server}${MAPS}?limit=${LISTED}`
      const { items } = JSON.parse((await ask(session, 'GET', url.slice(server.length))).toString()) as Page
      if (items.length !== LISTED) throw new Error(`the list holds ${items.length} of ${LISTED}`)
      return (await h2load({ url, headers: { authorization }, count: LISTS, inFlight: 1 })).tookMs
    },
  }
}

interface Page {
  readonly items: readonly unknown[]
  readonly metadata: { readonly remainingItemCount?: number }
}

async function costed<T>(pid: number, count: number, f: () => Promise<T>): Promise<{ result: T; cpuUs: number }> {
  const before = cpuMs(pid)
  const result = await f()
  return { result, cpuUs: ((cpuMs(pid) - before) * 1000) / count }
}

async function answers(access: Access): Promise<boolean> {
  const session = sessionOf(access)
  try {
    await ask(session, 'GET', `${MAPS}?limit=1`)
    return true
  } finally {
    session.close()
  }
}

const cpuMs = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

const pssMb = (pid: number): number =>
  Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024
