import { expect, it } from 'vitest'
import type { Pod } from '../../../api/core/pod.ts'
import { fakeClock } from '../../../host/clock/fake.ts'
import { fakeFs } from '../../../host/fs/fake.ts'
import { createStorageLimits } from './limits.ts'

const pod = (spec: object): Pod =>
  ({ metadata: { uid: 'u', name: 'p', namespace: 'shop' }, spec: { containers: [{ name: 'c' }], ...spec } }) as never
const cache = (sizeLimit?: string, medium?: string) => ({
  volumes: [{ name: 'cache', emptyDir: { ...(sizeLimit ? { sizeLimit } : {}), ...(medium ? { medium } : {}) } }],
})
const file = (name: string) => `/state/volumes/u/cache/${name}`

function world() {
  const clock = fakeClock()
  const fs = fakeFs({})
  const looks: string[] = []
  const limits = createStorageLimits({ fs, clock, changed: uid => looks.push(uid) }, '/state')
  return { clock, fs, looks, limits }
}

it('a pod that writes more into a volume than it may has to go; one that does not may stay', async () => {
  const { clock, fs, looks, limits } = world()
  limits.follow(pod(cache('1Ki')))
  fs.write(file('a/b'), 'x'.repeat(1024))
  await clock.advance(30_000)
  expect([looks, limits.exceeded('u')]).toEqual([[], undefined])
  fs.write(file('c'), 'y')
  await clock.advance(10_000)
  expect(looks).toEqual(['u'])
  expect(limits.exceeded('u')).toBe('Usage of EmptyDir volume "cache" exceeds the limit "1Ki". ')
  limits.forget('u')
  expect(limits.exceeded('u')).toBeUndefined()
})

it('what containers may write in all counts too, but not what is in memory', async () => {
  const limited = { containers: [{ name: 'c', resources: { limits: { 'ephemeral-storage': '1Ki' } } }] }
  const inMemory = world()
  inMemory.limits.follow(pod({ ...limited, ...cache(undefined, 'Memory') }))
  inMemory.fs.write(file('a'), 'x'.repeat(2000))
  await inMemory.clock.advance(20_000)
  expect(inMemory.limits.exceeded('u')).toBeUndefined()
  const onDisk = world()
  onDisk.limits.follow(pod({ ...limited, ...cache() }))
  onDisk.fs.write(file('a'), 'x'.repeat(2000))
  await onDisk.clock.advance(20_000)
  expect(onDisk.limits.exceeded('u')).toBe(
    'Pod ephemeral local storage usage exceeds the total limit of containers 1Ki. ',
  )
})

it('nothing ticks for pods without limits', async () => {
  const { clock, fs, looks, limits } = world()
  limits.follow(pod(cache()))
  fs.write(file('a'), 'x'.repeat(1e6))
  await clock.advance(60_000)
  expect(looks).toEqual([])
})
