import { createInterface } from 'node:readline'
import { afterAll, describe } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import { fakeFs } from '../../host/fs/fake.ts'
import { fakeNetns } from '../../host/netns/fake.ts'
import type { FakeProgram, FakeRun } from '../../host/process/fake.ts'
import { fakeProcesses } from '../../host/process/fake.ts'
import { fakeSockets } from '../../host/socket/fake.ts'
import { silent } from '../../lib/log.ts'
import type { Subject } from './conformance.ts'
import { runtimeConformance } from './conformance.ts'
import { startRuntime } from './role.ts'
import { createRuntime } from './runtime.ts'
import type { RuntimeDeps } from './state.ts'
import { connectRuntime } from './wire/client.ts'

const untilKilled = ({ signal }: FakeRun): Promise<number> =>
  new Promise(resolve => signal.addEventListener('abort', () => resolve(0), { once: true }))

/** As much of a shell as the conformance suite's scripts need. */
const sh: FakeProgram = async run => {
  const lines = createInterface({ input: run.stdin })[Symbol.asyncIterator]()
  for (const command of run.spec.args[1]!.split('; ')) {
    const echo = /^echo (\w+)( >&2)?$/.exec(command)
    const exit = /^exit (\d+)$/.exec(command)
    if (echo) (echo[2] ? run.stderr : run.stdout).write(`${echo[1]}\n`)
    else if (exit) return Number(exit[1])
    else if (command === 'read line') await lines.next()
    else if (command === 'cat')
      for (let next = await lines.next(); !next.done; next = await lines.next()) run.stdout.write(`${next.value}\n`)
    else if (command === 'while read line') {
      for (let next = await lines.next(); !next.done; next = await lines.next()) run.stdout.write(`got ${next.value}\n`)
      return 0
    } else if (command === 'exec sleep 60') return untilKilled(run)
  }
  return 0
}

function world() {
  const netns = fakeNetns()
  const process = fakeProcesses({ sh, sleep: untilKilled, true: () => 0 })
  const deps: RuntimeDeps = { netns, process, socket: fakeSockets(), fs: fakeFs({}), clock: systemClock, log: silent }
  const sandbox: Subject['sandbox'] = podUid => {
    netns.close(netns.create(`pod-${podUid}`))
    return {
      podUid,
      namespace: 'default',
      name: podUid,
      node: 'node-1',
      netns: `pod-${podUid}`,
      hostname: podUid,
      podIps: ['10.128.0.3'],
      hostNetwork: false,
      resolvConf: '',
      hosts: '',
    }
  }
  return { deps, sandbox }
}

const options = {
  stateDir: '/run/runtime',
  builtins: new Map(),
  roles: new Map(),
  roleMounts: [],
  logLimitBytes: 1e6,
  certificate: async () => ({ cert: '', key: '' }),
}

describe('in this process', () => {
  const { deps, sandbox } = world()
  const runtime = createRuntime(deps, options)
  runtimeConformance(async () => ({ runtime, sandbox }))
})

describe('behind a socket', () => {
  const { deps, sandbox } = world()
  const stop = new AbortController()
  const started = startRuntime(deps, { ...options, socketPath: '/run/runtime.sock' }, stop.signal)
  const runtime = connectRuntime(deps.socket, '/run/runtime.sock')
  runtimeConformance(async () => {
    await started
    return { runtime, sandbox }
  })
  afterAll(async () => {
    runtime.close()
    stop.abort()
    await (await started).done
  })
})
