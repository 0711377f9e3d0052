import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { ClientHttp2Session } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accessOf, must2xx as ask, sessionOf } from '../test/api-session.ts'
import { hostPid, startTwin, until } from '../test/harness.ts'
import { median, progress, round } from './measure.ts'

const IN_FLIGHT = 64
const CREATES = 20_000
const WARM = 2000
const LISTED = 10_000
const LISTS = 20
const WATCHERS = 1000
const UPDATES = 100
const KEPT = 100_000
const MAPS = '/api/v1/namespaces/bench/configmaps'
const DATA = { text: 'x'.repeat(1700) }

/** Durable creates, a list, watch events over h2 and TLS, and memory with 100,000 objects after a restart. See docs/benchmarks.md. */
export async function apiserver(args: readonly string[]): Promise<object> {
  const kept = Number(args[0] ?? KEPT)
  const dataHome = mkdtempSync(join(tmpdir(), 'fairlead-bench-'))
  const twin = await startTwin({ name: 'bench', dataHome })
  const connect = (): ClientHttp2Session => sessionOf(accessOf(join(dataHome, 'fairlead', 'bench', 'kubeconfig')))
  try {
    const session = connect()
    await ask(session, 'POST', '/api/v1/namespaces', { metadata: { name: 'bench' } })
    await create(session, 'warm', WARM)
    const { perS, cpuUs } = await create(session, 'a', CREATES, await hostPid(twin, 'api'))
    progress(`creates: ${perS.toFixed(0)}/s, ${cpuUs.toFixed(0)} us of the API's CPU each`)
    const lists = []
    for (let index = 0; index < LISTS; index++)
      lists.push(await timed(() => ask(session, 'GET', `${MAPS}?limit=${LISTED}`)))
    progress(`list of ${LISTED}: ${median(lists).toFixed(0)} ms`)
    const watchEventsPerS = await watched(session)
    progress(`events to ${WATCHERS} watchers: ${watchEventsPerS.toFixed(0)}/s`)
    await create(session, 'kept', Math.max(kept - CREATES - WARM, 0))
    session.close()
    process.kill(await hostPid(twin, 'api'), 'SIGKILL')
    const again = await until('the API answers again', async () => {
      const next = connect()
      return ask(next, 'GET', `${MAPS}?limit=1`).then(
        () => next,
        () => undefined,
      )
    })
    again.close()
    const rssMb = pssMb(await hostPid(twin, 'api'))
    return {
      createsPerS: round(perS, 0),
      cpuUsPerCreate: round(cpuUs, 0),
      list10kMs: round(median(lists), 1),
      watchEventsPerS: round(watchEventsPerS, 0),
      rssMb100k: round(rssMb, 0),
      objects: kept,
    }
  } finally {
    await twin.down()
    rmSync(dataHome, { recursive: true, force: true })
  }
}

async function timed(f: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await f()
  return performance.now() - startMs
}

/** So many at a time, until all are there. */
async function create(session: ClientHttp2Session, prefix: string, count: number, pid?: number) {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const name = `${prefix}-${next++}`
      await ask(session, 'POST', MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: DATA })
    }
  }
  const before = pid === undefined ? 0 : cpuMs(pid)
  const ms = await timed(() => Promise.all(Array.from({ length: IN_FLIGHT }, worker)))
  const cpu = pid === undefined ? 0 : cpuMs(pid) - before
  return { perS: (count * 1000) / ms, cpuUs: (cpu * 1000) / count }
}

/** Lines that all watchers together were sent a second, while one object changes again and again. */
async function watched(session: ClientHttp2Session): Promise<number> {
  await ask(session, 'POST', MAPS, { metadata: { name: 'watched' }, data: DATA })
  let lines = 0
  let opened = 0
  const query = 'watch=1&fieldSelector=metadata.name%3Dwatched'
  const streams = Array.from({ length: WATCHERS }, () => {
    const stream = session.request({ ':path': `${MAPS}?${query}` })
    stream.once('data', () => opened++)
    stream.on('data', (chunk: Buffer) => {
      for (const byte of chunk) if (byte === 10) lines++
    })
    return stream
  })
  await until('every watch begins', async () => opened === WATCHERS || undefined)
  const before = lines
  const ms = await timed(async () => {
    for (let index = 0; index < UPDATES; index++)
      await ask(session, 'PATCH', `${MAPS}/watched`, { data: { n: String(index) } }, 'merge-patch+json')
    await until('every event', async () => lines - before >= WATCHERS * UPDATES || undefined)
  })
  for (const stream of streams) stream.close()
  return ((lines - before) * 1000) / ms
}

const cpuMs = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

const pssMb = (pid: number): number =>
  Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024
