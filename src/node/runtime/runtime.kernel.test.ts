import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, afterEach, describe } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import { systemFs } from '../../host/fs/real.ts'
import { kernelNetns } from '../../host/netns/real.ts'
import { kernelProcesses } from '../../host/process/real.ts'
import { kernelSockets } from '../../host/socket/real.ts'
import { silent } from '../../lib/log.ts'
import { selfSigned } from './certificate.ts'
import type { Subject } from './conformance.ts'
import { runtimeConformance } from './conformance.ts'
import { startRuntime } from './role.ts'
import { createRuntime } from './runtime.ts'
import type { RuntimeDeps, RuntimeOptions } from './state.ts'
import { connectRuntime } from './wire/client.ts'

const netns = kernelNetns()
const folder = mkdtempSync(`${tmpdir()}/fairlead-runtime-`)
const deps: RuntimeDeps = {
  netns,
  socket: kernelSockets(netns),
  process: kernelProcesses(netns),
  fs: systemFs,
  clock: systemClock,
  log: silent,
}
const options: RuntimeOptions = {
  stateDir: `${folder}/state`,
  builtins: new Map(),
  roles: new Map(),
  roleMounts: [],
  logLimitBytes: 1024 * 1024,
  certificate: selfSigned,
}
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
    resolvConf: 'nameserver 172.30.0.10\n',
    hosts: '127.0.0.1 localhost\n',
  }
}

afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => {
  for (const name of netns.list()) netns.remove(netns.open(name))
})

describe('in this process', () => {
  const runtime = createRuntime(deps, options)
  runtimeConformance(async () => ({ runtime, sandbox }))
})

describe('behind a socket', () => {
  const stop = new AbortController()
  const socketPath = `${folder}/runtime.sock`
  const started = startRuntime(deps, { stateDir: `${folder}/served`, socketPath }, stop.signal)
  const runtime = connectRuntime(deps.socket, socketPath)
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
