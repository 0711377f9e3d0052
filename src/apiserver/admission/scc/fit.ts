import type { Constraint } from './bundled.ts'
import type { Range, Ranges } from './ranges.ts'

const ANNOTATION = 'seccomp.security.alpha.kubernetes.io'
/** The old form of a pod's seccomp profile, which constraints still fill in. */
export const SECCOMP = `${ANNOTATION}/pod`

export interface Security {
  readonly runAsUser?: number
  readonly runAsNonRoot?: boolean
  readonly fsGroup?: number
  readonly supplementalGroups?: readonly number[]
  readonly privileged?: boolean
  readonly readOnlyRootFilesystem?: boolean
  readonly allowPrivilegeEscalation?: boolean
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] }
  readonly seccompProfile?: { readonly type: string; readonly localhostProfile?: string }
  readonly seLinuxOptions?: Readonly<Record<string, string>>
  readonly sysctls?: readonly { readonly name: string }[]
}

interface Container {
  readonly name?: string
  securityContext?: Security
  readonly ports?: readonly { readonly hostPort?: number }[]
}

export interface PodSpec {
  readonly hostNetwork?: boolean
  readonly hostPID?: boolean
  readonly hostIPC?: boolean
  readonly hostUsers?: boolean
  securityContext?: Security
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly ephemeralContainers?: readonly Container[]
  readonly volumes?: readonly Readonly<Record<string, unknown>>[]
}

/** A pod as a constraint would have it, and what the constraint refuses of it all the same: nothing when it fits. */
export interface Fit {
  readonly errors: readonly string[]
  /** Undefined where it stays as it is. */
  readonly pod: Security | undefined
  readonly containers: ReadonlyMap<Container, Security | undefined>
}

/** Source, also of the texts: apiserver-library-go, sccmatching/provider.go. */
export function fitTo(spec: PodSpec, constraint: Constraint, ranges: Ranges): Fit {
  const root = `provider ${constraint.metadata.name}: `
  const errors: string[] = []
  const pod = podSecurity(spec.securityContext, constraint, ranges)
  errors.push(...podErrors(spec, pod ?? {}, constraint, ranges, `${root}.spec.securityContext`))
  const containers = new Map<Container, Security | undefined>()
  for (const [path, container] of containersOf(spec)) {
    const own = containerSecurity(container.securityContext, pod ?? {}, constraint, ranges)
    containers.set(container, own)
    const security = { ...pod, ...own }
    errors.push(...containerErrors(spec, security, constraint, ranges, `${root}.${path}`))
    errors.push(...profileErrors(security, constraint, `container.${ANNOTATION}/${container.name}`))
  }
  return { errors: [...new Set(errors)], pod, containers }
}

/** Makes the pod so. */
export function carryOut(spec: PodSpec, { pod, containers }: Pick<Fit, 'pod' | 'containers'>): void {
  for (const [container, security] of containers) if (security) container.securityContext = security
  if (pod) spec.securityContext = pod
}

function containersOf(spec: PodSpec): readonly (readonly [string, Container])[] {
  const named = (name: string, list: readonly Container[] = []) =>
    list.map((container, index) => [`${name}[${index}]`, container] as const)
  return [
    ...named('initContainers', spec.initContainers),
    ...named('containers', spec.containers),
    ...named('ephemeralContainers', spec.ephemeralContainers),
  ]
}

const filled = (own: Security | undefined, more: Security): Security | undefined =>
  Object.keys(more).length === 0 ? own : { ...own, ...more }

function podSecurity(own: Security | undefined, constraint: Constraint, ranges: Ranges): Security | undefined {
  const { seccompProfiles, seLinuxContext } = constraint
  const group = groupsOf('fsGroup', constraint, ranges)?.[0]?.first
  const further = groupsOf('supplementalGroups', constraint, ranges)?.[0]?.first
  const profile = seccompProfiles?.find(name => name !== '*')
  return filled(own, {
    ...(own?.fsGroup === undefined && group !== undefined ? { fsGroup: group } : {}),
    ...(own?.supplementalGroups === undefined && further !== undefined ? { supplementalGroups: [further] } : {}),
    ...(own?.seLinuxOptions === undefined && seLinuxContext?.type === 'MustRunAs'
      ? {
          seLinuxOptions: {
            ...seLinuxContext.seLinuxOptions,
            level: seLinuxContext.seLinuxOptions?.level || ranges.level,
          },
        }
      : {}),
    ...(own?.seccompProfile === undefined && profile !== undefined ? { seccompProfile: profileOf(profile) } : {}),
  })
}

const profileOf = (name: string): NonNullable<Security['seccompProfile']> =>
  name.startsWith('localhost/')
    ? { type: 'Localhost', localhostProfile: name.slice('localhost/'.length) }
    : { type: name === 'unconfined' ? 'Unconfined' : 'RuntimeDefault' }

