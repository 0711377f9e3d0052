import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, closeSync, constants, fchownSync, openSync, readFileSync, statSync } from 'node:fs'
import { constants as os } from 'node:os'
import type { Readable } from 'node:stream'
import { C, check, libc, systemError } from '../libc.ts'
import type { Netns, NetnsDriver } from '../netns/mod.ts'
import { identityOf, signalIf } from './identity.ts'
import type { Child, ExitStatus, ProcessDriver, SpawnSpec } from './mod.ts'
import { pipeStdio, type Stdio, ttyStdio } from './pipes.ts'
import { enterSandbox } from './sandbox.ts'

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const EVERYTHING = C.CLONE_NEWNET | C.CLONE_NEWNS | C.CLONE_NEWUTS | C.CLONE_NEWIPC | C.CLONE_NEWPID

/** Processes of this kernel. Containers are started in one synchronous block of system calls: no helper processes. */
export function kernelProcesses(netns: NetnsDriver): ProcessDriver {
  const canSwitchUser = mapsManyUsers()
  const pidfds = new WeakMap<Child, number>()
  const start = async (spec: SpawnSpec, at: Netns, isolate: (() => void) | undefined): Promise<Child> => {
    const stdio = spec.tty ? ttyStdio(spec.tty.columns, spec.tty.rows) : pipeStdio()
    let process_: ChildProcess
    try {
      const user = canSwitchUser && spec.uid !== undefined ? { uid: spec.uid, gid: spec.gid ?? spec.uid } : undefined
      // Else it could not open /dev/stdout.
      if (user) for (const fd of stdio.child.slice(0, spec.tty ? 1 : undefined)) fchownSync(fd, user.uid, user.gid)
      process_ = netns.within(at, () => restoring(isolate, () => fork(spec, stdio, user)))
    } catch (error) {
      stdio.release()
      discard(stdio)
      throw error
    }
    stdio.release()
    const child = childOf(await spawned(process_, stdio), stdio)
    keepPidfd(pidfds, child)
    return child
  }
  return {
    canSwitchUser,
    spawn: spec => {
      const { sandbox, cwd = '/' } = spec
      return start(spec, spec.netns ?? netns.home, sandbox && (() => enterSandbox(sandbox, cwd)))
    },
    enter: (child, spec) => {
      const pidfd = pidfds.get(child)
      const enter = (): void => {
        if (pidfd === undefined || pidfd < 0) throw systemError('setns', os.errno.ESRCH, `process ${child.pid}`)
        check(libc().setns(pidfd, EVERYTHING), 'setns', `process ${child.pid}`)
      }
      return start(spec, netns.home, enter)
    },
    identity: identityOf,
    endOrphan: (pid, identity) => void signalIf(pid, identity, 'SIGKILL'),
    which: (command, path = process.env.PATH ?? DEFAULT_PATH) => find(command, path),
  }
}

/** A user namespace that maps one user alone cannot switch to another. */
function mapsManyUsers(): boolean {
  const sizes = readFileSync('/proc/self/uid_map', 'utf8').trim().split('\n')
  return process.getuid?.() === 0 && sizes.some(line => Number(line.trim().split(/\s+/)[2]) > 1)
}

let home: Readonly<Record<'mnt' | 'uts' | 'ipc' | 'pid', number>> | undefined

/** Runs isolate and f, then takes the thread back to where it was, except for its network. */
function restoring<T>(isolate: (() => void) | undefined, f: () => T): T {
  if (!isolate) return f()
  home ??= {
    mnt: openSync('/proc/thread-self/ns/mnt', 'r'),
    uts: openSync('/proc/thread-self/ns/uts', 'r'),
    ipc: openSync('/proc/thread-self/ns/ipc', 'r'),
    pid: openSync('/proc/thread-self/ns/pid', 'r'),
  }
  const cwd = process.cwd()
  check(libc().unshare(C.CLONE_FS), 'unshare')
  try {
    isolate()
    return f()
  } finally {
    const { setns } = libc()
    const back =
      setns(home.mnt, C.CLONE_NEWNS) |
      setns(home.uts, C.CLONE_NEWUTS) |
      setns(home.ipc, C.CLONE_NEWIPC) |
      setns(home.pid, C.CLONE_NEWPID)
    // Whatever ran now would run in somebody else's container.
    if (back < 0) process.abort()
    process.chdir(cwd)
  }
}

type User = { readonly uid: number; readonly gid: number } | undefined

