import type { Container } from '../../../api/core/pod/container.ts'
import type { Pod } from '../../../api/core/pod.ts'
import type { FsDriver } from '../../../host/fs/mod.ts'
import type { ContainerSpec } from '../../runtime/mod.ts'
import { ConfigError } from '../spec/env.ts'
import { expand } from '../spec/expand.ts'
import { inside } from './inside.ts'
import { hostFolder, OF_THE_MACHINE, volumePlace } from './places.ts'

/** What the container sees of the pod's volumes. Makes folders that a subPath names. Throws ConfigError. */
export function mountsOf(
  fs: FsDriver,
  stateDir: string,
  pod: Pod,
  container: Container,
  env: Readonly<Record<string, string>>,
): ContainerSpec['mounts'] {
  return (container.volumeMounts ?? []).flatMap(mount => {
    const volume = (pod.spec.volumes ?? []).find(({ name }) => name === mount.name)
    const refuse = (why: string): never => {
      const what = `volumeMount ${JSON.stringify(mount.name)} of container ${JSON.stringify(container.name)}`
      throw new ConfigError(`failed to prepare subPath for ${what}: ${why}`)
    }
    if (!volume) throw new ConfigError(`cannot find volume ${JSON.stringify(mount.name)} to mount into container`)
    const { path, readOnly, within } = volumePlace(stateDir, pod, volume)
    const below = mount.subPathExpr ? expand(mount.subPathExpr, env) : (mount.subPath ?? '')
    if (below.startsWith('/') || below.split('/').includes('..'))
      refuse(`${JSON.stringify(below)} leads out of the volume`)
    const parts = below.split('/').filter(part => part !== '' && part !== '.')
    const source =
      inside(fs, within, [path, ...parts].join('/')) ?? refuse(`${JSON.stringify(below)} leads out of the volume`)
    if (fs.kind(source) === undefined) {
      if (readOnly) refuse(`${JSON.stringify(below)} is not in the volume`)
      fs.mkdir(source, 0o777)
    }
    const own = { source, target: mount.mountPath, readOnly: readOnly || (mount.readOnly ?? false) }
    return source === hostFolder(stateDir) ? [own, ...machineBelow(fs, source, mount.mountPath)] : [own]
  })
}

/** Where a node's root is mounted its programs are, too: `chroot /host` is how people look at nodes. */
function machineBelow(fs: FsDriver, root: string, target: string): ContainerSpec['mounts'] {
  for (const name of ['bin', 'sbin', 'lib', 'lib64'])
    if (fs.resolve(`/${name}`) === `/usr/${name}` && fs.kind(`${root}/${name}`) === undefined)
      fs.symlink(`usr/${name}`, `${root}/${name}`)
  const isThere = OF_THE_MACHINE.filter(path => fs.kind(path) === 'folder' && !/^\/(sys|lib\/)/.test(path))
  return isThere.map(path => {
    fs.mkdir(`${root}${path}`)
    return { source: path, target: `${target.replace(/\/+$/, '')}${path}`, readOnly: true }
  })
}
