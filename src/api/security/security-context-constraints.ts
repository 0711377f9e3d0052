import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, int32, int64, list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { notSupported } from '../../schema/field-error.ts'
import type { Column, FieldError } from '../../schema/kind.ts'
import { SELinuxOptions } from '../core/pod/security.ts'
import { NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'com.github.openshift.api.security.v1'

export interface IDRange extends InferMessage<typeof IDRange> {}
export const IDRange = message(`${GROUP}.IDRange`, 'Ids from one to another.', {
  min: int64(1, 'The first.'),
  max: int64(2, 'The last.'),
})

export interface GroupStrategy extends InferMessage<typeof FSGroupStrategyOptions> {}
const groupFields = {
  type: string(1, 'MustRunAs for one of the ranges, RunAsAny for every group.'),
  ranges: list(2, ref<IDRange>(IDRange), 'The groups; those of the namespace where there are none.'),
}
export const FSGroupStrategyOptions = message(`${GROUP}.FSGroupStrategyOptions`, 'Groups of volumes.', groupFields)
export const SupplementalGroupsStrategyOptions = message(
  `${GROUP}.SupplementalGroupsStrategyOptions`,
  'Further groups.',
  groupFields,
)

export interface RunAsUserStrategyOptions extends InferMessage<typeof RunAsUserStrategyOptions> {}
export const RunAsUserStrategyOptions = message(`${GROUP}.RunAsUserStrategyOptions`, 'Users of containers.', {
  type: string(1, 'MustRunAs, MustRunAsRange, MustRunAsNonRoot or RunAsAny.'),
  uid: int64(2, 'The user, for MustRunAs.', { explicit: true }),
  uidRangeMin: int64(3, "The first, for MustRunAsRange; the namespace's own where neither is given.", {
    explicit: true,
  }),
  uidRangeMax: int64(4, 'The last.', { explicit: true }),
})

export interface SELinuxContextStrategyOptions extends InferMessage<typeof SELinuxContextStrategyOptions> {}
export const SELinuxContextStrategyOptions = message(`${GROUP}.SELinuxContextStrategyOptions`, 'SELinux labels.', {
  type: string(1, 'MustRunAs or RunAsAny.'),
  seLinuxOptions: one(2, ref<SELinuxOptions>(SELinuxOptions), 'The label, for MustRunAs.'),
})

export interface AllowedFlexVolume extends InferMessage<typeof AllowedFlexVolume> {}
export const AllowedFlexVolume = message(`${GROUP}.AllowedFlexVolume`, 'A driver of volumes.', {
  driver: string(1, 'Its name.', { required: true }),
})

const SAYS = { required: true, explicit: true } as const
const NULLABLE = { nullable: true } as const

const fields = {
  priority: int32(2, 'Those with a higher one are tried first; then the stricter, then by name.', {
    ...NULLABLE,
    explicit: true,
  }),
  allowPrivilegedContainer: boolean(3, 'Containers may be privileged.', SAYS),
  defaultAddCapabilities: list(4, STRING, 'Capabilities that containers get.', NULLABLE),
  requiredDropCapabilities: list(5, STRING, 'Capabilities that are taken from containers.', NULLABLE),
  allowedCapabilities: list(6, STRING, 'Capabilities that containers may ask for; * is all.', NULLABLE),
  allowHostDirVolumePlugin: boolean(7, 'Volumes may be paths of the node.', SAYS),
  volumes: list(8, STRING, 'Which volumes pods may have, by the names of their fields; * is all.', NULLABLE),
  allowedFlexVolumes: list(21, ref<AllowedFlexVolume>(AllowedFlexVolume), 'Which of those of drivers.', NULLABLE),
  allowHostNetwork: boolean(9, "Pods may use the node's network.", SAYS),
  allowHostPorts: boolean(10, 'Containers may have host ports.', SAYS),
  allowHostPID: boolean(11, "Pods may see the node's processes.", SAYS),
  allowHostIPC: boolean(12, "Pods may use the node's IPC.", SAYS),
  userNamespaceLevel: string(26, 'RequirePodLevel where pods must have a user namespace of their own.', {
    enum: ['AllowHostLevel', 'RequirePodLevel'],
  }),
  defaultAllowPrivilegeEscalation: boolean(22, 'Whether processes may gain privileges, where it is not said.', {
    ...NULLABLE,
    explicit: true,
  }),
  allowPrivilegeEscalation: boolean(23, 'Containers may ask for gaining privileges.', {
    ...NULLABLE,
    explicit: true,
    default: true,
  }),
  seLinuxContext: one(13, ref<SELinuxContextStrategyOptions>(SELinuxContextStrategyOptions), 'SELinux labels.'),
  runAsUser: one(14, ref<RunAsUserStrategyOptions>(RunAsUserStrategyOptions), 'Users of containers.'),
  supplementalGroups: one(15, ref<GroupStrategy>(SupplementalGroupsStrategyOptions), 'Further groups.'),
  fsGroup: one(16, ref<GroupStrategy>(FSGroupStrategyOptions), 'Groups of volumes.'),
  readOnlyRootFilesystem: boolean(17, 'Containers must have a read-only root.', SAYS),
  users: list(18, STRING, 'Who may use it, beside those who may by a role.', NULLABLE),
  groups: list(19, STRING, 'Groups that may use it.', NULLABLE),
  seccompProfiles: list(
    20,
    STRING,
    'Allowed filters of system calls, the first of them where none is asked for.',
    NULLABLE,
  ),
  allowedUnsafeSysctls: list(24, STRING, 'Parameters of the kernel that pods may set.', NULLABLE),
  forbiddenSysctls: list(25, STRING, 'Parameters of the kernel that pods may not set.', NULLABLE),
}

export interface SecurityContextConstraints extends KubeObject, Infer<typeof fields> {}
type SCC = SecurityContextConstraints

/** As a CustomResourceDefinition's columns of type string show values. */
const text = (value: unknown): string =>
  value === undefined || value === null ? '<no value>' : typeof value === 'string' ? value : JSON.stringify(value)

const column = (name: string, description: string, value: (scc: SCC) => unknown): Column<SCC> => ({
  name,
  type: 'string',
  description,
  cell: scc => text(value(scc)),
})

export const SecurityContextConstraints = defineKind<SecurityContextConstraints>({
  group: 'security.openshift.io',
  version: 'v1',
  kind: 'SecurityContextConstraints',
  plural: 'securitycontextconstraints',
  shortNames: ['scc'],
  namespaced: false,
  definition: `${GROUP}.SecurityContextConstraints`,
  doc: 'What pods may ask for, whose account or maker may use it.',
  fields,
  complete: scc => ({
    ...scc,
    fsGroup: { ...scc.fsGroup, type: scc.fsGroup?.type || 'RunAsAny' },
    supplementalGroups: { ...scc.supplementalGroups, type: scc.supplementalGroups?.type || 'RunAsAny' },
    users: scc.users ?? [],
    groups: scc.groups ?? [],
    volumes: volumesOf(scc),
  }),
  validate: strategyErrors,
  columns: [
    NAME,
    column('Priv', 'Whether containers may be privileged.', scc => scc.allowPrivilegedContainer),
    column('Caps', 'What containers may ask for.', scc => scc.allowedCapabilities),
    column('SELinux', 'How SELinux labels are chosen.', scc => scc.seLinuxContext?.type),
    column('RunAsUser', 'How users are chosen.', scc => scc.runAsUser?.type),
    column('FSGroup', 'How groups of volumes are chosen.', scc => scc.fsGroup?.type),
    column('SupGroup', 'How further groups are chosen.', scc => scc.supplementalGroups?.type),
    column('Priority', 'Those with a higher one are tried first.', scc => scc.priority),
    column('ReadOnlyRootFS', 'Whether roots must be read-only.', scc => scc.readOnlyRootFilesystem),
    column('Volumes', 'Which volumes pods may have.', scc => scc.volumes),
  ],
})

/** All but hostPath, which a boolean of its own decides about. */
const VOLUMES =
  'awsElasticBlockStore azureDisk azureFile cephFS cinder configMap csi downwardAPI emptyDir ephemeral fc flexVolume flocker gcePersistentDisk gitRepo glusterfs image iscsi nfs persistentVolumeClaim photonPersistentDisk portworxVolume projected quobyte rbd scaleIO secret storageOS vsphere'.split(
    ' ',
  )

/** The boolean about paths of the node wins over the list. Source: sccdefaults.SetDefaults_SCC. */
function volumesOf({ volumes, allowHostDirVolumePlugin: mayHost }: SCC): readonly string[] {
  const asked = new Set(volumes ?? ['*'])
  if (volumes?.length === 0 && !mayHost) return ['none']
  if (mayHost) return asked.has('*') ? [...asked].sort() : [...asked.add('hostPath')].sort()
  if (asked.delete('*')) for (const name of VOLUMES) asked.add(name)
  asked.delete('hostPath')
  return [...asked].sort()
}

function strategyErrors({ runAsUser, seLinuxContext, fsGroup, supplementalGroups }: SCC): readonly FieldError[] {
  const check = (field: string, type: string | undefined, known: readonly string[]): readonly FieldError[] =>
    known.includes(type ?? '') ? [] : [notSupported(`${field}.type`, type ?? '', known)]
  return [
    ...check('runAsUser', runAsUser?.type, ['MustRunAs', 'MustRunAsNonRoot', 'MustRunAsRange', 'RunAsAny']),
    ...check('seLinuxContext', seLinuxContext?.type, ['MustRunAs', 'RunAsAny']),
    ...check('fsGroup', fsGroup?.type, ['MustRunAs', 'RunAsAny']),
    ...check('supplementalGroups', supplementalGroups?.type, ['MustRunAs', 'RunAsAny']),
  ]
}