export const profileName = (profile: Security['seccompProfile']): string => {
  if (!profile) return ''
  if (profile.type === 'Localhost') return `localhost/${profile.localhostProfile ?? ''}`
  return profile.type === 'Unconfined' ? 'unconfined' : 'runtime/default'
}

/** Undefined where every group will do. */
function groupsOf(
  field: 'fsGroup' | 'supplementalGroups',
  constraint: Constraint,
  own: Ranges,
): readonly Range[] | undefined {
  const { type, ranges = [] } = constraint[field] ?? {}
  if (type !== 'MustRunAs') return undefined
  if (ranges.length > 0) return ranges.map(({ min = 0, max = 0 }) => ({ first: min, last: max }))
  const [first] = own.groups
  return field === 'fsGroup' ? [{ first: first!.first, last: first!.first }] : own.groups
}

/** Undefined where the constraint names no users. */
function usersOf({ runAsUser }: Constraint, own: Ranges): Range | undefined {
  if (runAsUser?.type === 'MustRunAs') return { first: runAsUser.uid ?? 0, last: runAsUser.uid ?? 0 }
  if (runAsUser?.type !== 'MustRunAsRange') return undefined
  return { first: runAsUser.uidRangeMin ?? own.users.first, last: runAsUser.uidRangeMax ?? own.users.last }
}

function containerSecurity(
  own: Security | undefined,
  pod: Security,
  constraint: Constraint,
  ranges: Ranges,
): Security | undefined {
  const all = { ...pod, ...own }
  const user = all.runAsUser ?? usersOf(constraint, ranges)?.first
  const mustNot = user === undefined ? constraint.runAsUser?.type === 'MustRunAsNonRoot' : user > 0
  const mayGain = own?.privileged ? undefined : constraint.defaultAllowPrivilegeEscalation
  const gains = mayGain ?? (constraint.allowPrivilegeEscalation === false ? false : undefined)
  return filled(own, {
    ...(user !== undefined && all.runAsUser === undefined ? { runAsUser: user } : {}),
    ...(all.runAsNonRoot === undefined && mustNot ? { runAsNonRoot: true } : {}),
    ...capabilitiesOf(own?.capabilities, constraint),
    ...(constraint.readOnlyRootFilesystem && own?.readOnlyRootFilesystem === undefined
      ? { readOnlyRootFilesystem: true }
      : {}),
    ...(own?.allowPrivilegeEscalation === undefined && typeof gains === 'boolean'
      ? { allowPrivilegeEscalation: gains }
      : {}),
  })
}

function capabilitiesOf(own: Security['capabilities'], constraint: Constraint): Pick<Security, 'capabilities'> {
  const adds = (constraint.defaultAddCapabilities ?? []).filter(name => !own?.drop?.includes(name))
  const add = [...new Set([...(own?.add ?? []), ...adds])]
  const drop = [...new Set([...(own?.drop ?? []), ...(constraint.requiredDropCapabilities ?? [])])]
  if (add.length === (own?.add ?? []).length && drop.length === (own?.drop ?? []).length) return {}
  const list = (name: 'add' | 'drop', values: readonly string[]) =>
    values.length > 0 ? { [name]: [...values].sort() } : {}
  return { capabilities: { ...list('add', add), ...list('drop', drop) } }
}

const invalid = (path: string, value: unknown, why: string): string =>
  `${path}: Invalid value: ${JSON.stringify(value) ?? 'null'}: ${why}`

function podErrors(
  spec: PodSpec,
  security: Security,
  constraint: Constraint,
  ranges: Ranges,
  path: string,
): readonly string[] {
  const errors: string[] = []
  const group = (field: 'fsGroup' | 'supplementalGroups', values: readonly number[]): void => {
    const allowed = groupsOf(field, constraint, ranges)
    for (const value of allowed ? values : [])
      if (!allowed!.some(({ first, last }) => value >= first && value <= last))
        errors.push(invalid(`${path}.${field}`, values, `${value} is not an allowed group`))
  }
  if (security.fsGroup !== undefined) group('fsGroup', [security.fsGroup])
  group('supplementalGroups', security.supplementalGroups ?? [])
  errors.push(...profileErrors(security, constraint, SECCOMP))
  errors.push(...hostErrors(spec, constraint, path))
  if (constraint.userNamespaceLevel === 'RequirePodLevel' && spec.hostUsers !== false)
    errors.push(invalid(`${path}.hostUsers`, spec.hostUsers ?? null, 'Host Users must be set to false'))
  const volumes = constraint.volumes ?? []
  for (const [index, volume] of volumes.includes('*') ? [] : (spec.volumes ?? []).entries()) {
    const type = Object.keys(volume).find(name => name !== 'name') ?? 'emptyDir'
    if (!volumes.includes(type))
      errors.push(invalid(`spec.volumes[${index}]`, type, `${type} volumes are not allowed to be used`))
  }
  return [...errors, ...sysctlErrors(security, constraint)]
}

