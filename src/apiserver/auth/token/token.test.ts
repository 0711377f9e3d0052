import { createPublicKey, verify } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeClock } from '../../../host/clock/fake.ts'
import type { TestApi } from '../../testing.ts'
import { testApi } from '../../testing.ts'
import { call } from '../../testing-call.ts'
import { oauthTokenName } from './oauth.ts'
import { createTokenSigner } from './signer.ts'

const NOW = Date.parse('2026-01-02T03:04:05Z')
const TOKEN = 'POST /api/v1/namespaces/default/serviceaccounts/robot/token'
const REVIEW = 'POST /apis/authentication.k8s.io/v1/tokenreviews'
let api: TestApi
let clock: ReturnType<typeof fakeClock>
let accountUid: string
beforeEach(async () => {
  clock = fakeClock(NOW)
  api = await testApi(clock)
  const body = { metadata: { name: 'robot' } }
  accountUid = (await call(api, 'POST /api/v1/namespaces/default/serviceaccounts', { body })).json.metadata.uid
})
afterEach(() => api.close())

const ask = (spec: object) => call(api, TOKEN, { body: { spec } })
const review = async (token: string, audiences?: readonly string[]) =>
  (await call(api, REVIEW, { body: { spec: { token, ...(audiences ? { audiences } : {}) } } })).json.status

