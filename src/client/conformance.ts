import { describe, expect, it } from 'vitest'
import { ConfigMap } from '../api/core/config-map.ts'
import { Namespace } from '../api/core/namespace.ts'
import { Pod } from '../api/core/pod.ts'
import { type Client, isAlreadyExists, isConflict, isNotFound, type WatchEvent, type WatchOptions } from './mod.ts'

/** One empty API; each case works in a namespace of its own. */
export interface ApiUnderTest {
  readonly client: Client
  close(): Promise<void> | void
}

/** What every client of this program relies on, of any API it may talk to. */
export function clientConformance(name: string, start: () => Promise<ApiUnderTest> | ApiUnderTest): void {
  let made = 0
  const each = (title: string, run: (client: Client, namespace: string) => Promise<void>): void =>
    it(title, async () => {
      const api = await start()
      const namespace = `case-${++made}`
      await api.client.create(Namespace, { metadata: { name: namespace }, spec: {} })
      try {
        await run(api.client, namespace)
      } finally {
        await api.close()
      }
    })
  describe(`${name}: requests`, () => requestCases(each))
  describe(`${name}: watches`, () => watchCases(each))
}

type Each = (title: string, run: (client: Client, namespace: string) => Promise<void>) => void

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    error => error,
  )

function requestCases(each: Each): void {
  each('creates with a UID, a resourceVersion and a time; a second time it exists', async (client, namespace) => {
    const made = await client.create(ConfigMap, { metadata: { name: 'a', namespace }, data: { k: 'v' } })
    expect(made).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'a', namespace }, data: { k: 'v' } })
    expect(made.metadata.uid).not.toBe('')
    expect(Number(made.metadata.resourceVersion)).toBeGreaterThan(0)
    expect(await client.get(ConfigMap, { namespace, name: 'a' })).toEqual(made)
    const again = client.create(ConfigMap, { metadata: { name: 'a', namespace } })
    expect(isAlreadyExists(await rejection(again))).toBe(true)
  })
  each('completes generateName', async (client, namespace) => {
    const draft = { metadata: { generateName: 'web-', namespace } }
    const [a, b] = [await client.create(ConfigMap, draft), await client.create(ConfigMap, draft)]
    expect(a.metadata.name).toMatch(/^web-[a-z0-9]{5}$/)
    expect(a.metadata.name).not.toBe(b.metadata.name)
  })
  each('finds nothing where there is nothing', async (client, namespace) => {
    const key = { namespace, name: 'none' }
    expect(await client.find(ConfigMap, key)).toBeUndefined()
    expect(isNotFound(await rejection(client.get(ConfigMap, key)))).toBe(true)
    expect(isNotFound(await rejection(client.delete(ConfigMap, key)))).toBe(true)
  })
  each('refuses an update of what another changed', async (client, namespace) => {
    const first = await client.create(ConfigMap, { metadata: { name: 'a', namespace } })
    const second = await client.update(ConfigMap, { ...first, data: { by: 'one' } })
    expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion))
    const late = client.update(ConfigMap, { ...first, data: { by: 'two' } })
    expect(isConflict(await rejection(late))).toBe(true)
    expect((await client.get(ConfigMap, { namespace, name: 'a' })).data).toEqual({ by: 'one' })
  })
  each('does not count a write that changes nothing', async (client, namespace) => {
    const made = await client.create(ConfigMap, { metadata: { name: 'a', namespace }, data: { k: 'v' } })
    const same = await client.update(ConfigMap, made)
    expect(same.metadata.resourceVersion).toBe(made.metadata.resourceVersion)
  })
  each('merges a patch', async (client, namespace) => {
    await client.create(ConfigMap, { metadata: { name: 'a', namespace }, data: { keep: '1', drop: '2' } })
    const body = { data: { drop: null, add: '3' } }
    const patched = await client.patch(ConfigMap, { namespace, name: 'a' }, { type: 'merge', body })
    expect(patched.data).toEqual({ keep: '1', add: '3' })
  })
  each('lists in pages of one state', async (client, namespace) => {
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await client.create(ConfigMap, { metadata: { name, namespace, labels: { odd: String('ace'.includes(name)) } } })
    const all = await client.list(ConfigMap, { namespace, labelSelector: 'odd' })
    expect(all.items.map(item => [item.kind, item.metadata.name])).toEqual(
      ['a', 'b', 'c', 'd', 'e'].map(n => ['ConfigMap', n]),
    )
    const first = await client.list(ConfigMap, { namespace, limit: 3, labelSelector: 'odd' })
    const rest = await client.list(ConfigMap, {
      namespace,
      limit: 3,
      continue: first.continue ?? '',
      labelSelector: 'odd',
    })
    expect([...first.items, ...rest.items].map(item => item.metadata.name)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(rest.continue).toBeUndefined()
    const odd = await client.list(ConfigMap, { namespace, labelSelector: 'odd=true' })
    expect(odd.items.map(item => item.metadata.name)).toEqual(['a', 'c', 'e'])
    const one = await client.list(ConfigMap, { namespace, fieldSelector: 'metadata.name=b' })
    expect(one.items.map(item => item.metadata.name)).toEqual(['b'])
  })
  each('keeps status and the rest apart', async (client, namespace) => {
    const made = await client.create(Pod, podDraft(namespace, 'p'))
    const running = await client.updateStatus(Pod, { ...made, status: { phase: 'Running' } })
    expect(running.status?.phase).toBe('Running')
    const labelled = {
      ...running,
      metadata: { ...running.metadata, labels: { a: 'b' } },
      status: { phase: 'Failed' as const },
    }
    const updated = await client.update(Pod, labelled)
    expect([updated.metadata.labels, updated.status?.phase]).toEqual([{ a: 'b' }, 'Running'])
    const body = { metadata: {}, status: { podIP: '10.128.0.5' } }
    const patched = await client.patch(Pod, { namespace, name: 'p' }, { type: 'merge', body }, 'status')
    expect(patched.status).toMatchObject({ phase: 'Running', podIP: '10.128.0.5' })
  })
  each('merges conditions by their type, where the patch is a strategic one', async (client, namespace) => {
    const key = { namespace, name: 'p' }
    await client.create(Pod, podDraft(namespace, 'p'))
    const told = async (...conditions: readonly object[]) => {
      const body = { status: { conditions } }
      const { status } = await client.patch(Pod, key, { type: 'strategic', body }, 'status')
      return Object.fromEntries(status!.conditions!.map(one => [one.type, [one.status, one.reason]]))
    }
    await told({ type: 'Initialized', status: 'True' }, { type: 'Ready', status: 'False', reason: 'Slow' })
    expect(await told({ type: 'Ready', status: 'True', reason: null })).toMatchObject({
      Initialized: ['True', undefined],
      Ready: ['True', undefined],
    })
  })
  each('holds what has finalizers', async (client, namespace) => {
    const key = { namespace, name: 'a' }
    await client.create(ConfigMap, { metadata: { ...key, finalizers: ['example.com/hold'] } })
    const left = await client.delete(ConfigMap, key)
    expect(left?.metadata.deletionTimestamp).toBeDefined()
    await client.update(ConfigMap, { ...left!, metadata: { ...left!.metadata, finalizers: [] } })
    expect(await client.find(ConfigMap, key)).toBeUndefined()
  })
  each('deletes only what the preconditions name', async (client, namespace) => {
    const key = { namespace, name: 'a' }
    const { metadata } = await client.create(ConfigMap, { metadata: key })
    const other = client.delete(ConfigMap, key, { preconditions: { uid: 'another' } })
    expect(isConflict(await rejection(other))).toBe(true)
    expect(await client.delete(ConfigMap, key, { preconditions: { uid: metadata.uid } })).toBeUndefined()
  })
  each('gives a bound pod its grace', async (client, namespace) => {
    const key = { namespace, name: 'p' }
    await client.create(Pod, podDraft(namespace, 'p'))
    const target = { kind: 'Node', name: 'node-1' }
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target }
    await client.request('POST', `/api/v1/namespaces/${namespace}/pods/p/binding`, binding)
    expect((await client.get(Pod, key)).spec?.nodeName).toBe('node-1')
    const left = await client.delete(Pod, key)
    expect(left?.metadata.deletionTimestamp).toBeDefined()
    await client.delete(Pod, key, { gracePeriodSeconds: 0 })
    expect(await client.find(Pod, key)).toBeUndefined()
  })
}

