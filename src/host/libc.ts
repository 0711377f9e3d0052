import { createRequire } from 'node:module'
import { getSystemErrorName } from 'node:util'

/** The system calls that Node has no function for. All are synchronous and act on the calling thread alone. */
export interface Libc {
  setns(fd: number, flags: number): number
  unshare(flags: number): number
  mount(source: string | null, target: string, type: string | null, flags: number, data: string | null): number
  umount2(target: string, flags: number): number
  sethostname(name: string, length: number): number
  socket(family: number, type: number, protocol: number): number
  bind(fd: number, address: Buffer, length: number): number
  listen(fd: number, backlog: number): number
  setsockopt(fd: number, level: number, option: number, value: Buffer, length: number): number
  send(fd: number, data: Buffer, length: number, flags: number): number
  sendto(fd: number, data: Buffer, length: number, flags: number, to: Buffer, toLength: number): number
  recv(fd: number, data: Buffer, length: number, flags: number): number
  /** As send and recv, on a thread of Node's pool: for what keeps the kernel busy. Resolve with -1 for a failure. */
  sendLater(fd: number, data: Buffer, length: number, flags: number): Promise<number>
  recvLater(fd: number, data: Buffer, length: number, flags: number): Promise<number>
  if_nametoindex(name: string): number
  pipe2(fds: Buffer, flags: number): number
  openpty(master: Buffer, slave: Buffer, name: null, termios: null, size: Buffer): number
  ioctl(fd: number, request: number, data: Buffer): number
  /** Where memory is: for structures that hold pointers. It must not be collected while the kernel may use it. */
  addressOf(memory: Buffer): bigint
  fcntl(fd: number, command: number, value: number): number
  pidfdOpen(pid: number): number
  pivotRoot(newRoot: string, oldRoot: string): number
  /** A copy of the mounts at the path and below, as a descriptor. */
  openTree(path: string): number
  /** Puts such a copy in its place. */
  moveMount(fd: number, target: string): number
  /** Makes every mount below the path read-only. */
  lockMounts(path: string): number
  errno(): number
}

/** From <sched.h>, <sys/mount.h>, <sys/socket.h>, <fcntl.h>: the same on x86-64 and arm64. */
export const C = {
  CLONE_NEWNS: 0x20000,
  CLONE_NEWUTS: 0x4000000,
  CLONE_NEWIPC: 0x8000000,
  CLONE_NEWPID: 0x20000000,
  CLONE_NEWNET: 0x40000000,
  CLONE_FS: 0x200,
  MS_RDONLY: 1,
  MS_NOSUID: 2,
  MS_NODEV: 4,
  MS_NOEXEC: 8,
  MS_REMOUNT: 32,
  MS_BIND: 4096,
  MS_REC: 16384,
  MS_PRIVATE: 1 << 18,
  MNT_DETACH: 2,
  AF_INET: 2,
  AF_INET6: 10,
  AF_NETLINK: 16,
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_RAW: 3,
  SOCK_NONBLOCK: 0x800,
  SOCK_CLOEXEC: 0x80000,
  O_CLOEXEC: 0x80000,
  SOL_SOCKET: 1,
  IPPROTO_IPV6: 41,
  IPV6_V6ONLY: 26,
  SO_REUSEADDR: 2,
  SO_SNDBUF: 7,
  SO_RCVBUF: 8,
  F_SETFD: 2,
  FD_CLOEXEC: 1,
  MSG_DONTWAIT: 0x40,
  TIOCSWINSZ: 0x5414,
} as const

/** IPPROTO_* of the protocols that have ports. */
export const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['tcp', 6],
  ['udp', 17],
  ['sctp', 132],
])

const SYS_PIVOT_ROOT: Readonly<Record<string, number>> = { x64: 155, arm64: 41 }
const SYS_OPEN_TREE = 428
const OPEN_TREE_CLONE = 1
const SYS_MOVE_MOUNT = 429
const MOVE_MOUNT_F_EMPTY_PATH = 4
const SYS_PIDFD_OPEN = 434
const SYS_MOUNT_SETATTR = 442
const AT_FDCWD = -100
const AT_RECURSIVE = 0x8000

let loaded: Libc | undefined
export const libc = (): Libc => {
  loaded ??= bindLibc()
  return loaded
}

