/** The Pod Security Standards, each check with upstream's words. Source: k8s.io/pod-security-admission/policy. */
import type { Container } from '../../../api/core/pod/container.ts'
import type { Pod } from '../../../api/core/pod.ts'
import type { Standard } from './policy.ts'

export interface Violation {
  readonly reason: string
  readonly detail: string
}

type Metadata = { readonly annotations?: Readonly<Record<string, string>> }
type Spec = Pod['spec']

interface Subject {
  readonly metadata: Metadata
  readonly spec: Spec
  readonly containers: readonly Container[]
  readonly minor: number
}

interface Check {
  readonly level: 'baseline' | 'restricted'
  /** A check of the restricted level says more: this one is for the baseline level alone. */
  readonly isOverlapped?: true
  readonly sinceMinor?: number
  readonly run: (subject: Subject) => Violation | undefined
}

/** What the pod does that the standard rules out, in upstream's order; nothing where it may run. */
export function violations(standard: Standard, metadata: Metadata, spec: Spec): readonly Violation[] {
  if (standard.level === 'privileged') return []
  const minor = Math.min(standard.minor ?? LATEST, LATEST)
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]
  const subject = { metadata, spec, containers: containers as readonly Container[], minor }
  return inOrder(standard)
    .filter(({ sinceMinor = 0 }) => minor >= sinceMinor)
    .flatMap(check => check.run(subject) ?? [])
}

const LATEST = 32

const inOrder = ({ level }: Standard): readonly Check[] => [
  ...CHECKS.filter(check => check.level === 'baseline' && !check.isOverlapped),
  ...CHECKS.filter(check => (level === 'baseline' ? check.isOverlapped : check.level === 'restricted')),
]

export const reasonsText = (found: readonly Violation[]): string => found.map(({ reason }) => reason).join(', ')
export const detailsText = (found: readonly Violation[]): string =>
  found.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ')

const quoted = (names: readonly string[]): string => names.map(name => JSON.stringify(name)).join(', ')
const sorted = (names: Iterable<string>): readonly string[] => [...new Set(names)].sort()
const many = (word: string, { length }: { readonly length: number }): string => (length === 1 ? word : `${word}s`)
const naming = (containers: readonly Container[]): string =>
  `${many('container', containers)} ${quoted(containers.map(({ name }) => name))}`
const uses = ({ length }: { readonly length: number }): string => (length === 1 ? 'uses' : 'use')

/** "pod", "container "a"", or both. */
function setters(isPod: boolean, containers: readonly Container[]): string {
  return [...(isPod ? ['pod'] : []), ...(containers.length > 0 ? [naming(containers)] : [])].join(' and ')
}

const isWindows = ({ spec, minor }: Subject): boolean => minor >= 25 && spec.os?.name === 'windows'

function allowPrivilegeEscalation(subject: Subject): Violation | undefined {
  if (isWindows(subject)) return undefined
  const bad = subject.containers.filter(one => one.securityContext?.allowPrivilegeEscalation !== false)
  if (bad.length === 0) return undefined
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${naming(bad)} must set securityContext.allowPrivilegeEscalation=false`,
  }
}

const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/'

function appArmorProfile({ metadata, spec, containers }: Subject): Violation | undefined {
  const isBad = (type: string | undefined): boolean =>
    type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost'
  const ofPod = spec.securityContext?.appArmorProfile?.type
  const bad = containers.filter(one => isBad(one.securityContext?.appArmorProfile?.type))
  const values = sorted(
    [isBad(ofPod) ? ofPod! : '', ...bad.map(one => one.securityContext!.appArmorProfile!.type)].filter(Boolean),
  )
  const annotations = Object.entries(metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(APP_ARMOR) && !/^(runtime\/default|localhost\/.*|)$/.test(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  const details = [
    ...(values.length > 0
      ? [`${setters(isBad(ofPod), bad)} must not set AppArmor profile type to ${quoted(values)}`]
      : []),
    ...(annotations.length > 0 ? [`${many('annotation', annotations)} ${sorted(annotations).join(', ')}`] : []),
  ]
  if (details.length === 0) return undefined
  const count = { length: values.length + annotations.length }
  return { reason: `forbidden AppArmor ${many('profile', count)}`, detail: details.join(' and ') }
}

const DEFAULT_CAPABILITIES = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
)

const addedBy = ({ securityContext }: Container): readonly string[] => securityContext?.capabilities?.add ?? []

function addingOthers({ containers }: Subject, mayAdd: (name: string) => boolean): string | undefined {
  const bad = containers.filter(one => !addedBy(one).every(mayAdd))
  if (bad.length === 0) return undefined
  const names = sorted(bad.flatMap(addedBy).filter(name => !mayAdd(name)))
  return `${naming(bad)} must not include ${quoted(names)} in securityContext.capabilities.add`
}

function capabilitiesBaseline(subject: Subject): Violation | undefined {
  const detail = addingOthers(subject, name => DEFAULT_CAPABILITIES.has(name))
  return detail === undefined ? undefined : { reason: 'non-default capabilities', detail }
}

function capabilitiesRestricted(subject: Subject): Violation | undefined {
  if (isWindows(subject)) return undefined
  const keeping = subject.containers.filter(one => !one.securityContext?.capabilities?.drop?.includes('ALL'))
  const adding = addingOthers(subject, name => name === 'NET_BIND_SERVICE')
  const details = [
    ...(keeping.length > 0 ? [`${naming(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding === undefined ? [] : [adding]),
  ]
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') }
}

