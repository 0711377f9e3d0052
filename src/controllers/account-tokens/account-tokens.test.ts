import { afterEach, beforeEach, expect, it } from 'vitest'
import { type TestApi, testApi } from '../../apiserver/testing.ts'
import { call } from '../../apiserver/testing-call.ts'
import { createEventRecorder } from '../../client/events.ts'
import { createInformers } from '../../client/informers.ts'
import { createProgress } from '../../client/progress.ts'
import { eventually } from '../../client/testing.ts'
import { systemClock } from '../../host/clock/real.ts'
import { silent } from '../../lib/log.ts'
import { startAccountTokens } from './controller.ts'

const NS = '/api/v1/namespaces/default'
let api: TestApi
let stop: AbortController
beforeEach(async () => {
  stop = new AbortController()
  api = await testApi(systemClock)
  const deps = { client: api.client, clock: systemClock, log: silent, progress: createProgress() }
  const informers = createInformers(deps, stop.signal)
  const events = (component: string) => createEventRecorder(deps, { component })
  const options = { rootCa: 'the authority', issue: api.server.tokenForSecret }
  await startAccountTokens({ ...deps, informers, events }, options, stop.signal)
})
afterEach(async () => {
  stop.abort(new Error('the test has ended'))
  await api.close()
})

const NAME = 'kubernetes.io/service-account.name'
const post = (what: string, body: object) => call(api, `POST ${NS}/${what}`, { body })
const secret = (name: string, account: string) =>
  post('secrets', { metadata: { name, annotations: { [NAME]: account } }, type: 'kubernetes.io/service-account-token' })
const stored = (name: string) => api.store.get(`/secrets/default/${name}`)
const review = async (token: string) =>
  (await call(api, 'POST /apis/authentication.k8s.io/v1/tokenreviews', { body: { spec: { token } } })).json.status
const text = (base64: string): string => Buffer.from(base64, 'base64').toString()

async function tokenIn(name: string): Promise<string> {
  await eventually(() => String(stored(name)?.value).includes('"token"'))
  return text((await call(api, `GET ${NS}/secrets/${name}`)).json.data.token)
}

it('a Secret for a token gets one, which says who brings it until the Secret or the account goes', async () => {
  await post('serviceaccounts', { metadata: { name: 'robot' } })
  await post('secrets', { metadata: { name: 'other' }, data: { a: 'eA==' } })
  await secret('first', 'robot')
  await secret('second', 'robot')
  const [first, second] = [await tokenIn('first'), await tokenIn('second')]
  const { json } = await call(api, `GET ${NS}/secrets/first`)
  expect(text(json.data['ca.crt'])).toBe('the authority')
  expect(text(json.data.namespace)).toBe('default')
  expect(json.metadata.annotations).toHaveProperty(['kubernetes.io/service-account.uid'])
  for (const token of [first, second])
    expect(await review(token)).toMatchObject({
      authenticated: true,
      user: {
        username: 'system:serviceaccount:default:robot',
        groups: expect.arrayContaining(['system:authenticated']),
      },
    })
  await call(api, `DELETE ${NS}/secrets/first`)
  expect((await review(first)).authenticated).toBeUndefined()
  expect((await review(second)).authenticated).toBe(true)
  await call(api, `DELETE ${NS}/serviceaccounts/robot`)
  expect((await review(second)).authenticated).toBeUndefined()
  await eventually(() => stored('second') === undefined)
  expect(stored('other')).toBeDefined()
})

it('a token that was taken out is made anew, and the old one is nobody’s', async () => {
  await post('serviceaccounts', { metadata: { name: 'robot' } })
  await secret('mine', 'robot')
  const old = await tokenIn('mine')
  const { json } = await call(api, `GET ${NS}/secrets/mine`)
  await call(api, `PUT ${NS}/secrets/mine`, { body: { ...json, data: { ...json.data, token: 'eA==' } } })
  expect((await review(old)).authenticated).toBeUndefined()
})

it('a Secret for an account that is not there goes', async () => {
  await secret('lost', 'nobody')
  await eventually(() => stored('lost') === undefined)
})
