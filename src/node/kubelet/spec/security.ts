import type { Container } from '../../../api/core/pod/container.ts'
import type { Pod } from '../../../api/core/pod.ts'
import type { ContainerSpec } from '../../runtime/mod.ts'
import { ConfigError } from './env.ts'

/** What a container may have without asking. Source: the default set of containerd and CRI-O. */
const DEFAULT_CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
] as const

const FIRST_FREE_PORT = 1024
const PORT_START = 'net.ipv4.ip_unprivileged_port_start'
/** Whoever an image that says nothing would run as, when root is ruled out. */
const NOBODY = 65_532

export type Security = Pick<
  ContainerSpec,
  'uid' | 'gid' | 'groups' | 'capabilities' | 'noNewPrivileges' | 'lowestPort' | 'readOnlyRoot'
>

/** As whom a container runs and what it may: its own securityContext, then the pod's. Throws ConfigError. */
export function securityOf(pod: Pod, container: Container): Security {
  const own = container.securityContext ?? {}
  const of = pod.spec.securityContext ?? {}
  const mayBeRoot = !(own.runAsNonRoot ?? of.runAsNonRoot ?? false)
  const user = own.runAsUser ?? of.runAsUser
  const uid = user === undefined ? (mayBeRoot ? undefined : NOBODY) : Number(user)
  if (uid === 0 && !mayBeRoot) {
    const where = `pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name}`
    throw new ConfigError(`container's runAsUser breaks non-root policy (${where})`)
  }
  const group = own.runAsGroup ?? of.runAsGroup
  // A user that no group goes with has group 0, as in a container without an entry in /etc/passwd.
  const gid = group === undefined ? (uid === undefined ? undefined : 0) : Number(group)
  const groups = [...(of.supplementalGroups ?? []), ...(of.fsGroup === undefined ? [] : [of.fsGroup])].map(Number)
  const capabilities = own.privileged ? undefined : capabilitiesOf(container)
  const lowestPort = lowestPortOf(pod, uid, capabilities)
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(groups.length > 0 ? { groups } : {}),
    ...(capabilities ? { capabilities } : {}),
    ...(own.allowPrivilegeEscalation === false ? { noNewPrivileges: true } : {}),
    ...(lowestPort > 0 ? { lowestPort } : {}),
    ...(own.readOnlyRootFilesystem ? { readOnlyRoot: true } : {}),
  }
}

function capabilitiesOf({ securityContext }: Container): readonly string[] | undefined {
  const named = (names: readonly string[] = []): readonly string[] =>
    names.map(name => name.toUpperCase().replace(/^CAP_/, ''))
  const { add, drop } = {
    add: named(securityContext?.capabilities?.add),
    drop: named(securityContext?.capabilities?.drop),
  }
  if (add.includes('ALL')) return undefined
  const kept = drop.includes('ALL') ? [] : DEFAULT_CAPABILITIES.filter(name => !drop.includes(name))
  return [...new Set([...kept, ...add])]
}

/** As the kernel has it: other users than root have no capabilities, whatever was added. */
function lowestPortOf(pod: Pod, uid: number | undefined, capabilities: readonly string[] | undefined): number {
  const sysctl = pod.spec.securityContext?.sysctls?.find(({ name }) => name === PORT_START)
  const start = sysctl ? Number(sysctl.value) : FIRST_FREE_PORT
  const isRoot = uid === undefined || uid === 0
  return isRoot && (capabilities === undefined || capabilities.includes('NET_BIND_SERVICE')) ? 0 : start
}

/**
 * Why a container that ends again and again may do so: it declares ports that it may not listen on, or its last words say that it was
 * refused one.
 */
export function portHint(pod: Pod, container: Container, lastWords = ''): string | undefined {
  const { uid, lowestPort = 0 } = securityOf(pod, container)
  const low = (container.ports ?? []).map(({ containerPort }) => containerPort).filter(port => port < lowestPort)
  if (lowestPort === 0 || (low.length === 0 && !lastWords.includes('EACCES'))) return undefined
  const scc = pod.metadata.annotations?.['openshift.io/scc']
  const who = uid ? `user ${uid}` : 'root'
  return (
    `Container ${container.name} ${low.length > 0 ? `declares port ${low.join(', ')}, but ` : ''}runs as ${who} without NET_BIND_SERVICE` +
    `${scc ? ` (SCC ${scc})` : ''}: listening below ${lowestPort} fails with EACCES. Let it listen on a higher port, such as 8080` +
    (scc
      ? `, or allow it more: oc adm policy add-scc-to-user anyuid -z ${pod.spec.serviceAccountName ?? 'default'}`
      : '')
  )
}
