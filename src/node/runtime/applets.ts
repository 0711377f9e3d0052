import type { FsDriver } from '../../host/fs/mod.ts'
import type { ProcessDriver } from '../../host/process/mod.ts'
import { knowsTimeout, wgetWithTimeout } from './applet-wget.ts'
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
  const ask = async (...args: string[]) => collect(await process.spawn({ command: busybox, args, env: {} }))
  const [{ stdout }, { stderr: help }] = await Promise.all([ask('--list'), ask('wget', '--help')])
  const names = stdout.split('\n').filter(name => /^[\w[.-]+$/.test(name) && name !== 'busybox')
  for (const name of names)
    if (name === 'wget' && !knowsTimeout(help)) fs.write(`${folder}/${name}`, wgetWithTimeout(busybox), 0o755)
    else fs.symlink(busybox, `${folder}/${name}`)
  return new Set(names)
}
