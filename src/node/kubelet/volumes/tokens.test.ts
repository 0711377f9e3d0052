import { afterEach, expect, test } from 'vitest'
import { ConfigMap } from '../../../api/core/config-map.ts'
import type { Client } from '../../../client/mod.ts'
import { eventually, testBench } from '../../../client/testing.ts'
import { fakeClock } from '../../../host/clock/fake.ts'
import { fakeFs } from '../../../host/fs/fake.ts'
import { silent } from '../../../lib/log.ts'
import { podOf } from '../testing.ts'
import { createVolumeFollower } from './follow.ts'
import { createTokens } from './tokens.ts'

const stop = new AbortController()
const benches: ReturnType<typeof testBench>[] = []
afterEach(() => {
  for (const bench of benches.splice(0)) bench.close()
})

const SECONDS = 3607
const where = { node: 'node-1', hostIps: ['172.18.0.11'], podIps: ['10.128.0.3'] }
const pod = podOf({
  spec: {
    serviceAccountName: 'robot',
    volumes: [
      {
        name: 'kube-api-access-x',
        projected: {
          sources: [
            { serviceAccountToken: { path: 'token', expirationSeconds: SECONDS } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          ],
        },
      },
    ],
  },
})
const { namespace = '', uid } = pod.metadata
const bundle = (ca: string, home = namespace) => ({
  metadata: { namespace: home, name: 'kube-root-ca.crt' },
  data: { 'ca.crt': ca },
})

/** Answers with tokens that are numbered. */
function issuer() {
  const asked: { path: string; body: unknown }[] = []
  const request = async (_method: string, path: string, body?: unknown) => {
    asked.push({ path, body })
    return { status: { token: `token-${asked.length}` } }
  }
  return { asked, client: { request } as unknown as Client }
}

test('a token is asked for once, for its pod alone, and again when a fifth of its life is left', async () => {
  const clock = fakeClock()
  const { asked, client } = issuer()
  const tokens = createTokens({ client, clock })
  const get = (audience?: string) =>
    tokens.get(pod, { expirationSeconds: SECONDS, ...(audience === undefined ? {} : { audience }) })
  expect([await get(), await get(), await get('vault')]).toEqual(['token-1', 'token-1', 'token-2'])
  expect(asked[0]).toMatchObject({
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/robot/token`,
    body: { spec: { audiences: [], expirationSeconds: SECONDS, boundObjectRef: { kind: 'Pod', uid } } },
  })
  const lifeMs = SECONDS * 1000 * 0.8
  expect(tokens.renewAtMs(uid)).toBe(clock.now() + lifeMs)
  await clock.advance(lifeMs - 1)
  expect(await get()).toBe('token-1')
  await clock.advance(1)
  expect(await get()).toBe('token-3')
  tokens.forget(uid)
  expect([tokens.renewAtMs(uid), await get()]).toEqual([undefined, 'token-4'])
})

test('files of a running pod get the new token and the new authority', async () => {
  const bench = testBench()
  benches.push(bench)
  const clock = fakeClock()
  const fs = fakeFs()
  const { asked, client } = issuer()
  bench.api.put(ConfigMap, bundle('one'))
  const deps = { fs, clock, tokens: createTokens({ client, clock }), informers: bench.informers, log: silent }
  const follower = createVolumeFollower({ ...deps, busy: () => {} }, '/state', stop.signal)
  follower.follow(pod, where)
  const read = (file: string) =>
    fs.read(`/state/volumes/${uid}/kube-api-access-x/${file}`)?.toString() ?? JSON.stringify(fs.list('/state'))
  await eventually(() => read('token') === 'token-1' && read('ca.crt') === 'one')
  bench.api.put(ConfigMap, bundle('elsewhere', 'other'))
  bench.api.put(ConfigMap, bundle('two'))
  await eventually(() => read('ca.crt') === 'two')
  expect([read('token'), asked.length]).toEqual(['token-1', 1])
  await clock.advance(SECONDS * 1000)
  await eventually(() => read('token') === 'token-2')
})
