/**
 * kill -9 of the API under write load, again and again: every acknowledged write is there, no revision goes back, and a client that watches
 * ends up with what there is, having missed nothing that it was not told of. FAIRLEAD_KILL_ROUNDS says how often (8); 200 by hand.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import type { ClientHttp2Session } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { seededRandom } from '../src/client/backoff.ts'
import { accessOf, ask, must2xx, sessionOf } from './api-session.ts'
import type { Twin } from './harness.ts'
import { startTwin, until, worldPids } from './harness.ts'

const ROUNDS = Number(process.env.FAIRLEAD_KILL_ROUNDS ?? 8)
const SEED = Number(process.env.FAIRLEAD_KILL_SEED ?? 11)
const WRITERS = 24
const KEYS = 20
const MAPS = '/api/v1/namespaces/load/configmaps'

const dataHome = mkdtempSync(join(tmpdir(), 'fairlead-durable-'))
let twin: Twin
let session: ClientHttp2Session
const connect = (): ClientHttp2Session => sessionOf(accessOf(join(dataHome, 'fairlead', 'durable', 'kubeconfig')))
beforeAll(async () => {
  twin = await startTwin({ name: 'durable', dataHome })
  session = connect()
  await must2xx(session, 'POST', '/api/v1/namespaces', { metadata: { name: 'load' } })
})
afterAll(async () => {
  session?.close()
  await twin?.down()
  rmSync(dataHome, { recursive: true, force: true })
})

interface Item {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string }
  readonly data?: { readonly value: string }
}
/** A state of a name: what its value is, or that there is none. */
type State = string | undefined

/** What one name must be: the last state that was acknowledged, or one that was asked for afterwards without an answer. */
interface Known {
  acknowledged: State
  readonly revision: number
  asked: State[]
}

const random = seededRandom(SEED)
const known = new Map<string, Known>()
let highest = 0
let acknowledgements = 0

/** One change of one name; what comes of it is written down. Rejects when the connection broke. */
async function change(name: string, value: string): Promise<void> {
  const before = known.get(name) ?? { acknowledged: undefined, revision: 0, asked: [] }
  const remove = before.acknowledged !== undefined && random() < 0.3
  const wanted = remove ? undefined : value
  known.set(name, { ...before, asked: [...before.asked, wanted] })
  const path = `${MAPS}/${name}`
  const { status, body } =
    before.acknowledged === undefined
      ? await ask(session, 'POST', MAPS, { metadata: { name }, data: { value } })
      : remove
        ? await ask(session, 'DELETE', path)
        : await ask(session, 'PATCH', path, { data: { value } }, 'merge-patch+json')
  if (status > 299) throw new Error(`${name}: ${status} ${body}`)
  const revision = remove ? before.revision : Number((JSON.parse(body.toString()) as Item).metadata.resourceVersion)
  if (!remove) {
    expect(revision).toBeGreaterThan(before.revision)
    revisions.push(revision)
  }
  known.set(name, { acknowledged: wanted, revision, asked: [] })
  highest = Math.max(highest, revision)
  acknowledgements++
}
/** Of every acknowledged create and update. */
const revisions: number[] = []

/** Writes under names of its own until the connection breaks. */
async function writer(number: number, round: number): Promise<void> {
  for (let step = 0; ; step++) {
    const name = `w${number}-${Math.floor(random() * KEYS)}`
    try {
      await change(name, `${round}.${step} ${'x'.repeat(Math.floor(random() * 3000))}`)
    } catch (error) {
      if (session.closed || session.destroyed || /broke off|closed|reset|session|hang/i.test(String(error))) return
      throw error
    }
  }
}

/** A client as client-go's reflector: lists, watches on from there, and lists again when it is told that the past is gone. */
interface Reflector {
  readonly cache: Map<string, Item>
  /** All the revisions it was told of as events. */
  readonly seen: Set<number>
  /** From and to which revision its lists skipped. */
  readonly skipped: [number, number][]
  last: number
  relists: number
  resumes: number
}
const reflector: Reflector = { cache: new Map(), seen: new Set(), skipped: [], last: 0, relists: 0, resumes: 0 }

