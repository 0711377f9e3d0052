import type { Volume } from '../../../api/core/pod/volume.ts'
import type { Pod } from '../../../api/core/pod.ts'
import type { FsDriver } from '../../../host/fs/mod.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { Sources } from '../spec/env.ts'
import type { Whereabouts } from '../spec/fields.ts'
import type { VolumeFile } from '../spec/volumes.ts'
import { planVolume, VolumeError } from '../spec/volumes.ts'
import { makeHostPath } from './host-path.ts'
import type { PayloadFile } from './payload.ts'
import { writePayload } from './payload.ts'
import { volumePlace } from './places.ts'
import type { Tokens } from './tokens.ts'

export interface VolumeDeps {
  readonly fs: FsDriver
  readonly clock: Clock
  readonly tokens: Tokens
}

/** Makes a pod's volumes on the node, or brings them up to date. Throws VolumeError with the volume's name. */
export async function makeVolumes(
  deps: VolumeDeps,
  stateDir: string,
  pod: Pod,
  sources: Sources,
  where: Whereabouts,
): Promise<void> {
  for (const volume of pod.spec.volumes ?? [])
    try {
      await makeVolume(deps, stateDir, pod, volume, sources, where)
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error
      throw new VolumeError(`MountVolume.SetUp failed for volume ${JSON.stringify(volume.name)} : ${error.message}`)
    }
}

/** Everybody may write, and what is made in it belongs to the pod's group where there is one. */
const SHARED_MODE = 0o777
const GROUP_MODE = 0o2777

async function makeVolume(
  deps: VolumeDeps,
  stateDir: string,
  pod: Pod,
  volume: Volume,
  sources: Sources,
  where: Whereabouts,
): Promise<void> {
  const { fs, clock, tokens } = deps
  const plan = planVolume(pod, volume, sources, where)
  const { path } = volumePlace(stateDir, pod, volume)
  const group = pod.spec.securityContext?.fsGroup
  const gid = group === undefined ? undefined : Number(group)
  if (plan.is === 'unsupported') throw new VolumeError(plan.message)
  if (plan.is === 'host') return makeHostPath(fs, stateDir, plan.path, plan.type)
  if (plan.is === 'empty') {
    fs.mkdir(path, gid === undefined ? SHARED_MODE : GROUP_MODE)
    if (gid !== undefined) fs.give(path, 0, gid)
    return
  }
  const files: PayloadFile[] = []
  for (const file of plan.files) files.push(await withContent(tokens, pod, file, gid))
  fs.mkdir(path)
  const stamp = `${new Date(clock.now()).toISOString().replace(/[-:T]/g, '_').replace('Z', '')}_${Math.round(clock.monotonic() * 1000)}`
  writePayload(fs, path, files, stamp, gid === undefined ? undefined : { gid })
}

/** The pod's group may read whatever the mode says of others. */
async function withContent(tokens: Tokens, pod: Pod, file: VolumeFile, gid: number | undefined): Promise<PayloadFile> {
  const content = Buffer.isBuffer(file.content) ? file.content : Buffer.from(await tokens.get(pod, file.content))
  return { path: file.path, content, mode: gid === undefined ? file.mode : file.mode | 0o440 }
}
