import { randomUUID } from 'node:crypto'
import type { SecurityContextConstraints } from '../../../api/security/security-context-constraints.ts'
import { rfc3339 } from '../../../lib/clock.ts'
import type { Change } from '../../../store/mod.ts'
import type { Kernel } from '../../context.ts'
import type { Obj } from '../../object.ts'
import { keyOf } from '../../resource/resource.ts'
import { encodeStored } from '../../stored.ts'

export type Constraint = Omit<SecurityContextConstraints, 'apiVersion' | 'kind' | 'metadata'> & {
  readonly metadata: { readonly name: string }
}

const PLAIN = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
]
const VOLUMES = [...PLAIN, 'secret']
const HOST_VOLUMES = [...VOLUMES, 'hostPath'].sort()
const OLD_DROPS = ['KILL', 'MKNOD', 'SETUID', 'SETGID']
const ANY = { type: 'RunAsAny' }
const MUST = { type: 'MustRunAs' }

/** The first version of each: a user of the namespace, nothing of the node. */
const OLD = {
  allowHostDirVolumePlugin: false,
  allowHostIPC: false,
  allowHostNetwork: false,
  allowHostPID: false,
  allowHostPorts: false,
  allowPrivilegeEscalation: true,
  allowPrivilegedContainer: false,
  allowedCapabilities: null as never,
  defaultAddCapabilities: null as never,
  fsGroup: MUST,
  groups: [] as string[],
  priority: null as never,
  readOnlyRootFilesystem: false,
  requiredDropCapabilities: OLD_DROPS,
  runAsUser: { type: 'MustRunAsRange' },
  seLinuxContext: MUST,
  supplementalGroups: ANY,
  users: [] as string[],
  volumes: VOLUMES,
}

const WHOLE_HOST = {
  allowHostDirVolumePlugin: true,
  allowHostIPC: true,
  allowHostNetwork: true,
  allowHostPID: true,
  allowHostPorts: true,
}

/** The second: nothing may be gained either. */
const NEW = {
  ...OLD,
  allowPrivilegeEscalation: false,
  allowedCapabilities: ['NET_BIND_SERVICE'],
  requiredDropCapabilities: ['ALL'],
  seccompProfiles: ['runtime/default'],
}
const HOST_NETWORK = { allowHostNetwork: true, allowHostPorts: true, supplementalGroups: MUST }
const NON_ROOT = { fsGroup: ANY, runAsUser: { type: 'MustRunAsNonRoot' } }
const ANY_USER = { ...OLD, fsGroup: ANY, requiredDropCapabilities: ['MKNOD'], runAsUser: ANY }
const HOST_MOUNT = {
  ...ANY_USER,
  allowHostDirVolumePlugin: true,
  volumes: [...HOST_VOLUMES, 'nfs'].sort(),
}
const from = (min: number) => ({ type: 'MustRunAs', ranges: [{ min, max: 65_534 }] })
const OWN_NAMESPACE = (min: number) => ({
  fsGroup: from(min),
  supplementalGroups: from(min),
  runAsUser: { type: 'MustRunAsRange', uidRangeMin: min, uidRangeMax: 65_534 },
  userNamespaceLevel: 'RequirePodLevel' as const,
})

const named = (name: string, rest: Omit<Constraint, 'metadata'>): Constraint => ({ metadata: { name }, ...rest })

/** What every cluster has. Source: openshift/cluster-kube-apiserver-operator, bindata/bootkube/scc-manifests. */
export const BUNDLED: readonly Constraint[] = [
  named('anyuid', { ...ANY_USER, groups: ['system:cluster-admins'], priority: 10 }),
  named('hostaccess', {
    ...OLD,
    ...WHOLE_HOST,
    volumes: HOST_VOLUMES,
  }),
  named('hostmount-anyuid', {
    ...HOST_MOUNT,
    users: ['system:serviceaccount:openshift-infra:pv-recycler-controller'],
  }),
  named('hostmount-anyuid-v2', { ...HOST_MOUNT, seLinuxContext: ANY }),
  named('hostnetwork', { ...OLD, ...HOST_NETWORK }),
  named('hostnetwork-v2', { ...NEW, ...HOST_NETWORK }),
  named('nested-container', {
    ...OLD,
    ...OWN_NAMESPACE(0),
    allowedCapabilities: ['SETUID', 'SETGID'],
    requiredDropCapabilities: null as never,
    seLinuxContext: { type: 'MustRunAs', seLinuxOptions: { type: 'container_engine_t' } },
    seccompProfiles: ['*'],
  }),
  named('nonroot', { ...OLD, ...NON_ROOT }),
  named('nonroot-v2', { ...NEW, ...NON_ROOT }),
  named('privileged', {
    ...OLD,
    ...WHOLE_HOST,
    allowPrivilegedContainer: true,
    allowedCapabilities: ['*'],
    allowedUnsafeSysctls: ['*'],
    fsGroup: ANY,
    groups: ['system:cluster-admins', 'system:nodes', 'system:masters'],
    requiredDropCapabilities: null as never,
    runAsUser: ANY,
    seLinuxContext: ANY,
    seccompProfiles: ['*'],
    users: ['system:admin', 'system:serviceaccount:openshift-infra:build-controller'],
    volumes: ['*'],
  }),
  named('restricted', OLD),
  named('restricted-v2', NEW),
  named('restricted-v3', { ...NEW, ...OWN_NAMESPACE(1000) }),
]

/** Makes those that are missing, in one transaction; what users made of the others stays. */
export async function makeConstraints({ store, registry, clock }: Kernel): Promise<void> {
  const resource = registry.find('security.openshift.io', 'v1', 'securitycontextconstraints')
  if (!resource) return
  const changes = BUNDLED.flatMap(({ metadata: { name }, ...rest }): readonly Change[] => {
    const key = keyOf(resource, undefined, name)
    if (store.head(key)) return []
    const metadata = { name, uid: randomUUID(), creationTimestamp: rfc3339(clock.now()), generation: 1 }
    const object = { kind: resource.kind, metadata, ...rest } as unknown as Obj
    return [{ op: 'create', key, encode: revision => encodeStored(resource, object, revision) }]
  })
  if (changes.length > 0) await store.transaction(changes)
}
