import { resolve } from 'node:path'
import type { Snapshots } from '../cli/deps.ts'
import { flockDriver } from '../host/lock/real.ts'
import { codeOf, UserError } from '../lib/errors.ts'
import type { Twins } from '../twin/mod.ts'
import type { TwinFolder } from '../twin/state.ts'
import { twinFolder } from '../twin/state.ts'

/** Snapshots of twins of this machine. A file carries the twin's configuration: its objects mean nothing in another one. */
export function hostSnapshots(dataHome: string, twins: Twins): Snapshots {
  const store = () => import('../store/lmdb/snapshot.ts')
  const files = async () => (await import('../host/fs/real.ts')).systemFs
  return {
    async save(name, file) {
      const folder = twinFolder(dataHome, name)
      const config = (await files()).read(folder.config)?.toString()
      return (await store()).saveSnapshot(flockDriver, folder.store, resolve(file), { config })
    },
    async restore(name, file) {
      const folder = twinFolder(dataHome, name)
      const fs = await files()
      fs.mkdir(folder.root, 0o700)
      const release = await holdDown(twins, folder, name)
      try {
        const accept = (about: unknown): (() => void) => accepted(fs, folder, file, about)
        return (await store()).restoreSnapshot(flockDriver, folder.store, resolve(file), accept)
      } finally {
        release()
      }
    },
  }
}

/** Neither runs nor starts while it is held. Throws UserError TwinRuns. */
async function holdDown(twins: Twins, folder: TwinFolder, name: string): Promise<() => void> {
  const release = flockDriver.acquire(folder.launchLock)
  if (release && !(await runs(twins, name))) return release
  release?.()
  throw new UserError('TwinRuns', `the twin "${name}" runs, or is being started`, {
    hint: `End it first: ./fairlead down --name ${name}`,
  })
}

const runs = (twins: Twins, name: string): Promise<boolean> =>
  twins.control(name).then(
    control => {
      control.close()
      return true
    },
    error => codeOf(error) !== 'TwinNotRunning',
  )

type Files = typeof import('../host/fs/real.ts').systemFs

/** Throws UserError. Returns what makes the configuration that of the snapshot, where the twin has none. */
function accepted(fs: Files, folder: TwinFolder, file: string, about: unknown): () => void {
  const { config } = about as { readonly config?: string }
  const present = fs.read(folder.config)?.toString()
  if (present !== undefined && config !== undefined && present !== config)
    throw new UserError('SnapshotDiffers', `${file} is of a twin with other settings than this one`, {
      hint: 'Restore it under another name (--name), or begin this one anew: ./fairlead down --forget',
    })
  return () => {
    if (present === undefined && config !== undefined) fs.write(folder.config, config, 0o600)
  }
}
