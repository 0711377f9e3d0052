import type { FsDriver } from '../../host/fs/mod.ts'
import type { ProcessDriver } from '../../host/process/mod.ts'
import { collect } from './collect.ts'
import { appletFolder } from './files.ts'

/** Names of busybox's applets, each a link in the applet folder; empty on a machine without busybox. Made once. */
export function createApplets(
  deps: { readonly fs: FsDriver; readonly process: ProcessDriver },
  stateDir: string,
): () => Promise<ReadonlySet<string>> {
  let made: Promise<ReadonlySet<string>> | undefined
  return () => {
    made ??= make(deps, stateDir)
    return made
  }
}

async function make(
  { fs, process }: { readonly fs: FsDriver; readonly process: ProcessDriver },
  stateDir: string,
): Promise<ReadonlySet<string>> {
  const folder = appletFolder(stateDir)
  fs.mkdir(folder)
  const busybox = process.which('busybox')
  if (busybox === undefined) return new Set()
  const known = fs.list(folder)
  if (known.length > 0) return new Set(known)
  const child = await process.spawn({ command: busybox, args: ['--list'], env: {} })
  const { stdout } = await collect(child)
  const names = stdout.split('\n').filter(name => /^[\w[.-]+$/.test(name) && name !== 'busybox')
  for (const name of names) fs.symlink(busybox, `${folder}/${name}`)
  return new Set(names)
}
