import type { Volume } from '../../../api/core/pod/volume.ts'
import type { KeyToPath } from '../../../api/core/pod/volume-file.ts'
import type { VolumeProjection } from '../../../api/core/pod/volume-projected.ts'
import type { Pod } from '../../../api/core/pod.ts'
import type { Sources } from './env.ts'
import type { Whereabouts } from './fields.ts'
import { fieldValue, resourceValue } from './fields.ts'

/** What a volume is on the node: a folder with exactly these files, one that pods fill, or a path of the node. */
export type VolumePlan =
  | { readonly is: 'folder'; readonly files: readonly VolumeFile[] }
  | { readonly is: 'empty' }
  | { readonly is: 'host'; readonly path: string; readonly type: string }
  | { readonly is: 'unsupported'; readonly message: string }

export interface VolumeFile {
  /** Below the volume's folder. */
  readonly path: string
  readonly content: Buffer | TokenRequest
  readonly mode: number
}

/** A token that the API server must be asked for. */
export interface TokenRequest {
  readonly audience?: string
  readonly expirationSeconds: number
}

/** A volume that cannot be made yet: for an event FailedMount. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError'
}

type Files = Readonly<Record<string, Buffer>>
const DEFAULT_MODE = 0o644

/** Throws VolumeError where something that is not optional is missing. */
export function planVolume(pod: Pod, volume: Volume, sources: Sources, where: Whereabouts): VolumePlan {
  if (volume.emptyDir || volume.persistentVolumeClaim || volume.ephemeral) return { is: 'empty' }
  if (volume.configMap) {
    const { name = '', items, optional, defaultMode } = volume.configMap
    return folder(
      project(configMapFiles(pod, sources, name, optional), items, `configmap ${name}`, optional, defaultMode),
    )
  }
  if (volume.secret) {
    const { secretName = '', items, optional, defaultMode } = volume.secret
    return folder(
      project(secretFiles(pod, sources, secretName, optional), items, `secret ${secretName}`, optional, defaultMode),
    )
  }
  if (volume.downwardAPI) return folder(downward(pod, volume.downwardAPI, volume.downwardAPI.defaultMode, where))
  if (volume.projected) {
    const { sources: parts = [], defaultMode } = volume.projected
    return folder(parts.flatMap(part => projection(pod, part, defaultMode, sources, where)))
  }
  if (volume.hostPath) return { is: 'host', path: volume.hostPath.path, type: volume.hostPath.type ?? '' }
  return {
    is: 'unsupported',
    message: `volume ${JSON.stringify(volume.name)} is of a kind that this node cannot mount`,
  }
}

const folder = (files: readonly VolumeFile[]): VolumePlan => ({ is: 'folder', files })

function configMapFiles(pod: Pod, sources: Sources, name: string, optional = false): Files {
  const found = sources.configMaps.get(name)
  if (!found && !optional)
    throw new VolumeError(`configmap ${JSON.stringify(name)} not found in namespace ${pod.metadata.namespace}`)
  const text = Object.entries(found?.data ?? {}).map(([key, value]) => [key, Buffer.from(value)] as const)
  const binary = Object.entries(found?.binaryData ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, 'base64')] as const,
  )
  return Object.fromEntries([...text, ...binary])
}

function secretFiles(pod: Pod, sources: Sources, name: string, optional = false): Files {
  const found = sources.secrets.get(name)
  if (!found && !optional)
    throw new VolumeError(`secret ${JSON.stringify(name)} not found in namespace ${pod.metadata.namespace}`)
  return Object.fromEntries(
    Object.entries(found?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]),
  )
}

/** All keys under their own names, or the listed ones under theirs. */
function project(
  files: Files,
  items: readonly KeyToPath[] | undefined,
  what: string,
  optional = false,
  defaultMode = DEFAULT_MODE,
): readonly VolumeFile[] {
  if (!items) return Object.entries(files).map(([path, content]) => ({ path, content, mode: defaultMode }))
  return items.flatMap(({ key, path, mode }) => {
    const content = Object.hasOwn(files, key) ? files[key] : undefined
    if (content) return [{ path: safePath(path), content, mode: mode ?? defaultMode }]
    if (optional) return []
    throw new VolumeError(`${what} references non-existent config key: ${key}`)
  })
}

/** Validation refuses such paths; a file outside of the volume must not come to be whatever slipped through. */
function safePath(path: string): string {
  if (path.startsWith('/') || path.split('/').includes('..'))
    throw new VolumeError(`the path ${JSON.stringify(path)} leads out of the volume`)
  return path
}

function projection(
  pod: Pod,
  part: VolumeProjection,
  mode: number | undefined,
  sources: Sources,
  where: Whereabouts,
): readonly VolumeFile[] {
  if (part.configMap) {
    const { name = '', items, optional } = part.configMap
    return project(configMapFiles(pod, sources, name, optional), items, `configmap ${name}`, optional, mode)
  }
  if (part.secret) {
    const { name = '', items, optional } = part.secret
    return project(secretFiles(pod, sources, name, optional), items, `secret ${name}`, optional, mode)
  }
  if (part.downwardAPI) return downward(pod, part.downwardAPI, mode, where)
  if (!part.serviceAccountToken) return []
  const { audience, expirationSeconds = 3600, path } = part.serviceAccountToken
  const content: TokenRequest = { ...(audience ? { audience } : {}), expirationSeconds }
  return [{ path: safePath(path), content, mode: mode ?? DEFAULT_MODE }]
}

type DownwardItems = NonNullable<NonNullable<Volume['downwardAPI']>['items']>

function downward(
  pod: Pod,
  { items = [] }: { readonly items?: DownwardItems },
  defaultMode = DEFAULT_MODE,
  where: Whereabouts,
): readonly VolumeFile[] {
  return items.map(({ path, fieldRef, resourceFieldRef, mode }) => {
    const container = pod.spec.containers.find(({ name }) => name === resourceFieldRef?.containerName)
    const value = fieldRef
      ? fieldValue(pod, fieldRef.fieldPath, where)
      : container && resourceFieldRef && resourceValue(container, resourceFieldRef.resource, resourceFieldRef.divisor)
    if (value === undefined)
      throw new VolumeError(`the file ${JSON.stringify(path)} asks for a field that does not exist`)
    return { path: safePath(path ?? ''), content: Buffer.from(value), mode: mode ?? defaultMode }
  })
}

/** Names of what a pod's volumes come from. */
export function volumeSources(pod: Pod): {
  readonly configMaps: readonly string[]
  readonly secrets: readonly string[]
} {
  const volumes = pod.spec.volumes ?? []
  const parts = volumes.flatMap(volume => volume.projected?.sources ?? [])
  const defined = (names: readonly (string | undefined)[]): readonly string[] =>
    names.filter(name => name !== undefined)
  return {
    configMaps: defined([...volumes.map(volume => volume.configMap?.name), ...parts.map(part => part.configMap?.name)]),
    secrets: defined([...volumes.map(volume => volume.secret?.secretName), ...parts.map(part => part.secret?.name)]),
  }
}