function hostNamespaces({ spec }: Subject): Violation | undefined {
  const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter(name => spec[name])
  if (used.length === 0) return undefined
  return { reason: 'host namespaces', detail: used.map(name => `${name}=true`).join(', ') }
}

function hostPathVolumes({ spec }: Subject): Violation | undefined {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name)
  if (names.length === 0) return undefined
  return { reason: 'hostPath volumes', detail: `${many('volume', names)} ${quoted(names)}` }
}

function hostPorts({ containers }: Subject): Violation | undefined {
  const portsOf = ({ ports = [] }: Container): readonly string[] =>
    ports.flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []))
  const bad = containers.filter(one => portsOf(one).length > 0)
  if (bad.length === 0) return undefined
  const ports = sorted(bad.flatMap(portsOf))
  return { reason: 'hostPort', detail: `${naming(bad)} ${uses(bad)} ${many('hostPort', ports)} ${ports.join(', ')}` }
}

function privileged({ containers }: Subject): Violation | undefined {
  const bad = containers.filter(one => one.securityContext?.privileged)
  if (bad.length === 0) return undefined
  return { reason: 'privileged', detail: `${naming(bad)} must not set securityContext.privileged=true` }
}

function procMount({ containers }: Subject): Violation | undefined {
  const mountOf = (one: Container): string => one.securityContext?.procMount ?? 'Default'
  const bad = containers.filter(one => mountOf(one) !== 'Default')
  if (bad.length === 0) return undefined
  const values = quoted(sorted(bad.map(mountOf)))
  return { reason: 'procMount', detail: `${naming(bad)} must not set securityContext.procMount to ${values}` }
}

const PERMITTED_VOLUMES = new Set(
  'configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret'.split(' '),
)

function restrictedVolumes({ spec }: Subject): Violation | undefined {
  const typeOf = (volume: object): string => Object.keys(volume).find(key => key !== 'name') ?? 'unknown'
  const bad = (spec.volumes ?? []).filter(volume => !PERMITTED_VOLUMES.has(typeOf(volume)))
  if (bad.length === 0) return undefined
  const types = sorted(bad.map(typeOf))
  const names = quoted(bad.map(({ name }) => name))
  return {
    reason: 'restricted volume types',
    detail: `${many('volume', bad)} ${names} ${uses(bad)} ${many('restricted volume type', types)} ${quoted(types)}`,
  }
}

function runAsNonRoot({ spec, containers }: Subject): Violation | undefined {
  const reason = 'runAsNonRoot != true'
  const ofPod = spec.securityContext?.runAsNonRoot
  const bad = containers.filter(one => one.securityContext?.runAsNonRoot === false)
  if (ofPod === false || bad.length > 0)
    return { reason, detail: `${setters(ofPod === false, bad)} must not set securityContext.runAsNonRoot=false` }
  const silent = containers.filter(one => one.securityContext?.runAsNonRoot === undefined)
  if (ofPod || silent.length === 0) return undefined
  return { reason, detail: `pod or ${naming(silent)} must set securityContext.runAsNonRoot=true` }
}

function runAsUser({ spec, containers }: Subject): Violation | undefined {
  const isRoot = (context: { readonly runAsUser?: number } | undefined): boolean => context?.runAsUser === 0
  const bad = containers.filter(one => isRoot(one.securityContext))
  const isPod = isRoot(spec.securityContext)
  if (!isPod && bad.length === 0) return undefined
  return { reason: 'runAsUser=0', detail: `${setters(isPod, bad)} must not set runAsUser=0` }
}

