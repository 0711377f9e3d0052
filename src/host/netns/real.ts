import { closeSync, mkdirSync, openSync, readdirSync, readlinkSync, rmSync, statfsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { C, check, libc } from '../libc.ts'
import type { Netns, NetnsDriver } from './mod.ts'

const FOLDER = '/run/netns'
const OWN = '/proc/thread-self/ns/net'

/** Namespaces of this kernel, bound under /run/netns as `ip netns` binds them. */
export function kernelNetns(): NetnsDriver {
  const home: Netns = { name: 'home', path: `/proc/${process.pid}/ns/net`, fd: openSync(OWN, 'r') }
  let current = home.fd

  const enter = (fd: number): void => void check(libc().setns(fd, C.CLONE_NEWNET), 'setns')
  const leave = (fd: number): void => {
    // Everything after a failed return would happen in somebody else's network.
    if (libc().setns(fd, C.CLONE_NEWNET) < 0) process.abort()
    current = fd
  }
  return {
    home,
    create: name => {
      const path = claim(name)
      const back = current
      try {
        check(libc().unshare(C.CLONE_NEWNET), 'unshare')
        try {
          check(libc().mount(OWN, path, null, C.MS_BIND, null), 'mount', path)
          return { name, path, fd: openSync(OWN, 'r') }
        } finally {
          leave(back)
        }
      } catch (error) {
        rmSync(path, { force: true })
        throw error
      }
    },
    open: name => ({ name, path: pathOf(name), fd: openSync(pathOf(name), 'r') }),
    openPath: path => {
      const fd = openSync(path, 'r')
      if (isNetwork(fd)) return { name: path, path, fd }
      closeSync(fd)
      throw Object.assign(new Error(`EINVAL: not a network namespace: ${path}`), { code: 'EINVAL' })
    },
    list: () => {
      try {
        return readdirSync(FOLDER).sort()
      } catch {
        return []
      }
    },
    remove: netns => {
      if (libc().umount2(netns.path, C.MNT_DETACH) === 0) rmSync(netns.path, { force: true })
      close(netns)
    },
    close,
    within: (netns, f) => {
      const back = current
      // Where the thread is already, one that may not enter namespaces may stay.
      if (netns.fd === back) return f()
      enter(netns.fd)
      current = netns.fd
      try {
        return f()
      } finally {
        leave(back)
      }
    },
  }
}

/** Files of namespaces are on a file system of their own. Source: <linux/magic.h>. */
const NSFS_MAGIC = 0x6e736673
const isNetwork = (fd: number): boolean => statfsSync(`/proc/self/fd/${fd}`).type === NSFS_MAGIC

function pathOf(name: string): string {
  if (name === '' || name.includes('/') || name.startsWith('.'))
    throw new Error(`not a namespace name: ${JSON.stringify(name)}`)
  return `${FOLDER}/${name}`
}

/** The handle turns invalid with its descriptor, whose number the kernel gives away again. */
function close(netns: { fd: number }): void {
  const fd = netns.fd
  netns.fd = -1
  closeSync(fd)
}

/** Makes the file to bind on; EEXIST when another has it. */
function claim(name: string): string {
  mkdirSync(FOLDER, { recursive: true })
  const path = pathOf(name)
  closeSync(openSync(path, 'wx', 0o444))
  return path
}

/**
 * Run at the start of every process that enters namespaces. It starts the thread pool (a pool that starts inside a pod's
 * namespace stays there for ever) and fails when any thread is in another network than the main one.
 */
export async function assertOneNamespace(): Promise<void> {
  await stat('/')
  const own = readlinkSync(OWN)
  for (const task of readdirSync('/proc/self/task')) {
    const other = networkOf(task)
    if (other !== undefined && other !== own)
      throw new Error(`thread ${task} is in network ${other}, the process in ${own}: it was started inside a namespace`)
  }
}

/** Undefined when the thread has ended meanwhile. */
function networkOf(task: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/task/${task}/ns/net`)
  } catch {
    return undefined
  }
}