async function relist(): Promise<void> {
  const { metadata, items } = await list()
  const revision = Number(metadata.resourceVersion)
  expect(revision).toBeGreaterThanOrEqual(reflector.last)
  reflector.skipped.push([reflector.last, revision])
  reflector.cache.clear()
  for (const item of items) reflector.cache.set(item.metadata.name, item)
  reflector.last = revision
  reflector.relists++
}

async function list(): Promise<{ metadata: { resourceVersion: string }; items: Item[] }> {
  return JSON.parse((await must2xx(session, 'GET', MAPS)).toString())
}

/** Until the connection breaks. */
async function follow(): Promise<void> {
  const stream = session.request({ ':path': `${MAPS}?watch=1&resourceVersion=${reflector.last}` })
  let rest = ''
  let gone = false
  stream.setEncoding('utf8')
  stream.on('error', () => {})
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) gone = take(JSON.parse(line)) || gone
  })
  await new Promise(resolve => stream.once('close', resolve))
  if (!gone) {
    reflector.resumes++
    return
  }
  await relist()
  await follow()
}

/** True when it must list again. */
function take({ type, object }: { type: string; object: Item & { code?: number } }): boolean {
  if (type === 'ERROR') {
    expect(object.code).toBe(410)
    return true
  }
  const revision = Number(object.metadata.resourceVersion)
  expect(revision).toBeGreaterThan(reflector.last)
  reflector.last = revision
  reflector.seen.add(revision)
  highest = Math.max(highest, revision)
  if (type === 'DELETED') reflector.cache.delete(object.metadata.name)
  else reflector.cache.set(object.metadata.name, object)
  return false
}

async function killRound(round: number): Promise<void> {
  const target = acknowledgements + 30 + Math.floor(random() * 400)
  const following = follow()
  const writing = Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(number, round)))
  await Promise.race([until('enough writes', async () => acknowledgements >= target || undefined), writing])
  const before = highest
  for (const pid of worldPids(twin, /\0api\0/)) process.kill(pid, 'SIGKILL')
  await writing
  session.destroy()
  await following.catch(() => {})
  session = connect()
  await check(before)
}

/** After a restart: what there is, against what was acknowledged and what the reflector knows. */
async function check(before: number): Promise<void> {
  const { metadata, items } = await list()
  expect(Number(metadata.resourceVersion)).toBeGreaterThanOrEqual(before)
  const present = new Map(items.map(item => [item.metadata.name, item]))
  for (const [name, { acknowledged, revision, asked }] of known) {
    const item = present.get(name)
    const value = item?.data?.value
    expect([acknowledged, ...asked], name).toContain(value)
    const at = Number(item?.metadata.resourceVersion ?? revision)
    if (value === acknowledged) expect(at, name).toBe(revision)
    else if (item) expect(at, name).toBeGreaterThan(revision)
    known.set(name, { acknowledged: value, revision: at, asked: [] })
  }
  expect([...present.keys()].filter(name => name.startsWith('w') && !known.has(name))).toEqual([])
}

it(`keeps what it acknowledged through ${ROUNDS} rounds of kill -9`, {
  timeout: 300_000 + ROUNDS * 60_000,
}, async () => {
  await relist()
  for (let round = 1; round <= ROUNDS; round++) {
    await killRound(round)
    if (round % 10 === 0) console.log(`  ${round} rounds, ${acknowledgements} writes`)
  }
  // The last watch is still to be taken up: then it must hold what there is.
  const following = follow()
  await must2xx(session, 'POST', MAPS, { metadata: { name: 'last' }, data: { value: 'last' } })
  await until('the watch has caught up', async () => reflector.cache.has('last') || undefined)
  const { items } = await list()
  const brief = (all: Iterable<Item>): string[] =>
    [...all].map(({ metadata }) => `${metadata.name} ${metadata.uid} ${metadata.resourceVersion}`).sort()
  expect(brief(reflector.cache.values())).toEqual(brief(items))
  session.destroy()
  await following.catch(() => {})
  // Each write was told as an event, or lies where the client was told to list again.
  const missed = revisions.filter(
    revision =>
      !reflector.seen.has(revision) && !reflector.skipped.some(([from, to]) => revision > from && revision <= to),
  )
  expect(missed).toEqual([])
  expect(new Set(revisions).size).toBe(revisions.length)
  const { relists, resumes } = reflector
  console.log(JSON.stringify({ rounds: ROUNDS, seed: SEED, acknowledged: acknowledgements, highest, relists, resumes }))
})
