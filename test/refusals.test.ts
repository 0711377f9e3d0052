/** What is asked for and cannot be: each time a clear error with its remedy, and nothing half started. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Result } from './harness.ts'
import { FAIRLEAD, nothingLeft, run, start, startTwin, traces, until, worldPids } from './harness.ts'

const dataHome = mkdtempSync(join(tmpdir(), 'fairlead-refusals-'))
const env = { ...process.env, XDG_DATA_HOME: dataHome }
afterAll(() => rmSync(dataHome, { recursive: true, force: true }))

const fairlead = (...args: string[]): Promise<Result> => run(FAIRLEAD, args, { env, timeoutMs: 120_000 })
const folderOf = (name: string): string => join(dataHome, 'fairlead', name)
const pidOf = (name: string): number =>
  (JSON.parse(readFileSync(join(folderOf(name), 'state.json'), 'utf8')) as { pid: number }).pid

let before: Awaited<ReturnType<typeof traces>>
beforeEach(async () => {
  before = await traces()
})
afterEach(async () => {
  await nothingLeft(before)
})

/** Failed, in words for users, with a remedy; nothing of it runs. */
async function refused(attempt: Promise<Result>, ...words: (string | RegExp)[]): Promise<void> {
  const { code, stderr } = await attempt
  expect(code).not.toBe(0)
  for (const word of words) expect(stderr).toMatch(word)
  expect(stderr).toMatch(/^ {2}(-> |sudo )/m)
  expect(stderr).not.toMatch(/^ {4}at |fault of Fairlead/m)
  await nothingLeft(before)
}
async function allowed(attempt: Promise<Result>): Promise<string> {
  const { code, stdout, stderr } = await attempt
  expect(code, stderr).toBe(0)
  return stdout
}

