import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import { type TestApi, testApi } from '../testing.ts'
import { call } from '../testing-call.ts'

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const BOATS = '/apis/example.com/v1/namespaces/default/boats'
let api: TestApi
beforeEach(async () => {
  api = await testApi(systemClock)
})
afterEach(() => api.close())

const definition = (name: object, mast: object = { type: 'string' }) => ({
  metadata: { name: 'boats.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'boats', kind: 'Boat' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  name,
                  crew: { type: 'array', items: name },
                  masts: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['id'],
                    items: { type: 'object', required: ['id'], properties: { id: { type: 'string' }, wood: mast } },
                  },
                  sails: { type: 'integer' },
                },
              },
            },
          },
        },
      },
    ],
  },
})

/** An object that was valid, and no longer is by the definition that came after. */
async function outdated(): Promise<void> {
  const made = await call(api, `POST ${DEFINITIONS}`, { body: definition({ type: 'string' }) })
  expect(made.status).toBe(201)
  const spec = {
    name: 'UPPER',
    crew: ['A', 'b'],
    masts: [
      { id: 'm', wood: 'OAK' },
      { id: 'n', wood: 'fir' },
    ],
    sails: 1,
  }
  const boat = { apiVersion: 'example.com/v1', kind: 'Boat', metadata: { name: 'a' }, spec }
  expect((await call(api, `POST ${BOATS}`, { body: boat })).status).toBe(201)
  const { json } = await call(api, `GET ${DEFINITIONS}/boats.example.com`)
  const lower = { type: 'string', pattern: '^[a-z]+$' }
  const body = { ...json, spec: { ...json.spec, ...definition(lower, lower).spec } }
  expect((await call(api, `PUT ${DEFINITIONS}/boats.example.com`, { body })).status).toBe(200)
}
const patch = (spec: object) =>
  call(api, `PATCH ${BOATS}/a`, { body: { spec }, headers: { 'content-type': 'application/merge-patch+json' } })

it('what became invalid may stay as it is while something else changes', async () => {
  await outdated()
  expect((await patch({ sails: 2 })).status).toBe(200)
  expect(
    (
      await patch({
        masts: [
          { id: 'n', wood: 'elm' },
          { id: 'm', wood: 'OAK' },
        ],
      })
    ).status,
  ).toBe(200)
  const again = { apiVersion: 'example.com/v1', kind: 'Boat', metadata: { name: 'b' }, spec: { name: 'UPPER' } }
  expect((await call(api, `POST ${BOATS}`, { body: again })).status).toBe(422)
})

it.each([
  [{ name: 'OTHER' }, "spec.name in body should match '^[a-z]+$'"],
  [{ masts: [{ id: 'm', wood: 'ELM' }] }, 'spec.masts[0].wood'],
  [{ masts: [{ id: 'new', wood: 'OAK' }] }, 'spec.masts[0].wood'],
  // Items of a list without keys cannot be told apart: one change, and all of them count.
  [{ crew: ['A', 'c'] }, 'spec.crew[0]'],
])('%j is refused all the same', async (spec, text) => {
  await outdated()
  const { status, json } = await patch(spec)
  expect([status, json.message]).toEqual([422, expect.stringContaining(text)])
})

it('what became valid stays so', async () => {
  await outdated()
  expect((await patch({ name: 'lower', crew: ['a'] })).status).toBe(200)
  expect((await patch({ name: 'UPPER' })).status).toBe(422)
})
