import {
  chownSync,
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, normalize } from 'node:path'
import { C, check, libc } from '../libc.ts'
import type { Mount, SpawnSpec } from './mod.ts'

type Sandbox = NonNullable<SpawnSpec['sandbox']>

/** Hidden while the new root is built there: volumes are held by descriptor before. */
const STAGE = '/tmp'
const ROOT = `${STAGE}/root`
const WRITABLE = new Set(['etc', 'var', 'opt', 'srv'])
/** What people keep at home (keys, credentials) is no container's business. */
const EMPTY: Readonly<Record<string, number>> = { tmp: 0o1777, run: 0o755, proc: 0o555, root: 0o700, home: 0o755 }

/**
 * Gives the calling thread mount, UTS and IPC namespaces of its own whose root is a private copy of this machine's files.
 * /proc is still this process's: the first process of the new PID namespace must mount its own over it. Whoever calls this sets the thread's
 * namespaces back, also after an error.
 */
export function enterSandbox(sandbox: Sandbox, cwd: string): void {
  check(libc().unshare(C.CLONE_NEWNS | C.CLONE_NEWUTS | C.CLONE_NEWIPC), 'unshare')
  check(libc().mount(null, '/', null, C.MS_REC | C.MS_PRIVATE, null), 'mount', 'private /')
  const sources: number[] = []
  try {
    for (const { source } of sandbox.mounts) sources.push(check(libc().openTree(source), 'open_tree', source))
    buildRoot()
    switchRoot()
    placeAll(sandbox, sources, cwd)
  } finally {
    for (const fd of sources) closeSync(fd)
  }
  const hostname = sandbox.hostname
  check(libc().sethostname(hostname, Buffer.byteLength(hostname)), 'sethostname', hostname)
}

function mount(source: string, target: string, type: string | null, flags: number, data: string | null = null): void {
  check(libc().mount(source, target, type, flags, data), 'mount', target)
}

function lock(path: string): void {
  check(libc().lockMounts(path), 'mount_setattr', path)
}

/** Two scratch file systems: one for what the overlays keep, hidden afterwards, and in it the new root. */
function buildRoot(): void {
  const entries = readdirSync('/', { withFileTypes: true })
  mount('tmpfs', STAGE, 'tmpfs', 0, 'mode=755')
  mkdirSync(ROOT)
  mount('tmpfs', ROOT, 'tmpfs', 0, 'mode=755')
  for (const entry of entries) {
    const target = `${ROOT}/${entry.name}`
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(`/${entry.name}`), target)
    else if (entry.isDirectory()) fill(entry.name, target)
  }
  for (const [name, mode] of Object.entries(EMPTY)) makeFolder(`${ROOT}/${name}`, mode)
  // A user namespace may mount a new /proc only where an old one is in sight: the new one will cover it.
  mount('/proc', `${ROOT}/proc`, null, C.MS_BIND | C.MS_REC)
}

function fill(name: string, target: string): void {
  if (EMPTY[name] !== undefined) return
  mkdirSync(target)
  if (name === 'dev') fillDev(target)
  else if (name === 'sys') fillSys(target)
  else if (!WRITABLE.has(name) || !overlay(name, target)) {
    mount(`/${name}`, target, null, C.MS_BIND | C.MS_REC)
    lock(target)
  }
}

/** What OCI runtimes give: disks and the like are the machine's own. */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx'] as const
const DEVICE_LINKS = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
}

function fillDev(target: string): void {
  for (const device of DEVICES) {
    if (!existsSync(`/dev/${device}`)) continue
    writeFileSync(`${target}/${device}`, '')
    mount(`/dev/${device}`, `${target}/${device}`, null, C.MS_BIND)
  }
  mkdirSync(`${target}/pts`)
  mount('/dev/pts', `${target}/pts`, null, C.MS_BIND)
  makeFolder(`${target}/shm`, 0o1777)
  for (const [name, to] of Object.entries(DEVICE_LINKS)) symlinkSync(to, `${target}/${name}`)
}

/** A sysfs mounted in a network namespace shows that one's links. Refused where the machine's own is masked. */
function fillSys(target: string): void {
  if (libc().mount('sysfs', target, 'sysfs', C.MS_NOSUID | C.MS_NODEV | C.MS_NOEXEC, null) < 0)
    mount('/sys', target, null, C.MS_BIND | C.MS_REC)
}

/** False where the kernel refuses: below other mounts that this user may not uncover. */
function overlay(name: string, target: string): boolean {
  const [upper, work] = [`${STAGE}/${name}`, `${STAGE}/.${name}`]
  const { mode, uid, gid } = statSync(`/${name}`)
  makeFolder(upper, mode & 0o7777)
  try {
    chownSync(upper, uid, gid)
  } catch {
    // An owner outside the user namespace cannot be named: the folder is ours.
  }
  mkdirSync(work)
  const options = `lowerdir=/${name},upperdir=${upper},workdir=${work},userxattr`
  return libc().mount('overlay', target, 'overlay', 0, options) === 0
}

/** mkdir whatever the umask. */
function makeFolder(path: string, mode: number): void {
  const before = process.umask(0)
  try {
    mkdirSync(path, { recursive: true, mode })
  } finally {
    process.umask(before)
  }
}

/** Unlike a chroot, a pivoted root also holds for those who enter the mount namespace later. */
function switchRoot(): void {
  process.chdir(ROOT)
  check(libc().pivotRoot('.', '.'), 'pivot_root')
  check(libc().umount2('.', C.MNT_DETACH), 'umount2', 'old root')
  process.chdir('/')
}

/** Targets first, then the lock, then the volumes: they stay writable. */
function placeAll(sandbox: Sandbox, sources: readonly number[], cwd: string): void {
  const targets = sandbox.mounts.map((item, index) => {
    const target = normalize(item.target)
    if (!target.startsWith('/')) throw new Error(`mount target is not absolute: ${JSON.stringify(item.target)}`)
    makeTarget(target, fstatSync(sources[index]!).isDirectory())
    return target
  })
  if (!existsSync(cwd)) mkdirSync(cwd, { recursive: true })
  if (sandbox.readOnlyRoot) lock('/')
  for (const [index, target] of targets.entries()) place(sandbox.mounts[index]!, sources[index]!, target)
}

function place(item: Mount, source: number, target: string): void {
  check(libc().moveMount(source, target), 'move_mount', target)
  if (item.readOnly) lock(target)
}

/** A symbolic link in the way (as /etc/resolv.conf often is) leads out of what a container has. */
function makeTarget(target: string, folder: boolean): void {
  const found = lstatSync(target, { throwIfNoEntry: false })
  if (found?.isSymbolicLink() && !existsSync(target)) rmSync(target)
  if (existsSync(target)) return
  mkdirSync(folder ? target : dirname(target), { recursive: true })
  if (!folder) writeFileSync(target, '')
}
