import type { FsDriver } from '../../../host/fs/mod.ts'
import { VolumeError } from '../spec/volumes.ts'
import { inside } from './inside.ts'
import { hostFolder, hostPlace } from './places.ts'

/** Folders that every node has. */
const STANDARD =
  /^\/($|etc($|\/kubernetes$)|home$|media$|mnt$|opt$|proc$|root$|run$|srv$|tmp$|var($|\/(lib|log|run|tmp)$|\/lib\/kubelet|\/log\/(pods|containers)$))/

const NAMES: Readonly<Record<string, string>> = {
  Directory: 'a directory',
  File: 'a file',
  Socket: 'a socket file',
  CharDevice: 'a character device',
  BlockDevice: 'a block device',
}

/** Makes what the volume's type asks for, or says that it is not there. Throws VolumeError. */
export function makeHostPath(fs: FsDriver, stateDir: string, hostPath: string, type: string): void {
  fs.mkdir(hostFolder(stateDir))
  const { path, readOnly, within } = hostPlace(stateDir, hostPath)
  const real = inside(fs, within, path)
  if (real === undefined) throw new VolumeError(`hostPath ${hostPath} leads out of the node's own files`)
  const makesFolder = type === '' || type === 'DirectoryOrCreate' || (type === 'Directory' && STANDARD.test(hostPath))
  if (!readOnly && fs.kind(real) === undefined) {
    if (makesFolder) fs.mkdir(real)
    if (type === 'FileOrCreate') fs.write(real, '')
  }
  const kind = fs.kind(real)
  const wanted = type.replace('OrCreate', '')
  const fits =
    type === ''
      ? kind !== undefined
      : wanted === 'Directory'
        ? kind === 'folder'
        : wanted === 'File'
          ? kind === 'file'
          : kind === 'other'
  if (!fits) throw new VolumeError(`hostPath type check failed: ${hostPath} is not ${NAMES[wanted] ?? 'there'}`)
}
