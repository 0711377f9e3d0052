import { existsSync, lstatSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { C, check, libc } from '../libc.ts'
import type { WorldInside } from './mod.ts'

const RESOLV_CONF = '/etc/resolv.conf'

export const kernelInside: WorldInside = {
  settle: ({ hostname, resolvConf }) => {
    const { mount, sethostname } = libc()
    check(mount('tmpfs', '/run', 'tmpfs', C.MS_NOSUID | C.MS_NODEV, 'mode=755'), 'mount', '/run')
    mkdirSync('/run/netns')
    // Refused in containers whose /sys is masked; nothing here depends on it.
    mount('sysfs', '/sys', 'sysfs', C.MS_NOSUID | C.MS_NODEV | C.MS_NOEXEC, null)
    check(sethostname(hostname, Buffer.byteLength(hostname)), 'sethostname', hostname)
    cover(resolvConf)
  },
}

/** The file is on the machine's disk, so it is covered, not written; a link into /run leads to where we may write. */
function cover(content: string): void {
  const ours = '/run/resolv.conf'
  writeFileSync(ours, content)
  const link = lstatSync(RESOLV_CONF, { throwIfNoEntry: false })?.isSymbolicLink()
    ? resolve(dirname(RESOLV_CONF), readlinkSync(RESOLV_CONF))
    : undefined
  if (link?.startsWith('/run/')) {
    mkdirSync(dirname(link), { recursive: true })
    writeFileSync(link, content)
  } else if (existsSync(RESOLV_CONF))
    check(libc().mount(ours, RESOLV_CONF, null, C.MS_BIND, null), 'mount', RESOLV_CONF)
}