describe('up is refused', () => {
  test('for a port that was asked for and is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    await refused(fairlead('up', '--name', 'taken', '--publish', `https=${port}`), `port ${port}`, 'ss -ltnp')
    await new Promise(resolve => server.close(resolve))
    await allowed(fairlead('up', '--name', 'taken', '--publish', `https=${port}`, '--ephemeral'))
    await fairlead('down', '--name', 'taken')
    expect(existsSync(folderOf('taken'))).toBe(false)
  })

  test('for a twin that another command is starting; one that serves is left alone', async () => {
    const first = fairlead('up', '--name', 'twice', '--ephemeral')
    await until('it is starting', async () => existsSync(join(folderOf('twice'), 'state.json')))
    const { code, stderr } = await fairlead('up', '--name', 'twice')
    expect(code).toBe(1)
    expect(stderr).toMatch(/"twice" is being started by another command\n {2}-> .*fairlead status --name twice/)
    await allowed(first)
    const pid = pidOf('twice')
    expect(await allowed(fairlead('up', '--name', 'twice'))).toContain('already running')
    expect(pidOf('twice')).toBe(pid)
    const other = await fairlead('up', '--name', 'twice', '--nodes', '2')
    expect(other.stderr).toMatch(/exists with other settings \(okd, 3 nodes\)\n {2}-> .*--forget --name twice/)
    await fairlead('down', '--name', 'twice')
  })

  test('without a tool that it needs', async () => {
    const tools = mkdtempSync(join(tmpdir(), 'fairlead-tools-'))
    writeFileSync(join(tools, 'id'), '#!/bin/sh\necho 1000\n', { mode: 0o755 })
    const hide = `mount --bind /dev/null /usr/sbin/haproxy && PATH=${tools}:$PATH exec "$@"`
    const hidden = (...args: string[]): Promise<Result> =>
      run('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', hide, 'sh', FAIRLEAD, ...args], { env })
    await refused(
      hidden('up', '--name', 'tool'),
      /missing: haproxy\n.*\n +sudo apt-get update && sudo apt-get install .* haproxy/,
    )
    expect(existsSync(folderOf('tool'))).toBe(false)
    expect((await hidden('doctor')).stdout).toMatch(/FAIL +haproxy +not installed\n +-> .*apt-get install haproxy/)
    expect((await fairlead('doctor')).stdout).toMatch(/ok +haproxy/)
    rmSync(tools, { recursive: true })
  })

  test('where the machine forbids namespaces', async () => {
    const forbidden = (...args: string[]): Promise<Result> =>
      run(
        'unshare',
        ['--user', '--map-root-user', 'sh', '-c', 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'].concat(
          'sh',
          FAIRLEAD,
          ...args,
        ),
        { env },
      )
    await refused(
      forbidden('up', '--name', 'forbidden', '--rootless'),
      /refuses user namespaces: .*No space left/,
      'sysctl user.max_user_namespaces',
    )
    expect(readdirSync(folderOf('forbidden'))).toEqual(['launch.lock'])
  })

  test('on a disk without room, and not when there is some', async () => {
    const full = mkdtempSync(join(tmpdir(), 'fairlead-full-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', full])
    before = await traces()
    const ballast = join(full, 'ballast')
    const up = (): Promise<Result> =>
      run(FAIRLEAD, ['up', '--name', 'full', '--ephemeral'], { env: { ...env, XDG_DATA_HOME: full } })
    for (const left of [0, 4096, 15 << 20]) {
      writeFileSync(ballast, Buffer.alloc((32 << 20) - left))
      await refused(up(), /has \d+ MiB left; a twin needs 16/, 'make room')
    }
    rmSync(ballast)
    await allowed(up())
    await run(FAIRLEAD, ['down', '--name', 'full'], { env: { ...env, XDG_DATA_HOME: full } })
    execFileSync('umount', [full])
    rmSync(full, { recursive: true })
    before = await traces()
  })

  test('for networks that overlap, both named', async () => {
    const file = join(dataHome, 'net.yaml')
    writeFileSync(
      file,
      'networking:\n  clusterNetwork: [{cidr: 10.0.0.0/8, hostPrefix: 23}]\n  serviceNetwork: [10.96.0.0/16]\n',
    )
    await refused(
      fairlead('up', '--config', file),
      'clusterNetwork 10.0.0.0/8 overlaps serviceNetwork 10.96.0.0/16',
      '--config',
    )
  })

  test('where the state folder cannot be', async () => {
    const file = join(dataHome, 'a-file')
    writeFileSync(file, '')
    for (const place of [file, '/run'])
      await refused(
        run(FAIRLEAD, ['up'], { env: { ...env, XDG_DATA_HOME: place } }),
        `${place}/fairlead/default cannot`,
        'XDG_DATA_HOME',
      )
  })

  test.each([
    [['--name', 'Not_A_Name'], /"Not_A_Name" cannot be a twin's name/],
    [['--nodes', '99'], /1 to 32 nodes, not 99/],
    [['--nodes', 'three'], /1 to 32 nodes/],
    [['--profile', 'k3s'], /--profile k3s: unknown/],
    [['--publish', 'https=99999'], /--publish "https=99999" is not understood/],
    [['--config', '/nowhere.yaml'], /\/nowhere.yaml: cannot be read/],
  ])('for %j', async (args, error) => {
    await refused(fairlead('up', ...args), error)
  })
})

describe('damage', () => {
  test('of a file in the state folder is named with a way out; each way leads to a twin', async () => {
    const twin = await startTwin({ name: 'damaged', dataHome })
    await twin.kubectl('create', 'namespace', 'kept')
    const running = worldPids(twin)
    const state = join(folderOf('damaged'), 'state.json')
    writeFileSync(state, '{"pid":')
    for (const verb of ['up', 'status', 'kubeconfig'])
      expect((await twin.fairlead(verb)).stderr).toMatch(/state\.json is damaged\n {2}-> .*fairlead down/)
    expect((await fairlead('status', '--all')).stdout).toMatch(/^damaged /m)
    expect((await twin.fairlead('down')).stdout).toContain('is down')
    expect(running.filter(pid => existsSync(`/proc/${pid}`))).toEqual([])

    writeFileSync(join(folderOf('damaged'), 'ports.json'), 'damaged')
    await allowed(twin.fairlead('up'))
    expect(await twin.kubectl('get', 'namespace', 'kept', '-o', 'name')).toContain('kept')
    await twin.fairlead('down')

    const pki = join(folderOf('damaged'), 'pki')
    writeFileSync(join(pki, 'ca.key'), 'damaged')
    await refused(fairlead('up', '--name', 'damaged'), `${pki}/ca.crt or .key is damaged`, `remove the folder ${pki}`)
    rmSync(pki, { recursive: true })
    await allowed(twin.fairlead('up'))
    expect(await twin.kubectl('get', 'namespace', 'kept', '-o', 'name')).toContain('kept')
    await twin.fairlead('down')

    const store = join(folderOf('damaged'), 'store', 'state.mdb')
    writeFileSync(store, 'this is not a database'.repeat(1000))
    await refused(
      fairlead('up', '--name', 'damaged'),
      `api does not start: the state file ${store} is damaged`,
      'move it away',
    )
    rmSync(store)
    await allowed(twin.fairlead('up'))
    await twin.fairlead('down')

    writeFileSync(join(folderOf('damaged'), 'config.json'), '{')
    await refused(fairlead('up', '--name', 'damaged'), /config\.json is damaged/, /fairlead down --forget/)
    await allowed(fairlead('down', '--name', 'damaged', '--forget'))
    expect(existsSync(folderOf('damaged'))).toBe(false)
  })
})

