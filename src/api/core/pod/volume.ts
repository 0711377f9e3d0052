import type { InferMessage } from '../../../schema/field.ts'
import {
  boolean,
  inline,
  int32,
  list,
  map,
  message,
  one,
  quantity,
  ref,
  STRING,
  string,
} from '../../../schema/field.ts'
import { LocalObjectReference } from '../reference.ts'
import { EphemeralVolumeSource } from './volume-claim.ts'
import { DownwardAPIVolumeFile, KeyToPath } from './volume-file.ts'
import { ProjectedVolumeSource } from './volume-projected.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface HostPathVolumeSource extends InferMessage<typeof HostPathVolumeSource> {}
export const HostPathVolumeSource = message(`${GROUP}.HostPathVolumeSource`, 'A path of the node.', {
  path: string(1, 'The path.', { required: true }),
  type: string(2, 'What must be there, or is made.', { explicit: true, default: '' }),
})

export interface EmptyDirVolumeSource extends InferMessage<typeof EmptyDirVolumeSource> {}
export const EmptyDirVolumeSource = message(
  `${GROUP}.EmptyDirVolumeSource`,
  'An empty directory that lives as long as the pod.',
  {
    medium: string(1, 'Memory for a file system in memory.'),
    sizeLimit: quantity(2, 'The most it may hold.'),
  },
)

export interface SecretVolumeSource extends InferMessage<typeof SecretVolumeSource> {}
export const SecretVolumeSource = message(`${GROUP}.SecretVolumeSource`, "A Secret's keys as files.", {
  secretName: string(1, "The Secret's name."),
  items: list(2, ref<KeyToPath>(KeyToPath), 'Which keys, and where; all where absent.'),
  defaultMode: int32(3, "The files' mode.", { explicit: true, default: 420 }),
  optional: boolean(4, 'Its absence is no error.', { explicit: true }),
})

export interface ConfigMapVolumeSource extends InferMessage<typeof ConfigMapVolumeSource>, LocalObjectReference {}
export const ConfigMapVolumeSource = message(`${GROUP}.ConfigMapVolumeSource`, "A ConfigMap's keys as files.", {
  localObjectReference: inline(1, LocalObjectReference),
  items: list(2, ref<KeyToPath>(KeyToPath), 'Which keys, and where; all where absent.'),
  defaultMode: int32(3, "The files' mode.", { explicit: true, default: 420 }),
  optional: boolean(4, 'Its absence is no error.', { explicit: true }),
})

export interface NFSVolumeSource extends InferMessage<typeof NFSVolumeSource> {}
export const NFSVolumeSource = message(`${GROUP}.NFSVolumeSource`, 'A directory of an NFS server.', {
  server: string(1, 'The server.', { required: true }),
  path: string(2, 'The exported path.', { required: true }),
  readOnly: boolean(3, 'It cannot be written to.'),
})

export interface PersistentVolumeClaimVolumeSource extends InferMessage<typeof PersistentVolumeClaimVolumeSource> {}
export const PersistentVolumeClaimVolumeSource = message(
  `${GROUP}.PersistentVolumeClaimVolumeSource`,
  'A claimed volume.',
  {
    claimName: string(1, "The claim's name.", { required: true }),
    readOnly: boolean(2, 'It cannot be written to.'),
  },
)

export interface DownwardAPIVolumeSource extends InferMessage<typeof DownwardAPIVolumeSource> {}
export const DownwardAPIVolumeSource = message(`${GROUP}.DownwardAPIVolumeSource`, 'Fields of the pod as files.', {
  items: list(1, ref<DownwardAPIVolumeFile>(DownwardAPIVolumeFile), 'The files.'),
  defaultMode: int32(2, "The files' mode.", { explicit: true, default: 420 }),
})

export interface CSIVolumeSource extends InferMessage<typeof CSIVolumeSource> {}
export const CSIVolumeSource = message(`${GROUP}.CSIVolumeSource`, 'A volume made by a CSI driver for this pod.', {
  driver: string(1, "The driver's name.", { required: true }),
  readOnly: boolean(2, 'It cannot be written to.', { explicit: true }),
  fsType: string(3, 'The file system.', { explicit: true }),
  volumeAttributes: map(4, STRING, 'Settings for the driver.'),
  nodePublishSecretRef: one(5, ref<LocalObjectReference>(LocalObjectReference), 'A Secret for the driver.'),
})

export interface ImageVolumeSource extends InferMessage<typeof ImageVolumeSource> {}
export const ImageVolumeSource = message(`${GROUP}.ImageVolumeSource`, 'The content of an image.', {
  reference: string(1, 'The image.'),
  pullPolicy: string(2, 'When it is pulled.', { enum: ['Always', 'Never', 'IfNotPresent'] }),
})

export interface VolumeSource extends InferMessage<typeof VolumeSource> {}
export const VolumeSource = message(`${GROUP}.VolumeSource`, 'Where a volume comes from; exactly one is set.', {
  hostPath: one(1, ref<HostPathVolumeSource>(HostPathVolumeSource), 'A path of the node.'),
  emptyDir: one(2, ref<EmptyDirVolumeSource>(EmptyDirVolumeSource), 'An empty directory.'),
  secret: one(6, ref<SecretVolumeSource>(SecretVolumeSource), 'A Secret.'),
  nfs: one(7, ref<NFSVolumeSource>(NFSVolumeSource), 'An NFS export.'),
  persistentVolumeClaim: one(
    10,
    ref<PersistentVolumeClaimVolumeSource>(PersistentVolumeClaimVolumeSource),
    'A claimed volume.',
  ),
  downwardAPI: one(16, ref<DownwardAPIVolumeSource>(DownwardAPIVolumeSource), 'Fields of the pod.'),
  configMap: one(19, ref<ConfigMapVolumeSource>(ConfigMapVolumeSource), 'A ConfigMap.'),
  projected: one(26, ref<ProjectedVolumeSource>(ProjectedVolumeSource), 'Several sources in one directory.'),
  csi: one(28, ref<CSIVolumeSource>(CSIVolumeSource), 'A CSI driver.'),
  ephemeral: one(29, ref<EphemeralVolumeSource>(EphemeralVolumeSource), 'A claim made for this pod.'),
  image: one(30, ref<ImageVolumeSource>(ImageVolumeSource), 'The content of an image.'),
})

export interface Volume extends InferMessage<typeof Volume>, VolumeSource {}
export const Volume = message(`${GROUP}.Volume`, 'A directory that containers of the pod may mount.', {
  name: string(1, 'Unique in the pod.', { required: true }),
  volumeSource: inline(2, VolumeSource),
})