function hostErrors(spec: PodSpec, constraint: Constraint, path: string): readonly string[] {
  const asked = [
    ['hostNetwork', spec.hostNetwork, constraint.allowHostNetwork, 'Host network'],
    ['hostPID', spec.hostPID, constraint.allowHostPID, 'Host PID'],
    ['hostIPC', spec.hostIPC, constraint.allowHostIPC, 'Host IPC'],
  ] as const
  return asked
    .filter(([, asks, allowed]) => asks && !allowed)
    .map(([field, , , name]) => invalid(`${path}.${field}`, true, `${name} is not allowed to be used`))
}

function profileErrors(
  { seccompProfile }: Security,
  { seccompProfiles }: Constraint,
  annotation: string,
): readonly string[] {
  const path = `pod.metadata.annotations[${annotation}]`
  const allowed = (seccompProfiles ?? []).filter(name => name !== '*')
  const asked = profileName(seccompProfile)
  if (seccompProfiles?.includes('*')) return []
  if (allowed.length === 0) return asked === '' ? [] : [`${path}: Forbidden: seccomp may not be set`]
  if (allowed.includes(asked)) return []
  return [`${path}: Forbidden: ${asked} is not an allowed seccomp profile. Valid values are [${allowed.join(' ')}]`]
}

/** Those that are a pod's own and do no harm. */
const SAFE = new Set(
  'kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range net.ipv4.ip_unprivileged_port_start net.ipv4.ip_local_reserved_ports net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes net.ipv4.tcp_rmem net.ipv4.tcp_wmem'.split(
    ' ',
  ),
)

function sysctlErrors({ sysctls = [] }: Security, constraint: Constraint): readonly string[] {
  const matches = (patterns: readonly string[] | null | undefined, name: string): boolean =>
    (patterns ?? []).some(one => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : one === name))
  return sysctls.flatMap(({ name }, index) => {
    const path = `pod.spec.securityContext.sysctls[${index}]`
    if (matches(constraint.forbiddenSysctls, name))
      return [`${path}: Forbidden: sysctl ${JSON.stringify(name)} is not allowed`]
    if (SAFE.has(name) || matches(constraint.allowedUnsafeSysctls, name)) return []
    return [`${path}: Forbidden: unsafe sysctl ${JSON.stringify(name)} is not allowed`]
  })
}

function containerErrors(
  spec: PodSpec,
  security: Security,
  constraint: Constraint,
  ranges: Ranges,
  path: string,
): readonly string[] {
  const { privileged, allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = security
  const errors = [...userErrors(security, constraint, ranges, path)]
  if (privileged && !constraint.allowPrivilegedContainer)
    errors.push(invalid(`${path}.privileged`, true, 'Privileged containers are not allowed'))
  const allowed = [...(constraint.allowedCapabilities ?? []), ...(constraint.defaultAddCapabilities ?? [])]
  for (const name of allowed.includes('*') ? [] : (capabilities?.add ?? []))
    if (!allowed.includes(name)) errors.push(invalid(`${path}.capabilities.add`, name, 'capability may not be added'))
  errors.push(...hostErrors(spec, constraint, path))
  if (!constraint.allowHostPorts)
    for (const [inner, { ports = [] }] of containersOf(spec))
      for (const { hostPort } of ports)
        if (hostPort)
          errors.push(invalid(`${path}.${inner}.hostPort`, hostPort, 'Host ports are not allowed to be used'))
  if (constraint.readOnlyRootFilesystem && readOnlyRootFilesystem === false)
    errors.push(invalid(`${path}.readOnlyRootFilesystem`, false, 'ReadOnlyRootFilesystem must be set to true'))
  if (constraint.allowPrivilegeEscalation === false && allowPrivilegeEscalation)
    errors.push(
      invalid(`${path}.allowPrivilegeEscalation`, true, 'Allowing privilege escalation for containers is not allowed'),
    )
  return errors
}

function userErrors(
  { runAsUser: user, runAsNonRoot }: Security,
  constraint: Constraint,
  ranges: Ranges,
  path: string,
): readonly string[] {
  const users = usersOf(constraint, ranges)
  if (users && user !== undefined && (user < users.first || user > users.last)) {
    const why =
      constraint.runAsUser?.type === 'MustRunAs'
        ? `must be: ${users.first}`
        : `must be in the ranges: [${users.first}, ${users.last}]`
    return [invalid(`${path}.runAsUser`, user, why)]
  }
  if (constraint.runAsUser?.type !== 'MustRunAsNonRoot') return []
  if (runAsNonRoot === false) return [invalid(`${path}.runAsNonRoot`, false, 'must be true')]
  return user === 0 ? [invalid(`${path}.runAsUser`, user, 'running with the root UID is forbidden')] : []
}
