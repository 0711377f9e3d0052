import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemFs } from '../host/fs/real.ts'
import { flockDriver } from '../host/lock/real.ts'
import { kernelNetns } from '../host/netns/real.ts'
import { kernelSockets } from '../host/socket/real.ts'
import { kernelWorlds } from '../host/world/real.ts'
import { connectControl } from './control/client.ts'
import { type LaunchDeps, launch, stop } from './launch.ts'
import type { Launched, TwinControl } from './mod.ts'
import { twinFolder } from './state.ts'
import { fixtureProgram } from './testing.ts'

const netns = kernelNetns()
const sockets = kernelSockets(netns)
let dataHome: string
let env: Record<string, string>
beforeEach(() => {
  dataHome = mkdtempSync(`${tmpdir()}/fairlead-world-`)
  env = process.env as Record<string, string>
})
afterEach(async () => {
  await stop(deps(), 'x', true)
  rmSync(dataHome, { recursive: true })
})

const deps = (): LaunchDeps => ({
  fs: systemFs,
  locks: flockDriver,
  sockets,
  worlds: kernelWorlds(),
  home: netns.home,
  uid: process.getuid!(),
  env,
  dataHome,
  freeBytes: () => 2 ** 30,
  hostNetworks: () => [],
  supervisor: (_, folder) => [...fixtureProgram(), 'supervise', folder.root],
  setting: () => undefined,
})
const up = (steps: string[] = []): Promise<Launched> => launch(deps(), { name: 'x' }, step => steps.push(step))
const control = (): Promise<TwinControl> => connectControl(sockets, twinFolder(dataHome, 'x').controlSocket)

const KINDS = ['net', 'mnt', 'pid', 'uts', 'ipc', 'user']
const linkTo = (path: string): string => {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
/** Every process and every distinct namespace there is, and this one's links and mounts. */
function traces(): Record<string, readonly string[]> {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name) && linkTo(`/proc/${name}/exe`) !== '')
  const spaces = KINDS.map(kind => [
    kind,
    [...new Set(pids.map(pid => linkTo(`/proc/${pid}/ns/${kind}`)))].filter(Boolean).sort(),
  ])
  return {
    pids,
    ...Object.fromEntries(spaces),
    mounts: readFileSync('/proc/self/mounts', 'utf8').split('\n'),
    links: readdirSync('/proc/sys/net/ipv4/conf'),
    ports: readFileSync('/proc/net/tcp', 'utf8').match(/: \S+ \S+ 0A/g) ?? [],
  }
}
async function until<T>(attempt: () => T | Promise<T>): Promise<NonNullable<T>> {
  const endMs = performance.now() + 90_000
  for (;;) {
    const found = await attempt()
    if (found) return found as NonNullable<T>
    if (performance.now() > endMs) throw new Error('it never came')
    await new Promise(resolve => setImmediate(resolve))
  }
}
const same = (before: object): Promise<boolean> => until(() => JSON.stringify(traces()) === JSON.stringify(before))
const fetchText = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port }, answer => resolve(text(answer))).once('error', reject)
  })
async function run(target: string, ...command: string[]): Promise<string> {
  const remote = await (await control()).exec(target, command, { tty: false })
  const [out, err, code] = await Promise.all([text(remote.stdout), text(remote.stderr!), remote.exit])
  return `${out}${err}${code === 0 ? '' : `exit ${code}`}`.trim()
}
const pidOf = async (role: string): Promise<number> => {
  const { roles } = await (await control()).status()
  const inner = roles.find(each => each.name === role)?.pid
  const found = readdirSync('/proc').find(
    pid =>
      /^\d+$/.test(pid) &&
      new RegExp(`^NSpid:.*\\s${inner}$`, 'm').test(statusOf(pid)) &&
      /\bNSpid:\s+\d+\s+\d+/.test(statusOf(pid)),
  )
  return Number(found)
}
const statusOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}