describe('tokens of service accounts', () => {
  it('name the account, and are verifiable by the published keys alone', async () => {
    const { json, status } = await ask({})
    expect(status).toBe(201)
    expect(json.spec).toEqual({ audiences: ['https://kubernetes.default.svc'], expirationSeconds: 3600 })
    expect(json.status.expirationTimestamp).toBe('2026-01-02T04:04:05Z')
    const [head, claims, signature] = json.status.token.split('.')
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      aud: ['https://kubernetes.default.svc'],
      exp: NOW / 1000 + 3600,
      iss: 'https://kubernetes.default.svc',
      'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'robot', uid: accountUid } },
      sub: 'system:serviceaccount:default:robot',
    })
    const [jwk] = (await call(api, 'GET /openid/v1/jwks')).json.keys
    expect(jwk.kid).toBe(JSON.parse(Buffer.from(head, 'base64url').toString()).kid)
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const bytes = Buffer.from(signature, 'base64url')
    expect(verify('sha256', Buffer.from(`${head}.${claims}`), { key, dsaEncoding: 'ieee-p1363' }, bytes)).toBe(true)
    expect((await call(api, 'GET /.well-known/openid-configuration')).json).toMatchObject({
      issuer: 'https://kubernetes.default.svc',
      jwks_uri: 'https://kubernetes.default.svc/openid/v1/jwks',
    })
  })

  it('are reviewed: who, for whom, until when', async () => {
    const { token } = (await ask({ audiences: ['vault', 'https://kubernetes.default.svc'] })).json.status
    expect(await review(token)).toMatchObject({
      authenticated: true,
      audiences: ['https://kubernetes.default.svc'],
      user: {
        username: 'system:serviceaccount:default:robot',
        uid: accountUid,
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      },
    })
    expect((await review(token, ['vault', 'other'])).audiences).toEqual(['vault'])
    expect((await review(token, ['other'])).authenticated).toBeUndefined()
    await clock.advance(3_599_000)
    expect((await review(token)).authenticated).toBe(true)
    await clock.advance(2000)
    expect(await review(token)).toMatchObject({ error: expect.any(String) })
  })

  it('end with the account', async () => {
    const { token } = (await ask({})).json.status
    expect((await review(token)).authenticated).toBe(true)
    await call(api, 'DELETE /api/v1/namespaces/default/serviceaccounts/robot')
    expect((await review(token)).authenticated).toBeUndefined()
    await call(api, 'POST /api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'robot' } } })
    expect((await review(token)).authenticated).toBeUndefined()
  })

  it('end with the pod they are bound to, and name it', async () => {
    const spec = { serviceAccountName: 'robot', containers: [{ name: 'c', image: 'i' }] }
    const pod = (await call(api, 'POST /api/v1/namespaces/default/pods', { body: { metadata: { name: 'p' }, spec } }))
      .json
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: pod.metadata.uid }
    const { token } = (await ask({ boundObjectRef })).json.status
    const found = await review(token)
    expect(found.user.extra).toMatchObject({
      'authentication.kubernetes.io/pod-name': ['p'],
      'authentication.kubernetes.io/pod-uid': [pod.metadata.uid],
    })
    expect((await ask({ boundObjectRef: { ...boundObjectRef, uid: 'other' } })).json.message).toContain(
      'the UID in the bound object reference (other) does not match the UID in record',
    )
    expect((await ask({ boundObjectRef: { ...boundObjectRef, kind: 'Deployment' } })).status).toBe(400)
    await call(api, 'DELETE /api/v1/namespaces/default/pods/p?gracePeriodSeconds=0')
    expect((await review(token)).authenticated).toBeUndefined()
    expect((await ask({ boundObjectRef })).status).toBe(404)
  })

  it('are not made for pods of another account', async () => {
    const spec = { containers: [{ name: 'c', image: 'i' }] }
    await call(api, 'POST /api/v1/namespaces/default/pods', { body: { metadata: { name: 'p' }, spec } })
    const { json } = await ask({ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p' } })
    expect(json.message).toBe(
      'cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name.',
    )
  })

  it('last ten minutes at least', async () => {
    const { json, status } = await ask({ expirationSeconds: 599 })
    expect(status).toBe(422)
    expect(json.message).toContain(
      'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
    )
    expect((await ask({ expirationSeconds: 600 })).status).toBe(201)
  })

  it.each([
    ['of another key', () => createTokenSigner().sign({ iss: 'https://kubernetes.default.svc', exp: 9e9 })],
    ['without signature', (token: string) => token.replace(/[^.]+$/, '')],
    [
      'with other claims',
      (token: string) => token.replace(/\.[^.]+\./, `.${Buffer.from('{}').toString('base64url')}.`),
    ],
    [
      'with no algorithm',
      (token: string) =>
        token.replace(/^[^.]+/, Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url')),
    ],
    ['of no form', () => 'nonsense'],
  ])('%s are nobody', async (_, forge) => {
    const { token } = (await ask({})).json.status
    expect((await review(token)).authenticated).toBe(true)
    expect((await review(forge(token))).authenticated).toBeUndefined()
  })
})

describe('opaque tokens', () => {
  const token = `sha256~${'a'.repeat(43)}`
  it('are looked up by their hash, and end', async () => {
    const { uid } = (await call(api, 'POST /apis/user.openshift.io/v1/users', { body: { metadata: { name: 'jane' } } }))
      .json.metadata
    await call(api, 'POST /apis/user.openshift.io/v1/groups', { body: { metadata: { name: 'devs' }, users: ['jane'] } })
    const body = { metadata: { name: oauthTokenName(token) }, userName: 'jane', userUID: uid, expiresIn: 600 }
    await call(api, 'POST /apis/oauth.openshift.io/v1/oauthaccesstokens', { body })
    expect((await review(token)).user).toEqual({
      username: 'jane',
      uid,
      groups: ['devs', 'system:authenticated:oauth', 'system:authenticated'],
    })
    expect((await review(`${token}b`)).authenticated).toBeUndefined()
    await clock.advance(600_000)
    expect((await review(token)).authenticated).toBeUndefined()
  })
})

describe('impersonation', () => {
  const WHO = 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews'
  it('lets those who may act as others', async () => {
    const headers = {
      'impersonate-user': 'jane',
      'impersonate-group': 'devs, ops',
      'impersonate-extra-scopes%2fall': 'a',
      'impersonate-uid': '7',
    }
    const { json } = await call(api, WHO, { body: {}, headers })
    expect(json.status.userInfo).toEqual({
      username: 'jane',
      uid: '7',
      groups: ['devs', 'ops', 'system:authenticated'],
      extra: { 'scopes/all': ['a'] },
    })
    const robot = { 'impersonate-user': 'system:serviceaccount:default:robot' }
    expect((await call(api, WHO, { body: {}, headers: robot })).json.status.userInfo.groups).toContain(
      'system:serviceaccounts:default',
    )
  })

  it('refuses all others', async () => {
    const user = { name: 'eve', groups: ['system:authenticated'] }
    expect((await call(api, WHO, { body: {}, user })).status).toBe(201)
    const headers = { 'impersonate-user': 'jane' }
    expect((await call(api, WHO, { body: {}, user, headers })).json.message).toBe(
      'users "jane" is forbidden: User "eve" cannot impersonate resource "users" in API group "" at the cluster scope',
    )
    expect((await call(api, WHO, { body: {}, headers: { 'impersonate-group': 'x' } })).status).toBe(500)
  })
})
