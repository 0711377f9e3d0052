import type { FsDriver } from '../../../host/fs/mod.ts'

/**
 * The path without symbolic links where all of it lies below `root`, and undefined where it leads out: pods may write links
 * into what they share. What is not there yet counts by the folder it would be made in.
 */
export function inside(fs: FsDriver, root: string, path: string): string | undefined {
  const top = fs.resolve(root)
  if (top === undefined || path.split('/').includes('..')) return undefined
  let [there, rest] = [path, '']
  for (let found = fs.resolve(there); ; found = fs.resolve(there)) {
    if (found !== undefined) return isBelow(found, top) ? `${found}${rest}` : undefined
    if (there.length <= root.length || isDangling(fs, there)) return undefined
    const cut = there.lastIndexOf('/')
    rest = `${there.slice(cut)}${rest}`
    there = there.slice(0, cut)
  }
}

const isBelow = (path: string, top: string): boolean => path === top || path.startsWith(top === '/' ? '/' : `${top}/`)

/** A link that leads nowhere is listed, though nothing can be found at it. */
function isDangling(fs: FsDriver, path: string): boolean {
  const cut = path.lastIndexOf('/')
  const parent = path.slice(0, cut)
  return fs.kind(parent) === 'folder' && fs.list(parent).includes(path.slice(cut + 1))
}
