import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import { memoryStore } from '../../store/memory/memory.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call } from '../testing-call.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const map = (name: string, more: object = {}) => ({ metadata: { name }, ...more })
let api: TestApi
beforeEach(async () => {
  api = await testApi(systemClock, { store: memoryStore({ maxEvents: 20 }) })
})
afterEach(() => api.close())

const create = async (name: string, more: object = {}) =>
  (await call(api, `POST ${MAPS}`, { body: map(name, more) })).json
const names = (list: { items: { metadata: { name: string } }[] }) => list.items.map(item => item.metadata.name)

describe('what is not there', () => {
  it.each([
    ['GET /nothing', 404, '404 page not found'],
    ['GET /api/v1/nothing', 404, '404 page not found'],
    ['GET /apis/none/v1/things', 404, '404 page not found'],
    ['GET /api/v1/namespaces/default/namespaces', 404, '404 page not found'],
    ['GET /api/v1/nodes/a/pods/b', 404, '404 page not found'],
    [`GET ${MAPS}/a`, 404, 'configmaps \\"a\\" not found'],
    ['GET /apis/apps/v1/namespaces/default/deployments/a', 404, 'deployments.apps \\"a\\" not found'],
    [`GET ${MAPS}/a/status`, 404, 'the server could not find the requested resource'],
    [`PUT ${MAPS}`, 405, 'the server does not allow this method on the requested resource'],
    [`POST ${MAPS}/a`, 405, 'the server does not allow this method on the requested resource'],
    ['OPTIONS /api/v1/pods', 405, 'the server does not allow this method on the requested resource'],
  ])('%s: %d', async (line, status, text) => {
    const answer = await call(api, line)
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(text)
  })

  it('is told as a Status that names the resource', async () => {
    expect((await call(api, `GET ${MAPS}/a`)).json).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'configmaps "a" not found',
      reason: 'NotFound',
      details: { name: 'a', kind: 'configmaps' },
      code: 404,
    })
  })
})

describe('lists', () => {
  it('have the revision of the store, not of an item', async () => {
    await create('a')
    await create('b')
    await call(api, `DELETE ${MAPS}/b`)
    const { json } = await call(api, `GET ${MAPS}`)
    expect(json).toMatchObject({
      kind: 'ConfigMapList',
      apiVersion: 'v1',
      metadata: { resourceVersion: String(api.store.revision) },
    })
    expect(names(json)).toEqual(['a'])
  })

  it('come in pages of one state, with what remains', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await create(name)
    const first = (await call(api, `GET ${MAPS}?limit=2`)).json
    expect(first.metadata.remainingItemCount).toBe(3)
    await create('bb')
    await call(api, `DELETE ${MAPS}/e`)
    const second = (await call(api, `GET ${MAPS}?limit=2&continue=${first.metadata.continue}`)).json
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
    const third = (await call(api, `GET ${MAPS}?limit=2&continue=${second.metadata.continue}`)).json
    expect([first, second, third].flatMap(names)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(third.metadata.continue).toBeUndefined()
  })

  it('say that a page is too old, with a token that goes on from the present', async () => {
    for (const name of ['a', 'b', 'c']) await create(name)
    const first = (await call(api, `GET ${MAPS}?limit=1`)).json
    for (let i = 0; i < 30; i++) await create(`z${i}`)
    const refused = await call(api, `GET ${MAPS}?limit=100&continue=${first.metadata.continue}`)
    expect(refused.json).toMatchObject({ code: 410, reason: 'Expired' })
    expect(refused.json.message).toMatch(
      /^The provided continue parameter is too old to display a consistent list result/,
    )
    const rest = await call(api, `GET ${MAPS}?limit=100&continue=${refused.json.metadata.continue}`)
    expect(names(rest.json)).toHaveLength(32)
    expect(names(rest.json)[0]).toBe('b')
  })

  it('choose by labels and fields, in pages too', async () => {
    for (const [name, app] of [
      ['a', 'x'],
      ['b', 'y'],
      ['c', 'x'],
      ['d', 'x'],
    ] as const)
      await create(name, { metadata: { name, labels: { app } } })
    expect(names((await call(api, `GET ${MAPS}?labelSelector=app%3Dx`)).json)).toEqual(['a', 'c', 'd'])
    expect(names((await call(api, `GET ${MAPS}?fieldSelector=metadata.name%3Db`)).json)).toEqual(['b'])
    expect(names((await call(api, `GET ${MAPS}?fieldSelector=metadata.name%3Da&labelSelector=app%3Dy`)).json)).toEqual(
      [],
    )
    expect(names((await call(api, 'GET /api/v1/configmaps?fieldSelector=metadata.name%3Db')).json)).toEqual(['b'])
    const first = (await call(api, `GET ${MAPS}?labelSelector=app%3Dx&limit=2`)).json
    expect(first.metadata.remainingItemCount).toBeUndefined()
    const rest = (await call(api, `GET ${MAPS}?labelSelector=app%3Dx&limit=2&continue=${first.metadata.continue}`)).json
    expect([first, rest].flatMap(names)).toEqual(['a', 'c', 'd'])
  })

  it('of all namespaces hold every namespace', async () => {
    await create('a')
    await call(api, 'POST /api/v1/namespaces/kube-system/configmaps', { body: map('b') })
    expect(names((await call(api, 'GET /api/v1/configmaps')).json)).toEqual(['a', 'b'])
    expect(names((await call(api, `GET ${MAPS}`)).json)).toEqual(['a'])
  })

  it.each([
    ['resourceVersion=0', 200, 'b'],
    ['resourceVersion=1', 200, 'b'],
    ['resourceVersion=OLD&resourceVersionMatch=Exact', 200, '"a"'],
    ['resourceVersion=OLD&resourceVersionMatch=NotOlderThan', 200, 'b'],
    ['resourceVersion=999', 504, 'Timeout: Too large resource version: 999, current: '],
    ['resourceVersion=x', 400, 'invalid resource version: resourceVersion: Invalid value: \\"x\\"'],
    ['resourceVersionMatch=Exact', 422, 'resourceVersionMatch is forbidden unless resourceVersion is provided'],
    ['resourceVersion=0&resourceVersionMatch=Exact', 422, 'is forbidden for resourceVersion \\"0\\"'],
    ['resourceVersion=1&resourceVersionMatch=Foo', 422, 'Unsupported value: \\"Foo\\"'],
    ['sendInitialEvents=true', 422, 'sendInitialEvents is forbidden for list'],
    ['continue=zzz', 400, 'continue key is not valid'],
    ['limit=x', 400, 'strconv.ParseInt'],
    ['labelSelector=a%3D%3D%3Db', 400, 'unable to parse requirement'],
    ['fieldSelector=data.k%3Db', 400, 'is not a known field selector: only'],
  ])('%s: %d', async (query, status, text) => {
    const old = (await create('a')).metadata.resourceVersion
    await create('b')
    const answer = await call(api, `GET ${MAPS}?${query.replace('OLD', old)}`)
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(text)
    if (query.includes('Exact') && status === 200) expect(answer.text).not.toContain('"b"')
  })
})

