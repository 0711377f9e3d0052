import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call } from '../testing-call.ts'

const PROJECTS = '/apis/project.openshift.io/v1/projects'
const REQUESTS = '/apis/project.openshift.io/v1/projectrequests'
const person = (name: string) => ({ name, groups: ['system:authenticated:oauth', 'system:authenticated'] })
const JANE = person('jane')
const JOHN = person('john')
let api: TestApi
beforeAll(async () => {
  api = await testApi(systemClock)
})
afterAll(() => api.close())

const names = async (user = JANE) =>
  (await call(api, `GET ${PROJECTS}`, { user })).json.items.map(
    (item: { metadata: { name: string } }) => item.metadata.name,
  )

it('whoever asks for a project becomes its admin, and sees it alone', async () => {
  expect((await call(api, `GET ${REQUESTS}`, { user: JANE })).json.status).toBe('Success')
  const body = { metadata: { name: 'shop' }, displayName: 'The shop', description: 'Sells' }
  const { json, status } = await call(api, `POST ${REQUESTS}`, { body, user: JANE })
  expect(status).toBe(201)
  expect(json).toMatchObject({
    kind: 'Project',
    apiVersion: 'project.openshift.io/v1',
    metadata: {
      name: 'shop',
      annotations: {
        'openshift.io/display-name': 'The shop',
        'openshift.io/description': 'Sells',
        'openshift.io/requester': 'jane',
      },
    },
    status: { phase: 'Active' },
  })
  expect(await names()).toEqual(['shop'])
  expect(await names(JOHN)).toEqual([])
  expect((await call(api, `GET ${PROJECTS}/shop`, { user: JANE })).json.kind).toBe('Project')
  expect((await call(api, `GET ${PROJECTS}/shop`, { user: JOHN })).status).toBe(403)
  expect((await call(api, 'GET /api/v1/namespaces/shop/pods', { user: JANE })).status).toBe(200)
  expect((await call(api, `POST ${REQUESTS}`, { body, user: JOHN })).json.message).toBe(
    'project.project.openshift.io "shop" already exists',
  )
  const plain = { name: 'plain', groups: ['system:authenticated'] }
  expect((await call(api, `POST ${REQUESTS}`, { body, user: plain })).status).toBe(403)
})

it('projects are namespaces: what is done to one is done to the other', async () => {
  expect((await call(api, `POST ${PROJECTS}`, { body: { metadata: { name: 'both' } } })).json.kind).toBe('Project')
  expect((await call(api, 'GET /api/v1/namespaces/both')).json).toMatchObject({ kind: 'Namespace', apiVersion: 'v1' })
  const headers = { 'content-type': 'application/merge-patch+json' }
  const body = { metadata: { annotations: { a: 'b' } }, spec: { finalizers: [] }, status: { phase: 'Odd' } }
  expect((await call(api, `PATCH ${PROJECTS}/both`, { body, headers })).json.kind).toBe('Project')
  expect((await call(api, 'GET /api/v1/namespaces/both')).json).toMatchObject({
    kind: 'Namespace',
    metadata: { annotations: { a: 'b' } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  })
  await call(api, `DELETE ${PROJECTS}/both`)
  expect((await call(api, `GET ${PROJECTS}/both`)).json.status.phase).toBe('Terminating')
  const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
  const { rows } = (await call(api, `GET ${PROJECTS}`, { headers: table })).json
  expect(rows.map(({ cells }: { cells: unknown[] }) => cells[0])).toContain('both')
})

it('everybody can ask who he is', async () => {
  const path = 'GET /apis/user.openshift.io/v1/users/~'
  expect((await call(api, path, { user: JOHN })).json).toMatchObject({
    kind: 'User',
    metadata: { name: 'john' },
    groups: ['system:authenticated:oauth', 'system:authenticated'],
  })
  expect((await call(api, path.replace('~', 'jane'), { user: JOHN })).status).toBe(403)
})
