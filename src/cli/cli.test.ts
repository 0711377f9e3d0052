import { PassThrough, Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { Client } from '../client/mod.ts'
import { ConnectionError } from '../client/transport.ts'
import { fakeClock } from '../host/clock/fake.ts'
import { UserError } from '../lib/errors.ts'
import type { LaunchRequest, RoleStatus, TwinControl, TwinStatus } from '../twin/mod.ts'
import type { CliDeps } from './deps.ts'
import { down } from './down.ts'
import { exec } from './exec.ts'
import { logs } from './logs.ts'
import { node } from './node.ts'
import { program } from './program.ts'
import { status } from './status.ts'
import { parsePublish, up } from './up.ts'
import { parseDuration, unsettled, wait } from './wait.ts'

const ports = { api: 6443, http: 8080, https: 8443 }
const role = (name: string, observed: number, busy: string[] = []): RoleStatus => ({
  name,
  pid: 7,
  restarts: 0,
  state: 'running',
  progress: { observed, busy },
})
const twinStatus = (roles: RoleStatus[]): TwinStatus => ({
  name: 'default',
  profile: 'okd',
  uptimeMs: 130_000,
  ports,
  roles,
  nodes: [{ name: 'node-1', address: '172.18.0.11', address6: 'fd18::11', link: 'up' }],
  outside: [{ name: 'client', address: '172.18.0.200', is: 'outside' }],
})

interface World {
  readonly deps: CliDeps
  readonly calls: string[]
  out: string
  launched?: LaunchRequest
}

function world(
  change: {
    control?: Partial<TwinControl>
    already?: boolean
    marks?: number[]
    files?: Record<string, string>
    stopped?: boolean
  } = {},
): World {
  const calls: string[] = []
  const marks = change.marks ?? [5, 5]
  const control: TwinControl = {
    status: async () => twinStatus([role('api', 5)]),
    exec: async () => {
      throw new UserError('x', 'unused')
    },
    node: async (action, name) => {
      calls.push(`${action} ${name}`)
      return name ?? 'node-4'
    },
    logs: async function* () {
      yield Buffer.from('a line\n')
    },
    close: () => calls.push('closed'),
    ...change.control,
  }
  const stdout = Object.assign(new PassThrough(), { columns: 80, rows: 24, isTTY: false })
  const result: World = {
    calls,
    out: '',
    deps: {
      snapshots: {
        save: async (name, file) => {
          calls.push(`save ${name} ${file}`)
          return { count: 7, revision: 99 }
        },
        restore: async (name, file) => {
          calls.push(`restore ${name} ${file}`)
          return { count: 7, before: '/state/before' }
        },
      },
      twins: {
        launch: async request => {
          result.launched = request
          return {
            state: { name: request.name, pid: 1, startTime: '1', ports, serves: true },
            profile: request.profile ?? 'okd',
            kubeconfig: '/state/kubeconfig',
            already: change.already ?? false,
          }
        },
        stop: async () => change.stopped ?? true,
        list: async () => [],
        kubeconfigPath: () => '/state/kubeconfig',
        control: async () => control,
      },
      clock: fakeClock(),
      probe: {} as CliDeps['probe'],
      version: '1.2.3',
      api: async () =>
        ({
          request: async () => ({ resourceVersion: String(marks.shift() ?? 5) }),
          close: () => {},
        }) as unknown as Client,
      readFile: async path => {
        const text = change.files?.[path]
        if (text === undefined) throw new Error('ENOENT')
        return text
      },
      example: async () => [],
      fetch: async () => ({ status: 200, certificateNames: '' }),
      out: text => {
        result.out += text
      },
      err: () => {},
      stdin: Readable.from([]) as unknown as CliDeps['stdin'],
      stdout: stdout as unknown as CliDeps['stdout'],
      stderr: new PassThrough() as unknown as CliDeps['stderr'],
      interrupted: new AbortController().signal,
    },
  }
  stdout.on('data', chunk => {
    result.out += chunk
  })
  return result
}
const refusal = (attempt: Promise<unknown>): Promise<UserError> =>
  attempt.then(
    () => {
      throw new Error('not refused')
    },
    (error: UserError) => error,
  )

describe('up', () => {
  test('says KUBECONFIG, the front door and what to try', async () => {
    const it = world()
    expect(await up(it.deps, { name: 'default' })).toBe(0)
    expect(it.out).toContain('export KUBECONFIG=/state/kubeconfig')
    expect(it.out).toContain('https://NAME-NAMESPACE.apps.fairlead.localhost:8443')
    expect(it.out).toContain('./fairlead demo')
  })
  test('says nothing of Routes where there are none', async () => {
    const it = world()
    expect(await up(it.deps, { name: 'default', profile: 'kubernetes' })).toBe(0)
    expect(it.out).toContain('https://127.0.0.1:8443')
    expect(it.out).not.toMatch(/Route|demo/)
  })
  test('a twin that runs already is left alone and said so', async () => {
    const it = world({ already: true })
    expect(await up(it.deps, { name: 'x' })).toBe(0)
    expect(it.out).toContain('already running')
  })
  test('passes on what was asked for', async () => {
    const it = world({ files: { 'n.yaml': 'networking: {}' } })
    await up(it.deps, {
      name: 'x',
      nodes: '5',
      profile: 'kubernetes',
      config: 'n.yaml',
      ephemeral: true,
      rootless: true,
      publish: 'api=7443',
    })
    expect(it.launched).toEqual({
      name: 'x',
      nodes: 5,
      profile: 'kubernetes',
      ephemeral: true,
      rootless: true,
      publish: { api: 7443 },
      file: { path: 'n.yaml', text: 'networking: {}' },
    })
  })
  test('refuses an unknown profile and an unreadable file', async () => {
    expect((await refusal(up(world().deps, { name: 'x', profile: 'k3s' }))).hint).toContain('okd and kubernetes')
    expect((await refusal(up(world().deps, { name: 'x', config: 'none.yaml' }))).message).toBe(
      'none.yaml: cannot be read',
    )
  })
  test('--publish', async () => {
    expect(parsePublish('api=7443, http=80,https=443')).toEqual({ api: 7443, http: 80, https: 443 })
    for (const wrong of ['7443', 'api=0', 'api=70000', 'ssh=22', ''])
      expect(() => parsePublish(wrong)).toThrow(UserError)
  })
})

describe('wait', () => {
  test('names who is behind, busy or not running; nobody when all have seen the revision', () => {
    const link = (name: string, link: 'up' | 'cut') => ({ name, address: '', link })
    const nodes = [link('node-1', 'up'), link('node-3', 'cut')]
    const away = [role('node-3', 1), role('router-node-3', 1)]
    const roles = [role('api', 9), { ...role('node-2', 0), state: 'stopped' as const }, ...away]
    expect(unsettled(roles, nodes, 9)).toEqual([])
    expect(
      unsettled(
        [role('api', 8), role('node-1', 9, ['network']), { ...role('runtime', 9), state: 'waiting' }],
        nodes,
        9,
      ),
    ).toEqual(['api has seen 8 of 9', 'node-1 is busy with network', 'runtime is waiting'])
  })
  test('returns when every role has seen the revision and nobody writes', async () => {
    expect(await wait(world().deps, { name: 'x' })).toBe(0)
  })
  test('asks again when something was written meanwhile', async () => {
    const marks = [5, 6, 6, 6]
    const it = world({ marks, control: { status: async () => twinStatus([role('api', 6)]) } })
    const waited = wait(it.deps, { name: 'x' })
    await (it.deps.clock as ReturnType<typeof fakeClock>).advance(100)
    expect(await waited).toBe(0)
    expect(marks).toEqual([])
  })
  test('goes on while the API is away, and says so when it stays away', async () => {
    const it = world()
    let away = 2
    const request = async (): Promise<unknown> => {
      if (away-- > 0) throw new ConnectionError('the API is away')
      return { resourceVersion: '5' }
    }
    const deps = { ...it.deps, api: async () => ({ request, close: () => {} }) as unknown as Client }
    const clock = it.deps.clock as ReturnType<typeof fakeClock>
    const back = wait(deps, { name: 'x' })
    await clock.advance(1000)
    expect(await back).toBe(0)
    away = Number.POSITIVE_INFINITY
    const refused = refusal(wait(deps, { name: 'x', timeout: '1s' }))
    await clock.advance(2000)
    expect((await refused).message).toBe('not settled within 1 s: the API is away')
  })
  test('gives up after the timeout and says what it waited for', async () => {
    const it = world({ control: { status: async () => twinStatus([role('node-1', 5, ['pods'])]) } })
    const refused = refusal(wait(it.deps, { name: 'x', timeout: '1s' }))
    await (it.deps.clock as ReturnType<typeof fakeClock>).advance(2000)
    expect((await refused).message).toBe('not settled within 1 s: node-1 is busy with pods')
    expect(it.calls).toContain('closed')
  })
  test('durations', () => {
    expect([parseDuration('90'), parseDuration('30s'), parseDuration('2m'), parseDuration('250ms')]).toEqual([
      90_000, 30_000, 120_000, 250,
    ])
    expect(() => parseDuration('soon')).toThrow(UserError)
  })
})

describe('other verbs', () => {
  test('status lists roles and hosts; a role that does not run makes the exit code 1', async () => {
    const it = world()
    expect(await status(it.deps, { name: 'x' })).toBe(0)
    expect(it.out).toMatch(/api +running +0 +7 +settled/)
    expect(it.out).toMatch(/node-1 +172.18.0.11 fd18::11 +link up/)
    expect(it.out).toMatch(/client +172.18.0.200 +outside/)
    expect(
      await status(
        world({ control: { status: async () => twinStatus([{ ...role('api', 1), state: 'waiting' }]) } }).deps,
        { name: 'x' },
      ),
    ).toBe(1)
  })
  test('down says whether anything ran', async () => {
    const running = world()
    await down(running.deps, { name: 'x' })
    expect(running.out).toContain('is down')
    const none = world({ stopped: false })
    await down(none.deps, { name: 'x' })
    expect(none.out).toContain('was not running')
  })
  test('node passes action and name; an unknown action and a missing name are refused', async () => {
    const it = world()
    expect(await node(it.deps, 'cut', 'node-2', { name: 'x' })).toBe(0)
    expect(it.calls[0]).toBe('cut node-2')
    expect((await refusal(node(it.deps, 'explode', 'node-2', { name: 'x' }))).code).toBe('Usage')
    expect((await refusal(node(it.deps, 'stop', undefined, { name: 'x' }))).code).toBe('Usage')
  })
  test('node add and start return when the node is Ready, and say so when it does not become that', async () => {
    let status = 'Unknown'
    const ready = {
      status: {
        conditions: [
          {
            type: 'Ready',
            get status() {
              return status
            },
          },
        ],
      },
    }
    const it = world({ control: { status: async () => twinStatus([role('node-4', 5)]) } })
    const api = async () => ({ find: async () => ready, close: () => {} }) as unknown as Client
    const clock = it.deps.clock as ReturnType<typeof fakeClock>
    const added = node({ ...it.deps, api }, 'add', undefined, { name: 'x' })
    await clock.advance(1000)
    expect(it.out).toBe('')
    status = 'True'
    await clock.advance(1000)
    expect([await added, it.out]).toEqual([0, 'node-4 added\n'])
    status = 'False'
    const late = refusal(node({ ...it.deps, api }, 'start', 'node-4', { name: 'x' }))
    await clock.advance(70_000)
    expect((await late).code).toBe('NotReady')
  })
  test('logs prints what the role wrote', async () => {
    const it = world()
    expect(await logs(it.deps, 'api', { name: 'x', tail: '5' })).toBe(0)
    expect(it.out).toBe('a line\n')
    expect((await refusal(logs(it.deps, 'api', { name: 'x', tail: 'many' }))).code).toBe('Usage')
  })
  test('exec carries output and exit code; without a command it is refused', async () => {
    const remote = {
      stdin: null,
      stdout: Readable.from(['hello\n']),
      stderr: null,
      resize: () => {},
      exit: new Promise<number>(resolve => setImmediate(() => setImmediate(() => resolve(3)))),
    }
    const it = world({ control: { exec: async () => remote } })
    expect(await exec(it.deps, 'node-1', ['true'], { name: 'x' })).toBe(3)
    expect(it.out).toBe('hello\n')
    expect((await refusal(exec(it.deps, 'node-1', [], { name: 'x' }))).hint).toContain('ip route')
  })
})

test('every verb has a description and an unknown one is refused', async () => {
  const root = program(world().deps, () => {})
  for (const command of root.commands) expect(command.description()).not.toBe('')
  root.configureOutput({ writeErr: () => {} })
  await expect(root.parseAsync(['node', 'fairlead', 'fly'])).rejects.toThrow(/unknown command/)
})

describe('snapshot', () => {
  const run = async (...args: string[]) => {
    const twin = world()
    let code = -1
    await program(twin.deps, exit => {
      code = exit
    }).parseAsync(['snapshot', ...args], { from: 'user' })
    return { ...twin, code }
  }

  test('save and restore say what they did; anything else is refused', async () => {
    const saved = await run('save', 'file', '--name', 'one')
    expect([saved.code, saved.calls]).toEqual([0, ['save one file']])
    expect(saved.out).toBe('7 objects of the twin "one" are in file, as they were at revision 99.\n')
    const restored = await run('restore', 'file')
    expect([restored.code, restored.calls]).toEqual([0, ['restore default file']])
    expect(restored.out).toContain('before is in /state/before')
    await expect(run('keep', 'file')).rejects.toMatchObject({ code: 'Usage' })
  })
})
