import type { Constraint, Range } from './constraints.ts'

interface Security {
  runAsUser?: number
  runAsNonRoot?: boolean
  fsGroup?: number
  privileged?: boolean
  allowPrivilegeEscalation?: boolean
  capabilities?: { add?: string[]; drop?: string[] }
  seccompProfile?: { type: string }
}

interface Container {
  securityContext?: Security
  ports?: { hostPort?: number }[]
}

export interface PodSpec {
  hostNetwork?: boolean
  securityContext?: Security
  containers: Container[]
  initContainers?: Container[]
  volumes?: { hostPath?: unknown }[]
}

/** What the constraint refuses of the pod: nothing when it fits. The texts are OpenShift's. */
export function misfits(spec: PodSpec, constraint: Constraint, range: Range): readonly string[] {
  const errors: string[] = []
  const refuse = (path: string, value: unknown, why: string): void =>
    void errors.push(`${path}: Invalid value: ${JSON.stringify(value)}: ${why}`)
  if (spec.hostNetwork && !constraint.hostNetwork)
    refuse('spec.securityContext.hostNetwork', true, 'Host network is not allowed to be used')
  for (const [index, volume] of (spec.volumes ?? []).entries())
    if (volume.hostPath && !constraint.hostPath)
      refuse(`spec.volumes[${index}]`, 'hostPath', 'hostPath volumes are not allowed to be used')
  for (const [path, container] of containersOf(spec))
    for (const [field, value, why] of containerMisfits(spec, container, constraint, range))
      refuse(`${path}.${field}`, value, why)
  return errors
}

type Misfit = readonly [field: string, value: unknown, why: string]

function containersOf(spec: PodSpec): readonly (readonly [string, Container])[] {
  const named = (name: string, list: readonly Container[] = []) =>
    list.map((container, index) => [`spec.${name}[${index}]`, container] as const)
  return [...named('initContainers', spec.initContainers), ...named('containers', spec.containers)]
}

function containerMisfits(
  spec: PodSpec,
  { securityContext = {}, ports = [] }: Container,
  constraint: Constraint,
  { first, last }: Range,
): readonly Misfit[] {
  const misfits: Misfit[] = []
  const user = securityContext.runAsUser ?? spec.securityContext?.runAsUser
  if (constraint.user === 'range' && user !== undefined && (user < first || user > last))
    misfits.push(['securityContext.runAsUser', user, `must be in the ranges: [${first}, ${last}]`])
  if (constraint.user === 'non-root' && user === 0)
    misfits.push(['securityContext.runAsUser', user, 'running with the root UID is forbidden'])
  if (securityContext.privileged && !constraint.privileged)
    misfits.push(['securityContext.privileged', true, 'Privileged containers are not allowed'])
  if (securityContext.allowPrivilegeEscalation && !constraint.mayEscalate)
    misfits.push([
      'securityContext.allowPrivilegeEscalation',
      true,
      'Allowing privilege escalation for containers is not allowed',
    ])
  for (const name of securityContext.capabilities?.add ?? [])
    if (!constraint.adds.includes('*') && !constraint.adds.includes(name))
      misfits.push(['securityContext.capabilities.add', name, 'capability may not be added'])
  for (const { hostPort } of ports)
    if (hostPort && !constraint.hostPorts && !spec.hostNetwork)
      misfits.push(['ports.hostPort', hostPort, 'Host ports are not allowed to be used'])
  return misfits
}

/** Fills in what the constraint says of pods that say nothing. */
export function apply(spec: PodSpec, constraint: Constraint, range: Range): void {
  if (constraint.name === 'privileged') return
  spec.securityContext ??= {}
  const pod = spec.securityContext
  if (!constraint.mayEscalate) pod.seccompProfile ??= { type: 'RuntimeDefault' }
  if (constraint.user === 'range') pod.fsGroup ??= range.first
  for (const [, container] of containersOf(spec)) {
    container.securityContext ??= {}
    const own = container.securityContext
    const user = own.runAsUser ?? pod.runAsUser
    if (constraint.user === 'range' && user === undefined) own.runAsUser = range.first
    if (constraint.user !== 'any') own.runAsNonRoot ??= pod.runAsNonRoot ?? true
    if (!constraint.mayEscalate) own.allowPrivilegeEscalation ??= false
    const { add, drop } = own.capabilities ?? {}
    const dropped = [...new Set([...(drop ?? []), ...constraint.drops])]
    if (dropped.length > 0) own.capabilities = { ...(add ? { add } : {}), drop: dropped }
  }
}
