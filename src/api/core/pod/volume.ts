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
export const HostPathVolumeSource = message(`${GROUP}.HostPathVolumeSource`, '', {
  path: string(1, '', { required: true }),
  type: string(2, '', { explicit: true }),
})

export interface EmptyDirVolumeSource extends InferMessage<typeof EmptyDirVolumeSource> {}
export const EmptyDirVolumeSource = message(`${GROUP}.EmptyDirVolumeSource`, '', {
  medium: string(1, ''),
  sizeLimit: quantity(2, ''),
})

export interface SecretVolumeSource extends InferMessage<typeof SecretVolumeSource> {}
export const SecretVolumeSource = message(`${GROUP}.SecretVolumeSource`, '', {
  secretName: string(1, ''),
  items: list(2, ref<KeyToPath>(KeyToPath), ''),
  defaultMode: int32(3, '', { explicit: true }),
  optional: boolean(4, '', { explicit: true }),
})

export interface ConfigMapVolumeSource extends InferMessage<typeof ConfigMapVolumeSource>, LocalObjectReference {}
export const ConfigMapVolumeSource = message(`${GROUP}.ConfigMapVolumeSource`, '', {
  localObjectReference: inline(1, LocalObjectReference),
  items: list(2, ref<KeyToPath>(KeyToPath), ''),
  defaultMode: int32(3, '', { explicit: true }),
  optional: boolean(4, '', { explicit: true }),
})

export interface NFSVolumeSource extends InferMessage<typeof NFSVolumeSource> {}
export const NFSVolumeSource = message(`${GROUP}.NFSVolumeSource`, '', {
  server: string(1, '', { required: true }),
  path: string(2, '', { required: true }),
  readOnly: boolean(3, ''),
})

export interface PersistentVolumeClaimVolumeSource extends InferMessage<typeof PersistentVolumeClaimVolumeSource> {}
export const PersistentVolumeClaimVolumeSource = message(`${GROUP}.PersistentVolumeClaimVolumeSource`, '', {
  claimName: string(1, '', { required: true }),
  readOnly: boolean(2, ''),
})

export interface DownwardAPIVolumeSource extends InferMessage<typeof DownwardAPIVolumeSource> {}
export const DownwardAPIVolumeSource = message(`${GROUP}.DownwardAPIVolumeSource`, '', {
  items: list(1, ref<DownwardAPIVolumeFile>(DownwardAPIVolumeFile), ''),
  defaultMode: int32(2, '', { explicit: true }),
})

export interface CSIVolumeSource extends InferMessage<typeof CSIVolumeSource> {}
export const CSIVolumeSource = message(`${GROUP}.CSIVolumeSource`, '', {
  driver: string(1, '', { required: true }),
  readOnly: boolean(2, '', { explicit: true }),
  fsType: string(3, '', { explicit: true }),
  volumeAttributes: map(4, STRING, ''),
  nodePublishSecretRef: one(5, ref<LocalObjectReference>(LocalObjectReference), ''),
})

export interface ImageVolumeSource extends InferMessage<typeof ImageVolumeSource> {}
export const ImageVolumeSource = message(`${GROUP}.ImageVolumeSource`, '', {
  reference: string(1, ''),
  pullPolicy: string(2, '', { enum: ['Always', 'Never', 'IfNotPresent'] }),
})

export interface VolumeSource extends InferMessage<typeof VolumeSource> {}
export const VolumeSource = message(`${GROUP}.VolumeSource`, '', {
  hostPath: one(1, ref<HostPathVolumeSource>(HostPathVolumeSource), ''),
  emptyDir: one(2, ref<EmptyDirVolumeSource>(EmptyDirVolumeSource), ''),
  secret: one(6, ref<SecretVolumeSource>(SecretVolumeSource), ''),
  nfs: one(7, ref<NFSVolumeSource>(NFSVolumeSource), ''),
  persistentVolumeClaim: one(10, ref<PersistentVolumeClaimVolumeSource>(PersistentVolumeClaimVolumeSource), ''),
  downwardAPI: one(16, ref<DownwardAPIVolumeSource>(DownwardAPIVolumeSource), ''),
  configMap: one(19, ref<ConfigMapVolumeSource>(ConfigMapVolumeSource), ''),
  projected: one(26, ref<ProjectedVolumeSource>(ProjectedVolumeSource), ''),
  csi: one(28, ref<CSIVolumeSource>(CSIVolumeSource), ''),
  ephemeral: one(29, ref<EphemeralVolumeSource>(EphemeralVolumeSource), ''),
  image: one(30, ref<ImageVolumeSource>(ImageVolumeSource), ''),
})

export interface Volume extends InferMessage<typeof Volume>, VolumeSource {}
export const Volume = message(`${GROUP}.Volume`, '', {
  name: string(1, '', { required: true }),
  volumeSource: inline(2, VolumeSource),
})
