import type { Pod } from '../../api/core/pod.ts'
import type { Client } from '../../client/mod.ts'
import type { FsDriver } from '../../host/fs/mod.ts'
import type { VolumePaths } from './spec/container.ts'
import type { Sources } from './spec/env.ts'
import type { Whereabouts } from './spec/fields.ts'
import type { TokenRequest, VolumeFile } from './spec/volumes.ts'
import { planVolume, VolumeError } from './spec/volumes.ts'

export const volumesFolder = (stateDir: string, podUid: string): string => `${stateDir}/volumes/${podUid}`

/** Makes a pod's volumes on the node, again where they are there already. Throws VolumeError with the volume's name. */
export async function makeVolumes(
  deps: { readonly fs: FsDriver; readonly client: Client },
  stateDir: string,
  pod: Pod,
  sources: Sources,
  where: Whereabouts,
): Promise<void> {
  for (const volume of pod.spec.volumes ?? []) {
    const plan = guarded(volume.name, () => planVolume(pod, volume, sources, where))
    if (plan.is === 'unsupported') throw new VolumeError(plan.message)
    if (plan.is === 'path') {
      if (plan.make) deps.fs.mkdir(plan.path)
      continue
    }
    const folder = `${volumesFolder(stateDir, pod.metadata.uid)}/${volume.name}`
    deps.fs.mkdir(folder, volume.emptyDir ? 0o777 : 0o755)
    for (const file of plan.files)
      deps.fs.write(`${folder}/${file.path}`, await contentOf(deps.client, pod, file), file.mode)
  }
}

/** Where the volumes are, made or not. */
export function volumePaths(stateDir: string, pod: Pod): VolumePaths {
  const folder = volumesFolder(stateDir, pod.metadata.uid)
  return new Map((pod.spec.volumes ?? []).map(({ name, hostPath }) => [name, hostPath?.path ?? `${folder}/${name}`]))
}

function guarded<T>(name: string, f: () => T): T {
  try {
    return f()
  } catch (error) {
    if (!(error instanceof VolumeError)) throw error
    throw new VolumeError(`MountVolume.SetUp failed for volume ${JSON.stringify(name)} : ${error.message}`)
  }
}

async function contentOf(client: Client, pod: Pod, file: VolumeFile): Promise<Buffer> {
  return Buffer.isBuffer(file.content) ? file.content : Buffer.from(await tokenFor(client, pod, file.content))
}

/** Bound to the pod: it is good for nothing once the pod is gone. */
async function tokenFor(client: Client, pod: Pod, { audience, expirationSeconds }: TokenRequest): Promise<string> {
  const { namespace, name, uid } = pod.metadata
  const account = pod.spec.serviceAccountName ?? 'default'
  const answer = (await client.request('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {
      audiences: audience ? [audience] : [],
      expirationSeconds,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
    },
  })) as { readonly status?: { readonly token?: string } }
  return answer.status?.token ?? ''
}