function seLinuxOptions({ spec, containers, minor }: Subject): Violation | undefined {
  const types = [
    '',
    'container_t',
    'container_init_t',
    'container_kvm_t',
    ...(minor >= 31 ? ['container_engine_t'] : []),
  ]
  const isBad = (one: Container | Spec): boolean => {
    const { type = '', user = '', role = '' } = one.securityContext?.seLinuxOptions ?? {}
    return !types.includes(type) || user !== '' || role !== ''
  }
  const bad = containers.filter(isBad)
  const all = [...(isBad(spec) ? [spec] : []), ...bad].map(one => one.securityContext!.seLinuxOptions!)
  if (all.length === 0) return undefined
  const wrong = sorted(all.map(({ type = '' }) => type).filter(type => !types.includes(type)))
  const data = [
    ...(wrong.length > 0 ? [`${many('type', wrong)} ${quoted(wrong)}`] : []),
    ...(all.some(({ user }) => user) ? ['user may not be set'] : []),
    ...(all.some(({ role }) => role) ? ['role may not be set'] : []),
  ]
  const who = setters(isBad(spec), bad)
  return { reason: 'seLinuxOptions', detail: `${who} set forbidden securityContext.seLinuxOptions: ${data.join('; ')}` }
}

type WithSeccomp = { readonly securityContext?: { readonly seccompProfile?: { readonly type: string } } }
const seccompOf = (one: WithSeccomp): string | undefined => one.securityContext?.seccompProfile?.type
const isBadSeccomp = (type: string | undefined): boolean =>
  type !== undefined && !/^(Localhost|RuntimeDefault)$/.test(type)

function seccompBaseline({ spec, containers }: Subject): Violation | undefined {
  const isPod = isBadSeccomp(seccompOf(spec))
  const bad = containers.filter(one => isBadSeccomp(seccompOf(one)))
  if (!isPod && bad.length === 0) return undefined
  const values = quoted(sorted([...(isPod ? [seccompOf(spec)!] : []), ...bad.map(one => seccompOf(one)!)]))
  return {
    reason: 'seccompProfile',
    detail: `${setters(isPod, bad)} must not set securityContext.seccompProfile.type to ${values}`,
  }
}

function seccompRestricted(subject: Subject): Violation | undefined {
  if (isWindows(subject)) return undefined
  const explicit = seccompBaseline(subject)
  const silent = subject.containers.filter(one => seccompOf(one) === undefined)
  if (explicit || seccompOf(subject.spec) !== undefined || silent.length === 0) return explicit
  return {
    reason: 'seccompProfile',
    detail: `pod or ${naming(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  }
}

/** Names, and since which version each is harmless. */
const SYSCTLS: Readonly<Record<string, number>> = {
  'kernel.shm_rmid_forced': 0,
  'net.ipv4.ip_local_port_range': 0,
  'net.ipv4.tcp_syncookies': 0,
  'net.ipv4.ping_group_range': 0,
  'net.ipv4.ip_unprivileged_port_start': 0,
  'net.ipv4.ip_local_reserved_ports': 27,
  'net.ipv4.tcp_keepalive_time': 29,
  'net.ipv4.tcp_fin_timeout': 29,
  'net.ipv4.tcp_keepalive_intvl': 29,
  'net.ipv4.tcp_keepalive_probes': 29,
  'net.ipv4.tcp_rmem': 32,
  'net.ipv4.tcp_wmem': 32,
}

function sysctls({ spec, minor }: Subject): Violation | undefined {
  const isFine = (name: string): boolean => Object.hasOwn(SYSCTLS, name) && minor >= SYSCTLS[name]!
  const bad = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter(name => !isFine(name))
  return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') }
}

const CHECKS: readonly Check[] = [
  { level: 'restricted', sinceMinor: 8, run: allowPrivilegeEscalation },
  { level: 'baseline', run: appArmorProfile },
  { level: 'baseline', isOverlapped: true, run: capabilitiesBaseline },
  { level: 'restricted', sinceMinor: 22, run: capabilitiesRestricted },
  { level: 'baseline', run: hostNamespaces },
  { level: 'baseline', isOverlapped: true, run: hostPathVolumes },
  { level: 'baseline', run: hostPorts },
  { level: 'baseline', run: privileged },
  { level: 'baseline', run: procMount },
  { level: 'restricted', run: restrictedVolumes },
  { level: 'restricted', run: runAsNonRoot },
  { level: 'restricted', sinceMinor: 23, run: runAsUser },
  { level: 'baseline', run: seLinuxOptions },
  { level: 'baseline', isOverlapped: true, run: seccompBaseline },
  { level: 'restricted', sinceMinor: 19, run: seccompRestricted },
  { level: 'baseline', run: sysctls },
]
