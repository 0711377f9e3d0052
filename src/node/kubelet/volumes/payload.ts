import type { FsDriver } from '../../../host/fs/mod.ts'

export interface PayloadFile {
  /** Below the volume's folder. */
  readonly path: string
  readonly content: Buffer
  readonly mode: number
}

const DATA = '..data'

/**
 * Files of a volume that change all at once, as a kubelet writes them: they lie in a folder of their own, the link ..data leads
 * to the newest one, and what the pod sees are links through ..data. True when anything changed. `stamp` names the folder.
 * Source: k8s.io/kubernetes/pkg/volume/util/atomic_writer.go, whose layout programs rely on to see a change.
 */
export function writePayload(
  fs: FsDriver,
  folder: string,
  files: readonly PayloadFile[],
  stamp: string,
  owner?: { readonly gid: number },
): boolean {
  const old = fs.resolve(`${folder}/${DATA}`)
  if (old !== undefined && isSame(fs, old, files)) return false
  const home = `${folder}/..${stamp}`
  fs.mkdir(home, 0o755)
  for (const { path, content, mode } of files) {
    fs.write(`${home}/${path}`, content, mode)
    if (owner) fs.give(`${home}/${path}`, 0, owner.gid)
  }
  fs.symlink(`..${stamp}`, `${folder}/${DATA}`)
  const tops = new Set(files.map(({ path }) => path.split('/')[0]!))
  const seen = fs.list(folder).filter(name => !name.startsWith('..'))
  for (const name of tops) if (!seen.includes(name)) fs.symlink(`${DATA}/${name}`, `${folder}/${name}`)
  for (const name of seen) if (!tops.has(name)) fs.remove(`${folder}/${name}`)
  for (const name of fs.list(folder))
    if (name.startsWith('..') && name !== DATA && name !== `..${stamp}`) fs.remove(`${folder}/${name}`)
  return true
}

function isSame(fs: FsDriver, home: string, files: readonly PayloadFile[]): boolean {
  const there = pathsBelow(fs, home, '')
  return (
    there.length === files.length &&
    files.every(({ path, content }) => there.includes(path) && fs.read(`${home}/${path}`)?.equals(content) === true)
  )
}

function pathsBelow(fs: FsDriver, home: string, below: string): readonly string[] {
  return fs.list(`${home}/${below}`).flatMap(name => {
    const path = below === '' ? name : `${below}/${name}`
    return fs.kind(`${home}/${path}`) === 'folder' ? pathsBelow(fs, home, path) : [path]
  })
}
