import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { fakeFs } from '../host/fs/fake.ts'
import type { FsDriver } from '../host/fs/mod.ts'
import { fakeNetns } from '../host/netns/fake.ts'
import { fakeSockets } from '../host/socket/fake.ts'
import type { WorldDriver, WorldId } from '../host/world/mod.ts'
import type { UserError } from '../lib/errors.ts'
import { ip } from '../lib/ip.ts'
import type { LaunchDeps } from './launch.ts'
import { launch, listTwins, stop } from './launch.ts'
import { chooseUser, namespaceRefusal } from './namespaces.ts'
import type { Report } from './reports.ts'

const LOOPBACK = ip('127.0.0.1')

interface Machine extends LaunchDeps {
  readonly running: Map<number, WorldId>
  readonly started: Parameters<WorldDriver['start']>[0][]
  /** Takes a port of 127.0.0.1 as another program would. */
  take(port: number): void
}

function machine(change: { says?: Report[]; refusal?: string; uid?: number; locked?: boolean } = {}): Machine {
  const netns = fakeNetns()
  const sockets = fakeSockets()
  const running = new Map<number, WorldId>()
  const started: Machine['started'] = []
  let lastPid = 100
  const worlds: WorldDriver = {
    refusal: async () => change.refusal,
    start: async spec => {
      started.push(spec)
      const id = { pid: ++lastPid, startTime: 't' }
      running.set(id.pid, id)
      const reports = new PassThrough()
      reports.end(
        (change.says ?? [{ step: 'nodes' }, { ready: true }]).map(line => `${JSON.stringify(line)}\n`).join(''),
      )
      return { id, reports }
    },
    find: () => [...running.values()][0],
    alive: ({ pid, startTime }) => running.get(pid)?.startTime === startTime,
    stop: async ({ pid }) => void running.delete(pid),
  }
  return {
    fs: fakeFs(),
    locks: { acquire: () => (change.locked ? undefined : () => {}) },
    sockets,
    worlds,
    home: netns.home,
    uid: change.uid ?? 0,
    env: {},
    dataHome: '/data',
    freeBytes: () => 2 ** 30,
    hostNetworks: () => [],
    supervisor: config => ['main.cjs', 'supervise', config.name],
    setting: () => undefined,
    running,
    started,
    take: port => void sockets.listenFd({ netns: netns.home, port, address: LOOPBACK }),
  }
}
const quiet = (): void => {}
const rejection = (attempt: Promise<unknown>): Promise<UserError> =>
  attempt.then(
    () => {
      throw new Error('not refused')
    },
    (error: UserError) => error,
  )