describe('forms', () => {
  const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'

  it('tables, of lists and single objects, with as much of the object as is asked for', async () => {
    await create('a', { data: { k: 'v' } })
    const { json } = await call(api, `GET ${MAPS}?limit=500`, { headers: { accept: TABLE } })
    expect(json).toMatchObject({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: String(api.store.revision) },
    })
    expect(json.columnDefinitions[0]).toMatchObject({ name: 'Name', type: 'string', format: 'name', priority: 0 })
    expect(json.rows[0].cells[0]).toBe('a')
    expect(json.rows[0].object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'a' } })
    const whole = await call(api, `GET ${MAPS}?includeObject=Object`, { headers: { accept: TABLE } })
    expect(whole.json.rows[0].object.data).toEqual({ k: 'v' })
    const none = await call(api, `GET ${MAPS}?includeObject=None`, { headers: { accept: TABLE } })
    expect(none.json.rows[0].object).toBeUndefined()
    const one = await call(api, `GET ${MAPS}/a`, { headers: { accept: TABLE } })
    expect(one.json).toMatchObject({ kind: 'Table', rows: [{ cells: json.rows[0].cells }] })
    expect((await call(api, `GET ${MAPS}?includeObject=All`, { headers: { accept: TABLE } })).status).toBe(400)
  })

  it('tables have a name somewhere, at the front where the kind does not say otherwise', async () => {
    const columns = async (path: string): Promise<string[]> =>
      (await call(api, `GET ${path}`, { headers: { accept: TABLE } })).json.columnDefinitions.map(
        ({ name }: { name: string }) => name,
      )
    expect((await columns('/api/v1/events')).slice(0, 2)).toEqual(['Last Seen', 'Type'])
    expect((await columns('/api/v1/configmaps')).slice(0, 1)).toEqual(['Name'])
  })

  it('metadata alone', async () => {
    await create('a', { data: { k: 'v' } })
    const headers = { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' }
    const { json } = await call(api, `GET ${MAPS}`, { headers })
    expect(json).toMatchObject({
      kind: 'PartialObjectMetadataList',
      items: [{ kind: 'PartialObjectMetadata', metadata: { name: 'a' } }],
    })
    expect(json.items[0].data).toBeUndefined()
    const one = { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' }
    expect((await call(api, `GET ${MAPS}/a`, { headers: one })).json.kind).toBe('PartialObjectMetadata')
  })

  it('YAML', async () => {
    await create('a', { data: { k: 'v' } })
    const answer = await call(api, `GET ${MAPS}/a`, { headers: { accept: 'application/yaml' } })
    expect(answer.headers['content-type']).toBe('application/yaml')
    expect(answer.text).toContain('data:\n  k: v\n')
    expect((await call(api, `GET ${MAPS}/a`, { headers: { accept: 'text/html' } })).json).toMatchObject({
      code: 406,
      reason: 'NotAcceptable',
    })
  })

  it('gzip, where the answer is large and the client takes it', async () => {
    for (let i = 0; i < 3; i++) await create(`a${i}`, { data: { k: 'v'.repeat(100_000) } })
    const packed = await call(api, `GET ${MAPS}`, { headers: { 'accept-encoding': 'gzip' } })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(packed.text.length).toBeLessThan(10_000)
    expect((await call(api, `GET ${MAPS}`)).headers['content-encoding']).toBeUndefined()
    expect(
      (await call(api, `GET ${MAPS}/a0`, { headers: { 'accept-encoding': 'gzip' } })).headers['content-encoding'],
    ).toBeUndefined()
  })
})