const podDraft = (namespace: string, name: string) => ({
  metadata: { name, namespace },
  spec: { containers: [{ name: 'main', image: 'agnhost' }] },
})

/** The first n events, bookmarks left out. */
async function take(client: Client, options: WatchOptions, n: number): Promise<WatchEvent<ConfigMap>[]> {
  const events: WatchEvent<ConfigMap>[] = []
  const stop = new AbortController()
  for await (const event of client.watch(ConfigMap, options, stop.signal)) {
    if (event.type === 'BOOKMARK') continue
    events.push(event)
    if (events.length === n) break
  }
  stop.abort()
  return events
}
const brief = (events: readonly WatchEvent<ConfigMap>[]): string[] =>
  events.map(event =>
    event.type === 'ADDED' || event.type === 'MODIFIED' || event.type === 'DELETED'
      ? `${event.type} ${event.object.metadata.name}`
      : event.type,
  )

function watchCases(each: Each): void {
  each('tells exactly what came after a resourceVersion', async (client, namespace) => {
    const a = await client.create(ConfigMap, { metadata: { name: 'a', namespace } })
    const b = await client.create(ConfigMap, { metadata: { name: 'b', namespace } })
    await client.update(ConfigMap, { ...b, data: { x: 'y' } })
    await client.delete(ConfigMap, { namespace, name: 'a' })
    const events = await take(client, { namespace, resourceVersion: a.metadata.resourceVersion }, 3)
    expect(brief(events)).toEqual(['ADDED b', 'MODIFIED b', 'DELETED a'])
    const versions = events.map(event => Number((event.object as ConfigMap).metadata.resourceVersion))
    expect(versions).toEqual([...versions].sort((x, y) => x - y))
  })
  each('tells what is there and what comes, live', async (client, namespace) => {
    await client.create(ConfigMap, { metadata: { name: 'a', namespace } })
    const watched = take(client, { namespace }, 2)
    await client.create(ConfigMap, { metadata: { name: 'b', namespace } })
    expect(brief(await watched)).toEqual(['ADDED a', 'ADDED b'])
  })
  each('shows leaving and entering a selection as deletion and creation', async (client, namespace) => {
    const made = await client.create(ConfigMap, { metadata: { name: 'a', namespace, labels: { on: 'yes' } } })
    const relabel = async (labels: Record<string, string>) =>
      client.patch(ConfigMap, { namespace, name: 'a' }, { type: 'merge', body: { metadata: { labels } } })
    await relabel({ on: 'no' })
    await relabel({ on: 'yes' })
    const options = { namespace, labelSelector: 'on=yes', resourceVersion: made.metadata.resourceVersion }
    expect(brief(await take(client, options, 2))).toEqual(['DELETED a', 'ADDED a'])
  })
  each('marks the end of initial events', async (client, namespace) => {
    await client.create(ConfigMap, { metadata: { name: 'a', namespace } })
    const stop = new AbortController()
    const seen: string[] = []
    for await (const event of client.watch(ConfigMap, { namespace, sendInitialEvents: true }, stop.signal)) {
      seen.push(event.type)
      if (event.type === 'BOOKMARK' && event.object.metadata.annotations?.['k8s.io/initial-events-end']) break
    }
    stop.abort()
    expect(seen).toEqual(['ADDED', 'BOOKMARK'])
  })
  each('ends a watch when its signal aborts', async (client, namespace) => {
    const stop = new AbortController()
    const reading = rejection(
      (async () => {
        for await (const _ of client.watch(ConfigMap, { namespace }, stop.signal)) stop.abort(new Error('enough'))
      })(),
    )
    await client.create(ConfigMap, { metadata: { name: 'a', namespace } })
    expect(String(await reading)).toContain('enough')
  })
}
