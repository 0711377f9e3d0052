import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { LockDriver } from './mod.ts'

/** flock(2), which Node lacks: util-linux takes it on a descriptor it inherits, and the lock belongs to the open file. */
export const flockDriver: LockDriver = {
  acquire(path) {
    const fd = openSync(path, 'a')
    const { status, error } = spawnSync('flock', ['-n', '-x', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
    if (status === 0) return () => closeSync(fd)
    closeSync(fd)
    if (error) throw error
    return undefined
  },
}