describe('launch', () => {
  test('starts a world with the ports it bound, tells its steps, and records it', async () => {
    const on = machine()
    const steps: string[] = []
    const { state, already } = await launch(on, { name: 'x' }, step => steps.push(step))
    expect(already).toBe(false)
    expect(state.ports).toEqual({ api: 6443, http: 80, https: 443 })
    expect(on.started[0]?.inherit).toHaveLength(3)
    expect(steps).toEqual(['nodes'])
    expect(listTwins(on)).toEqual([{ name: 'x', state }])
  })

  test('a twin that runs is left alone', async () => {
    const on = machine()
    await launch(on, { name: 'x' }, quiet)
    expect((await launch(on, { name: 'x' }, quiet)).already).toBe(true)
    expect(on.started).toHaveLength(1)
  })

  test('ports that are taken make way, and the next run has the same again', async () => {
    const on = machine()
    on.take(6443)
    on.take(80)
    const first = await launch(on, { name: 'x' }, quiet)
    expect(first.state.ports).toEqual({ api: 7443, http: 8080, https: 443 })
    await stop(on, 'x', false)
    expect(on.fs.size('/data/fairlead/x/state.json')).toBeUndefined()
  })

  test('a port asked for by name is used when free and refused when taken; nothing is started', async () => {
    const on = machine()
    on.take(9443)
    const refused = await rejection(launch(on, { name: 'x', publish: { https: 9443 } }, quiet))
    expect([refused.code, on.started.length]).toEqual(['PortTaken', 0])
    expect(refused.message).toContain('9443')
    expect((await launch(on, { name: 'x', publish: { https: 9444 } }, quiet)).state.ports.https).toBe(9444)
  })

  test.each([
    ['/run/user/1000', 'a twin has a /run of its own'],
    [`/home/${'x'.repeat(100)}`, 'too long for a socket'],
  ])('a state folder in %s is refused, one elsewhere is not', async (dataHome, why) => {
    const on = machine()
    const refused = await rejection(launch({ ...on, dataHome }, { name: 'x' }, quiet))
    expect([refused.code, on.started.length]).toEqual(['StateFolder', 0])
    expect(refused.message).toContain(why)
    await launch({ ...on, dataHome: '/home/someone/.local/share' }, { name: 'x' }, quiet)
    expect(on.started).toHaveLength(1)
  })

  test('a world that fails says why, and nothing of it is left', async () => {
    const on = machine({
      says: [
        { step: 'nodes' },
        { error: { code: 'StoreDamaged', message: 'the store is damaged', hint: 'begin anew' } },
      ],
    })
    const refused = await rejection(launch(on, { name: 'x' }, quiet))
    expect([refused.code, refused.hint, on.running.size]).toEqual(['StoreDamaged', 'begin anew', 0])
    expect(listTwins(on)).toEqual([])
    expect(on.fs.list('/data/fairlead/x')).toEqual(['logs'])
  })

  test('a twin that served before keeps everything when it fails to start', async () => {
    const [good, bad] = [machine(), machine({ says: [{ error: { code: 'Broken', message: 'broken' } }] })]
    await launch(good, { name: 'x' }, quiet)
    await stop(good, 'x', false)
    expect((await rejection(launch({ ...bad, fs: good.fs }, { name: 'x' }, quiet))).code).toBe('Broken')
    expect(listTwins(good)).toEqual([{ name: 'x', state: undefined }])
  })

  test.each(['config.json', 'state.json'])('nothing runs when the disk is too full for %s', async file => {
    const on = machine()
    const write: FsDriver['write'] = (path, ...rest) => {
      if (path.endsWith(file)) throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
      on.fs.write(path, ...rest)
    }
    const refused = await rejection(launch({ ...on, fs: { ...on.fs, write } }, { name: 'x' }, quiet))
    expect([refused.code, refused.hint, on.running.size]).toEqual(['StateFolder', 'make room on the disk', 0])
    await launch(on, { name: 'x' }, quiet)
    expect(on.running.size).toBe(1)
  })

  test('a disk with too little room is refused before anything is made, one with enough is not', async () => {
    const on = machine()
    const refused = await rejection(launch({ ...on, freeBytes: () => 3.7 * 2 ** 20 }, { name: 'x' }, quiet))
    expect([refused.code, on.started.length]).toEqual(['DiskFull', 0])
    expect(refused.message).toBe('the disk of /data/fairlead/x has 3 MiB left; a twin needs 16')
    expect(listTwins(on)).toEqual([])
    await launch({ ...on, freeBytes: () => 16 * 2 ** 20 }, { name: 'x' }, quiet)
    expect(on.started).toHaveLength(1)
  })

  test('an interruption ends what there is of the twin', async () => {
    const on = machine({ says: [{ step: 'nodes' }] })
    const stopper = new AbortController()
    const interrupted = launch(on, { name: 'x' }, () => stopper.abort(new Error('interrupted')), stopper.signal)
    await expect(interrupted).rejects.toThrow('interrupted')
    expect([on.started.length, on.running.size]).toEqual([1, 0])
  })

  test('a world whose launcher died before it served is ended and made anew', async () => {
    const on = machine()
    const { state } = await launch(on, { name: 'x' }, quiet)
    on.fs.write('/data/fairlead/x/state.json', JSON.stringify({ ...state, serves: false }))
    expect((await launch(on, { name: 'x' }, quiet)).already).toBe(false)
    expect([on.started.length, on.running.size]).toEqual([2, 1])
  })

  test('a damaged state file is named, and does not keep the twin from being ended', async () => {
    const on = machine()
    await launch(on, { name: 'x' }, quiet)
    on.fs.write('/data/fairlead/x/state.json', '{')
    const refused = await rejection(launch(on, { name: 'x' }, quiet))
    expect(refused.message).toBe('/data/fairlead/x/state.json is damaged')
    expect(refused.hint).toContain('./fairlead down')
    expect(listTwins(on)).toEqual([{ name: 'x', state: undefined }])
    expect(await stop(on, 'x', false)).toBe(true)
    expect((await launch(on, { name: 'x' }, quiet)).already).toBe(false)
  })

  test('damaged ports are chosen anew', async () => {
    const on = machine()
    on.fs.write('/data/fairlead/x/ports.json', '{')
    expect((await launch(on, { name: 'x' }, quiet)).state.ports.api).toBe(6443)
  })

  test('a world that dies without a word is reported with its log', async () => {
    const refused = await rejection(launch(machine({ says: [] }), { name: 'x' }, quiet))
    expect(refused.code).toBe('TwinDied')
  })

  test('two commands cannot start one twin at once', async () => {
    expect((await rejection(launch(machine({ locked: true }), { name: 'x' }, quiet))).code).toBe('TwinStarting')
  })

  test('IPv6 is refused where the kernel has none, and later where the twin began without', async () => {
    const on = machine()
    const dual = { name: 'x', dualStack: true }
    expect((await rejection(launch(on, dual, quiet))).code).toBe('Ipv6Missing')
    const able = { ...on, setting: (path: string) => (path === 'net/ipv6/conf/all/forwarding' ? '0' : undefined) }
    await launch(able, dual, quiet)
    await stop(able, 'x', false)
    await launch(able, { name: 'x' }, quiet)
    await stop(able, 'x', false)
    await launch(able, dual, quiet)
    await launch(able, { name: 'plain' }, quiet)
    expect((await rejection(launch(able, { ...dual, name: 'plain' }, quiet))).code).toBe('TwinDiffers')
  })

  test('other settings than the first are refused; the same ones and none are not', async () => {
    const on = machine()
    await launch(on, { name: 'x', nodes: 2 }, quiet)
    await stop(on, 'x', false)
    expect((await rejection(launch(on, { name: 'x', nodes: 5 }, quiet))).code).toBe('TwinDiffers')
    expect((await rejection(launch(on, { name: 'x', maxPods: 300 }, quiet))).code).toBe('TwinDiffers')
    await launch(on, { name: 'x', nodes: 2 }, quiet)
    await stop(on, 'x', false)
    await launch(on, { name: 'x' }, quiet)
  })

  test('stop forgets an ephemeral twin, and any other when asked', async () => {
    const on = machine()
    await launch(on, { name: 'e', ephemeral: true }, quiet)
    await launch(on, { name: 'k' }, quiet)
    expect(await stop(on, 'e', false)).toBe(true)
    expect(await stop(on, 'k', false)).toBe(true)
    expect(listTwins(on).map(({ name }) => name)).toEqual(['k'])
    expect(await stop(on, 'k', true)).toBe(false)
    expect(listTwins(on)).toEqual([])
  })

  test('a damaged configuration is named, and can be forgotten', async () => {
    const on = machine()
    on.fs.write('/data/fairlead/x/config.json', '{')
    expect((await rejection(launch(on, { name: 'x' }, quiet))).message).toBe('/data/fairlead/x/config.json is damaged')
    await stop(on, 'x', true)
    await launch(on, { name: 'x' }, quiet)
  })
})

