import { posix } from 'node:path'
import type { FsDriver } from './mod.ts'

type Node =
  | { readonly file: Buffer; readonly mode: number }
  | { readonly link: string }
  | { readonly folder: true; readonly mode: number }

export interface FakeFs extends FsDriver {
  /** Permission bits of a file or folder. */
  mode(path: string): number | undefined
  /** "uid:gid" of what was given away. */
  owner(path: string): string | undefined
  /** Writes fail with this errno name until it is undefined again: a full disk, for example. */
  failWrites(code: string | undefined): void
}

const failure = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code })

function looking(
  nodes: ReadonlyMap<string, Node>,
  real: (path: string) => string,
  place: (path: string) => string,
): Pick<FakeFs, 'kind' | 'resolve' | 'give' | 'owner'> {
  const owners = new Map<string, string>()
  return {
    kind: path => {
      const node = nodes.get(real(path))
      return node && ('file' in node ? 'file' : 'folder')
    },
    resolve: path => (nodes.has(real(path)) ? real(path) : undefined),
    give: (path, uid, gid) => {
      owners.set(place(path), `${uid}:${gid}`)
      return true
    },
    owner: path => owners.get(real(path)),
  }
}

/** Files in memory. */
export function fakeFs(files: Readonly<Record<string, string>> = {}): FakeFs {
  const nodes = new Map<string, Node>([['/', { folder: true, mode: 0o755 }]])
  let failing: string | undefined

  /** The path with every symbolic link followed. */
  const real = (path: string, hops = 0): string => {
    if (hops > 40) throw failure('ELOOP', path)
    let at = ''
    for (const part of posix.normalize(path).split('/').filter(Boolean)) {
      const next = `${at}/${part}`
      const node = nodes.get(next)
      at = node && 'link' in node ? real(posix.resolve(at || '/', node.link), hops + 1) : next
    }
    return at === '' ? '/' : at
  }
  /** The path with links followed in all but its last part. */
  const place = (path: string): string => posix.join(real(posix.dirname(path)), posix.basename(path))
  const mkdir = (path: string, mode = 0o755): void => {
    const at = real(path)
    const node = nodes.get(at)
    if (node && !('folder' in node)) throw failure('EEXIST', path)
    if (node) return
    mkdir(posix.dirname(at))
    nodes.set(at, { folder: true, mode })
  }
  const put = (path: string, node: Node): void => {
    if (failing !== undefined) throw failure(failing, path)
    mkdir(posix.dirname(path))
    const at = place(path)
    const old = nodes.get(at)
    if (old && 'folder' in old) throw failure('EISDIR', path)
    nodes.set(at, node)
  }
  const read = (path: string): Buffer | undefined => {
    const node = nodes.get(real(path))
    if (node && 'folder' in node) throw failure('EISDIR', path)
    return node && 'file' in node ? node.file : undefined
  }
  const below = (path: string): string[] => [...nodes.keys()].filter(key => key !== '/' && posix.dirname(key) === path)
  const tree = (path: string): string[] => [...nodes.keys()].filter(key => key === path || key.startsWith(`${path}/`))

  const fs: FakeFs = {
    read: path => {
      const bytes = read(path)
      return bytes && Buffer.from(bytes)
    },
    write: (path, content, mode = 0o644) => put(path, { file: Buffer.from(content as string), mode }),
    append: (path, content) => {
      const mode = fs.mode(path) ?? 0o644
      put(real(path), { file: Buffer.concat([read(path) ?? Buffer.alloc(0), Buffer.from(content as string)]), mode })
    },
    slice: (path, offset, length) => Buffer.from((read(path) ?? Buffer.alloc(0)).subarray(offset, offset + length)),
    size: path => {
      const node = nodes.get(real(path))
      return node && ('file' in node ? node.file.length : 0)
    },
    mkdir: (path, mode) => {
      if (failing !== undefined) throw failure(failing, path)
      mkdir(path, mode)
    },
    ...looking(nodes, real, place),
    list: path =>
      below(real(path))
        .map(key => posix.basename(key))
        .sort(),
    rename: (from, to) => {
      const source = place(from)
      if (!nodes.has(source)) throw failure('ENOENT', from)
      const target = place(to)
      for (const key of tree(target)) nodes.delete(key)
      for (const key of tree(source)) {
        nodes.set(target + key.slice(source.length), nodes.get(key)!)
        nodes.delete(key)
      }
    },
    symlink: (target, path) => put(path, { link: target }),
    remove: path => {
      for (const key of tree(place(path))) nodes.delete(key)
    },
    mode: path => {
      const node = nodes.get(real(path))
      return node && 'mode' in node ? node.mode : undefined
    },
    failWrites: code => {
      failing = code
    },
  }
  for (const [path, content] of Object.entries(files)) fs.write(path, content)
  return fs
}