/** The command that takes privileges away, before what is to run without them; nothing where nothing is taken. */
function dropping({ groups = [], capabilities, noNewPrivileges }: SpawnSpec, user: User): readonly string[] {
  const words = [
    ...(user ? [`--reuid=${user.uid}`, `--regid=${user.gid}`] : []),
    ...(user && groups.length > 0 ? [`--groups=${groups.join(',')}`] : user ? ['--clear-groups'] : []),
    ...(capabilities ? [`--bounding-set=${['-all', ...capabilities.map(known)].join(',')}`, '--inh-caps=-all'] : []),
    ...(noNewPrivileges ? ['--no-new-privs'] : []),
  ]
  return words.length > 0 ? [tool('setpriv'), ...words, '--'] : []
}

const known = (capability: string): string => `+${capability.toLowerCase()}`

/** Checks and forks inside the namespaces the thread is in. */
function fork(spec: SpawnSpec, stdio: Stdio, user: User): ChildProcess {
  const env = { PATH: DEFAULT_PATH, ...spec.env }
  const cwd = spec.cwd ?? '/'
  assertRunnable(spec.command, env.PATH)
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) throw systemError('chdir', os.errno.ENOENT, cwd)
  const line = commandLine(spec, user)
  if (spec.sandbox) check(libc().unshare(C.CLONE_NEWPID), 'unshare')
  return spawn(line[0]!, line.slice(1), {
    cwd,
    env,
    stdio: [...stdio.child, ...(spec.inherit ?? [])],
  })
}

/** The command behind what must run first: a controlling terminal, the new PID namespace's /proc, another user. */
function commandLine(spec: SpawnSpec, user: User): string[] {
  const command = [...dropping(spec, user), spec.command, ...spec.args]
  const terminal = spec.tty ? [tool('setsid'), '-c'] : []
  if (!spec.sandbox) return [...terminal, ...command]
  const mount = '"$0" -n -t proc proc /proc && exec "$@"'
  return [...terminal, '/bin/sh', '-c', mount, tool('mount'), ...command]
}

const tool = (name: string): string => find(name, DEFAULT_PATH) ?? name

function find(command: string, path: string): string | undefined {
  const candidates = command.includes('/') ? [command] : path.split(':').map(folder => `${folder || '.'}/${command}`)
  return candidates.find(candidate => runnable(candidate) === undefined)
}

/** The errno name of why the file cannot be run, or undefined. */
function runnable(file: string): 'ENOENT' | 'EACCES' | undefined {
  try {
    if (!statSync(file).isFile()) return 'EACCES'
    accessSync(file, constants.X_OK)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'EACCES' : 'ENOENT'
  }
}

function assertRunnable(command: string, path: string): void {
  if (find(command, path) !== undefined) return
  const code = command.includes('/') ? runnable(command) : 'ENOENT'
  throw systemError('exec', os.errno[code ?? 'ENOENT'], command)
}

function discard(stdio: Stdio): void {
  for (const stream of [stdio.stdin, stdio.stdout, stdio.stderr]) stream?.destroy()
}

function spawned(child: ChildProcess, stdio: Stdio): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child))
    child.once('error', error => {
      discard(stdio)
      reject(error)
    })
  })
}

function childOf(process_: ChildProcess, stdio: Stdio): Child {
  const exited = new Promise<ExitStatus>(resolve => {
    process_.once('exit', (code, signal) => {
      const status = signal ? { code: 128 + os.signals[signal], signal } : { code: code ?? 0 }
      stdio.stdin.destroy()
      Promise.all([drained(stdio.stdout), drained(stdio.stderr)]).then(() => resolve(status))
    })
  })
  process_.on('error', () => {})
  return {
    pid: process_.pid!,
    stdin: stdio.stdin,
    stdout: stdio.stdout,
    stderr: stdio.stderr,
    exited,
    kill: signal => void process_.kill(signal),
    resize: stdio.resize,
  }
}

/** Output that nobody reads would never end. */
function drained(stream: Readable | null): Promise<void> {
  if (!stream || stream.destroyed || stream.readableEnded || stream.readableFlowing === null) return Promise.resolve()
  return new Promise(resolve => stream.once('close', resolve).once('end', resolve).once('error', resolve))
}

/** Holds on to the process itself, so that a reused pid is never entered. */
function keepPidfd(pidfds: WeakMap<Child, number>, child: Child): void {
  const pidfd = libc().pidfdOpen(child.pid)
  if (pidfd < 0) return
  pidfds.set(child, pidfd)
  child.exited.then(() => {
    pidfds.set(child, -1)
    closeSync(pidfd)
  })
}