describe('namespaces', () => {
  test('root needs no user namespace; others do, and so does a root that asks', async () => {
    expect(await chooseUser(machine(), false)).toBe(false)
    expect(await chooseUser(machine({ uid: 1000 }), false)).toBe(true)
    expect(await chooseUser(machine(), true)).toBe(true)
    const { worlds } = machine()
    const refusal = async (user: boolean) => (user ? undefined : 'Operation not permitted')
    expect(await chooseUser({ ...machine(), worlds: { ...worlds, refusal } }, false)).toBe(true)
    expect((await rejection(chooseUser(machine({ refusal: 'no' }), false))).code).toBe('NamespacesRefused')
  })
  test.each([
    ['unshare failed: No space left on device', {}, 'max_user_namespaces'],
    ['unshare failed: Operation not permitted', { 'kernel/apparmor_restrict_unprivileged_userns': '1' }, 'apparmor'],
    [
      'unshare failed: Operation not permitted',
      { 'kernel/unprivileged_userns_clone': '0' },
      'unprivileged_userns_clone=1',
    ],
    ['unshare: mount /proc failed: Operation not permitted', {}, 'masked /proc'],
    ['unshare failed: Operation not permitted', {}, 'run as root'],
  ])('%s %j: the hint names %s', (said, settings: Record<string, string>, hint) => {
    expect(namespaceRefusal(said, true, path => settings[path]).hint).toContain(hint)
  })
})
