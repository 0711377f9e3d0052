import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { systemClock } from '../../host/clock/real.ts'
import { systemFs } from '../../host/fs/real.ts'
import { kernelLinks } from '../../host/link/real.ts'
import { kernelNetns } from '../../host/netns/real.ts'
import { kernelProcesses } from '../../host/process/real.ts'
import { kernelSockets } from '../../host/socket/real.ts'
import { silent } from '../../lib/log.ts'
import { selfSigned } from './certificate.ts'
import { container, outcome } from './conformance.ts'
import type { ContainerSpec, PodRuntime, SandboxSpec } from './mod.ts'
import { createRuntime } from './runtime.ts'
import type { RuntimeDeps, RuntimeOptions } from './state.ts'

/** A runtime with real namespaces, processes and sockets, for tests. */
export const netns = kernelNetns()
const links = kernelLinks(netns)
export const folder = mkdtempSync(`${tmpdir()}/fairlead-pods-`)
export const deps: RuntimeDeps = {
  netns,
  socket: kernelSockets(netns),
  process: kernelProcesses(netns),
  fs: systemFs,
  clock: systemClock,
  log: silent,
}
export const options: RuntimeOptions = {
  stateDir: `${folder}/state`,
  builtins: new Map(),
  roles: new Map(),
  roleMounts: [],
  logLimitBytes: 1024 * 1024,
  certificate: selfSigned,
}
export const runtime = createRuntime(deps, options)
export async function closePods(): Promise<void> {
  for (const pod of await runtime.list()) await runtime.removeSandbox(pod.spec.podUid, 0)
  for (const name of netns.list()) netns.remove(netns.open(name))
  rmSync(folder, { recursive: true })
}

export const sandboxOf = (podUid: string): SandboxSpec => ({
  podUid,
  namespace: 'production',
  name: `${podUid}-xyz`,
  node: 'node-1',
  netns: `pod-${podUid}`,
  hostname: `${podUid}-host`,
  podIps: ['10.128.0.3'],
  hostNetwork: false,
  resolvConf: 'search production.svc.cluster.local\nnameserver 172.30.0.10\noptions ndots:5\n',
  hosts: '127.0.0.1 localhost\n10.128.0.3 pod-host\n',
})

export async function pod(podUid: string, more: Partial<ContainerSpec>, of: PodRuntime = runtime) {
  const made = netns.create(`pod-${podUid}`)
  links.apply(made, [{ op: 'up', name: 'lo' }])
  netns.close(made)
  await of.runSandbox(sandboxOf(podUid))
  return of.startContainer(container(podUid, more))
}

/** A command of this machine inside the pod's network. */
export async function inPod(podUid: string, command: string, ...args: string[]): Promise<string> {
  const at = netns.open(`pod-${podUid}`)
  try {
    const child = await deps.process.spawn({ command, args, env: {}, netns: at })
    child.stdin.end()
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr!)])
    return out + err
  } finally {
    netns.close(at)
  }
}
export const curl = (podUid: string, ...args: string[]) => inPod(podUid, 'curl', '-sS', '--max-time', '5', ...args)
export const exec = async (podUid: string, ...command: string[]) =>
  outcome(await runtime.exec({ podUid, container: 'main', command, stdin: false, tty: false }))