/** koffi at first use only: it costs 8 ms, and most processes never need it. */
export const koffi = (): typeof import('koffi') =>
  createRequire(typeof __filename === 'undefined' ? import.meta.url : __filename)('koffi')

function bindLibc(): Libc {
  const ffi = koffi()
  const library = ffi.load(null)
  const int = 'int'
  const call = (name: string, ...parameters: string[]): ((...args: unknown[]) => number) =>
    library.func(name, int, parameters) as unknown as (...args: unknown[]) => number
  const size = (name: string): ((...args: unknown[]) => number) => {
    const f = library.func(name, 'long', [int, 'void *', 'unsigned long', int])
    return (...args) => Number(f(...args))
  }
  const later = (name: string): ((...args: unknown[]) => Promise<number>) => {
    const f = library.func(name, 'long', [int, 'void *', 'unsigned long', int])
    return (...args) =>
      new Promise((resolve, reject) =>
        f.async(...args, (error: unknown, length: unknown) => (error ? reject(error) : resolve(Number(length)))),
      )
  }
  const memcpy = library.func('memcpy', 'uintptr_t', ['void *', 'void *', 'size_t'])
  const pidfdOpen = library.func('syscall', 'long', ['long', 'long', 'long'])
  const pivotRoot = library.func('syscall', 'long', ['long', 'const char *', 'const char *'])
  const openTree = library.func('syscall', 'long', ['long', int, 'const char *', int])
  const moveMount = library.func('syscall', 'long', ['long', int, 'const char *', int, 'const char *', int])
  const mountSetattr = library.func('syscall', 'long', ['long', int, 'const char *', int, 'void *', 'unsigned long'])
  return {
    setns: call('setns', int, int),
    unshare: call('unshare', int),
    mount: call('mount', 'const char *', 'const char *', 'const char *', 'unsigned long', 'const char *'),
    umount2: call('umount2', 'const char *', int),
    sethostname: call('sethostname', 'const char *', 'unsigned long'),
    socket: call('socket', int, int, int),
    bind: call('bind', int, 'void *', 'unsigned int'),
    listen: call('listen', int, int),
    setsockopt: call('setsockopt', int, int, int, 'void *', 'unsigned int'),
    send: size('send'),
    sendto: call('sendto', int, 'void *', 'unsigned long', int, 'void *', 'unsigned int'),
    recv: size('recv'),
    sendLater: later('send'),
    recvLater: later('recv'),
    if_nametoindex: call('if_nametoindex', 'const char *'),
    pipe2: call('pipe2', 'void *', int),
    openpty: call('openpty', 'void *', 'void *', 'void *', 'void *', 'void *'),
    ioctl: call('ioctl', int, 'unsigned long', 'void *'),
    // Returns its first argument.
    addressOf: memory => BigInt(memcpy(memory, memory, 0)),
    fcntl: call('fcntl', int, int, int),
    pidfdOpen: pid => Number(pidfdOpen(SYS_PIDFD_OPEN, pid, 0)),
    pivotRoot: (to, old) => Number(pivotRoot(SYS_PIVOT_ROOT[process.arch] ?? 155, to, old)),
    openTree: path => Number(openTree(SYS_OPEN_TREE, AT_FDCWD, path, OPEN_TREE_CLONE | AT_RECURSIVE | C.O_CLOEXEC)),
    moveMount: (fd, target) => Number(moveMount(SYS_MOVE_MOUNT, fd, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH)),
    lockMounts: path => {
      const attributes = Buffer.alloc(32)
      attributes.writeBigUInt64LE(1n)
      return Number(mountSetattr(SYS_MOUNT_SETATTR, AT_FDCWD, path, AT_RECURSIVE, attributes, 32))
    },
    errno: () => ffi.errno(),
  }
}

/** As Node reports a failed system call: `code` is the errno's name. */
export interface SystemError extends Error {
  readonly code: string
  readonly errno: number
  readonly syscall: string
}

/** errno is the kernel's positive number. */
export function systemError(syscall: string, errno: number, detail = ''): SystemError {
  const code = getSystemErrorName(-errno)
  return Object.assign(new Error(`${syscall}${detail && ` ${detail}`}: ${code}`), { code, errno, syscall })
}

/** Passes a result through, or throws the error that errno names. Call it before any other system call. */
export function check(result: number, syscall: string, detail = ''): number {
  if (result < 0) throw systemError(syscall, libc().errno(), detail)
  return result
}