describe('a start that does not come to its end', () => {
  const starting = async (name: string) => {
    const up = start(FAIRLEAD, ['up', '--name', name], env)
    const ended = new Promise<number | null>(resolve => up.once('exit', resolve))
    await until('it is starting', async () => existsSync(join(folderOf(name), 'state.json')))
    return { up, ended }
  }

  test('interrupted with ^C leaves nothing but its logs', async () => {
    const { up, ended } = await starting('interrupted')
    up.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(readdirSync(folderOf('interrupted'))).toEqual(['logs'])
    expect((await fairlead('status', '--all')).stdout).not.toContain('interrupted')
  })

  test('ended with down says so', async () => {
    const { up, ended } = await starting('ended')
    let said = ''
    up.stderr.on('data', chunk => {
      said += String(chunk)
    })
    await allowed(fairlead('down', '--name', 'ended'))
    expect(await ended).toBe(1)
    expect(said).toMatch(/the twin (was )?ended while it was starting/)
  })

  test('killed with -9 leaves nothing running, and the next one succeeds', async () => {
    const { up, ended } = await starting('killed')
    up.kill('SIGKILL')
    await ended
    await nothingLeft(before)
    await allowed(fairlead('up', '--name', 'killed'))
    await fairlead('down', '--name', 'killed', '--forget')
  })
})

test('verbs for a twin that does not run say how to start it', async () => {
  for (const args of [['status'], ['wait'], ['kubeconfig'], ['exec', 'node-1', 'true'], ['logs', 'api'], ['demo']])
    await refused(
      fairlead(args[0]!, '--name', 'nobody', ...args.slice(1)),
      /"nobody" is not running/,
      'fairlead up --name nobody',
    )
  expect((await fairlead('down', '--name', 'nobody')).code).toBe(0)
})

test.each([
  [['router'], '--default-certificate', ['--settings=no'], 'RouterArgument|--settings'],
  [['dns'], '--upstream', ['--log=much'], '--log=much'],
  [['node', '--proxy-only'], '--cluster-cidr', ['--colour=red'], '--colour'],
])('%j, for any cluster, says what it takes, and refuses what it does not', async (command, flag, wrong, named) => {
  const help = await allowed(fairlead(...command, '--help'))
  for (const each of ['--kubeconfig', flag]) expect(help).toContain(`  ${each} `)
  await refused(fairlead(...command, ...wrong), new RegExp(named))
})

describe('the machine is what it was: links, routes, rules, mounts, processes, namespaces', () => {
  test('after down', async () => {
    const twin = await startTwin({ name: 'clean', args: ['--ephemeral'] })
    expect(await traces()).not.toEqual(before)
    const pids = worldPids(twin)
    await twin.down()
    expect(pids.filter(pid => existsSync(`/proc/${pid}`))).toEqual([])
    expect(existsSync(twin.dataHome)).toBe(false)
  })

  test.each(['the outer unshare', 'PID 1'])('after %s is killed with -9', async victim => {
    const twin = await startTwin({ name: 'clean', dataHome })
    const outer = pidOf('clean')
    const pids = worldPids(twin)
    process.kill(victim === 'PID 1' ? pids[0]! : outer, 'SIGKILL')
    await until('nothing of it runs', async () => !pids.some(pid => existsSync(`/proc/${pid}`)))
    expect((await twin.fairlead('down')).code).toBe(0)
    await fairlead('down', '--name', 'clean', '--forget')
    expect(existsSync(folderOf('clean'))).toBe(false)
  })
})