describe('a world', () => {
  test('comes up, serves, and leaves nothing when it is stopped', async () => {
    const before = traces()
    const steps: string[] = []
    const { state, already } = await up(steps)
    expect(already).toBe(false)
    expect(steps.join('; ')).toContain('nodes 3/3')
    expect(JSON.parse(await fetchText(state.ports.api))).toMatchObject({ name: 'api' })
    expect((await up()).already).toBe(true)
    const during = traces()
    for (const kind of KINDS.filter(each => each !== 'user'))
      expect(during[kind]!.length).toBeGreaterThan(before[kind]!.length)
    expect(during.mounts).toEqual(before.mounts)
    expect(during.links).toEqual(before.links)
    expect(await stop(deps(), 'x', false)).toBe(true)
    await same(before)
    expect(await stop(deps(), 'x', false)).toBe(false)
  })

  test.each(['supervisor', 'init', 'outer'])(
    'leaves nothing when its %s is killed, and comes up again',
    async victim => {
      const before = traces()
      const { state } = await up()
      const outer = state.pid
      const init = Number(readFileSync(`/proc/${outer}/task/${outer}/children`, 'utf8'))
      process.kill(victim === 'outer' ? outer : victim === 'init' ? init : await pidOf('supervisor'), 'SIGKILL')
      await same(before)
      expect((await up()).already).toBe(false)
    },
  )

  test('is found and ended without its state file', async () => {
    const before = traces()
    await up()
    rmSync(`${twinFolder(dataHome, 'x').root}/state.json`)
    expect(await stop(deps(), 'x', false)).toBe(true)
    await same(before)
  })

  test('has nodes and outside hosts that reach each other by name and address', async () => {
    await up()
    expect(await run('node-2', 'busybox', 'ping', '-c', '1', '-W', '5', '172.18.0.13')).toContain('1 packets received')
    expect(await run('node-1', 'busybox', 'wget', '-qO-', 'http://whoami.internet.test/')).toBe('172.18.0.11')
    expect(await run('client', 'busybox', 'wget', '-qO-', 'http://203.0.113.10/')).toBe('172.18.0.200')
    expect(await run('client', 'busybox', 'ping', '-c', '1', '-W', '1', '10.128.0.5')).toMatch(
      /unreachable|100% packet loss/,
    )
    expect(await run('client', 'busybox', 'nslookup', 'a.apps.fairlead.test')).toContain('172.18.0.100')
    expect(await run('node-3', 'busybox', 'wget', '-qO-', 'http://172.18.0.11:6443/')).toContain('"name":"api"')
    expect(await run('nowhere', 'true').catch(String)).toContain('no node or outside host "nowhere"')
    expect(await run('node-1', 'no-such-command').catch(String)).toContain('cannot be run')
  })

  test('has a front door that passes both ways to a router', async () => {
    const { state } = await up()
    await expect(fetchText(state.ports.http)).rejects.toThrow()
    const server = await (await control()).exec(
      'node-2',
      [
        'busybox',
        'nc',
        '-l',
        '-p',
        '80',
        '-e',
        'sh',
        '-c',
        'read line; printf "HTTP/1.0 200 OK\\r\\n\\r\\nfrom the router"',
      ],
      { tty: false },
    )
    expect(await until(() => fetchText(state.ports.https).catch(() => ''))).toBe('from the router')
    await server.exit
  })

  test('starts roles again at once, and holds connections meanwhile', async () => {
    const { state } = await up()
    const pid = await pidOf('api')
    process.kill(pid, 'SIGKILL')
    expect(JSON.parse(await fetchText(state.ports.api))).toMatchObject({ name: 'api' })
    const { roles } = await (await control()).status()
    expect(roles.find(role => role.name === 'api')).toMatchObject({
      restarts: 1,
      state: 'running',
      progress: { observed: 1 },
    })
    expect(await pidOf('api')).not.toBe(pid)
  })

  test('gives the sockets of the host to the API alone', async () => {
    await up()
    const socketsOf = (pid: number, fds = readdirSync(`/proc/${pid}/fd`)): string[] =>
      fds.map(fd => linkTo(`/proc/${pid}/fd/${fd}`)).filter(target => target.startsWith('socket:'))
    const held = socketsOf(await pidOf('supervisor'), ['4', '5', '6'])
    expect(held).toHaveLength(3)
    expect(socketsOf(await pidOf('api'))).toContain(held[0])
    for (const role of ['runtime', 'node-1'])
      expect(socketsOf(await pidOf(role)).filter(each => held.includes(each))).toEqual([])
  })

  test('cuts nodes off and lets more join', async () => {
    await up()
    const twin = await control()
    const ping = (): Promise<string> => run('node-1', 'busybox', 'ping', '-c', '1', '-W', '1', '172.18.0.12')
    expect(await ping()).toContain('1 packets received')
    expect(await twin.node('cut', 'node-2')).toBe('node-2')
    expect((await twin.status()).nodes[1]).toMatchObject({ name: 'node-2', link: 'cut' })
    expect(await ping()).toContain('0 packets received')
    await twin.node('start', 'node-2')
    expect(await ping()).toContain('1 packets received')
    expect(await twin.node('add')).toBe('node-4')
    expect(await run('node-4', 'busybox', 'ping', '-c', '1', '-W', '5', '172.18.0.12')).toContain('1 packets received')
    await until(async () => (await twin.status()).roles.find(role => role.name === 'node-4')?.state === 'running')
    await expect(twin.node('cut', 'node-9')).rejects.toMatchObject({ code: 'NoNode' })
  })

  test('tells what roles print', async () => {
    await up()
    const twin = await control()
    const stop = new AbortController()
    let seen = ''
    for await (const chunk of twin.logs('node-3', { follow: true }, stop.signal)) {
      seen += String(chunk)
      if (seen.includes('node runs')) stop.abort()
    }
    await expect(
      twin.logs('nobody', { follow: false }, new AbortController().signal)[Symbol.asyncIterator]().next(),
    ).rejects.toThrow('no role "nobody"')
  })

  test('does not come up when a role does not, says which, and leaves nothing', async () => {
    const before = traces()
    env = { ...env, FIXTURE_FAILS: 'node' }
    await expect(up()).rejects.toMatchObject({
      code: 'RoleFails',
      message: expect.stringMatching(/node-\d does not start: exit code 3/),
    })
    await same(before)
  })
})
