import { duplicate, forbidden, invalid, notSupported, required } from '../../../../schema/field-error.ts'
import type { FieldError } from '../../../../schema/kind.ts'
import { formatQuantity, parseQuantity } from '../../../../schema/quantity.ts'
import { dns1123Label, portName, portNumber } from '../../../meta/names.ts'
import { duplicates, NOT_NEGATIVE, named } from '../../../meta/rules.ts'
import type { Container, ContainerPort } from '../container.ts'
import type { PodSpec } from '../spec.ts'
import { envErrors, mountErrors } from './env.ts'
import { probesErrors } from './probe.ts'
import { securityErrors } from './security.ts'
import { soundVolumes } from './volume.ts'

/** All containers of a pod: each by itself, and that no name is used twice. */
export function containersErrors(spec: PodSpec, path: string): readonly FieldError[] {
  const volumes = soundVolumes(spec.volumes ?? [])
  const main = spec.containers
  const init = spec.initContainers ?? []
  const check = (list: readonly Container[], where: string): readonly FieldError[] =>
    list.flatMap((one, index) => containerErrors(one, spec, volumes, `${where}[${index}]`))
  const taken = new Set(main.map(one => one.name))
  return [
    ...(main.length === 0 ? [required(`${path}.containers`)] : []),
    ...check(main, `${path}.containers`),
    ...main.flatMap((one, index) =>
      one.restartPolicy === undefined
        ? []
        : [forbidden(`${path}.containers[${index}].restartPolicy`, 'may not be set for non-init containers')],
    ),
    ...duplicateNames(main, `${path}.containers`),
    ...hostPortErrors(main, `${path}.containers`),
    ...check(init, `${path}.initContainers`),
    ...init.flatMap((one, index) => initErrors(one, `${path}.initContainers[${index}]`)),
    ...duplicateNames(init, `${path}.initContainers`),
    ...init.flatMap((one, index) =>
      taken.has(one.name) ? [duplicate(`${path}.initContainers[${index}].name`, one.name)] : [],
    ),
  ]
}

const ONLY_SIDECARS = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const

/** What runs to its end is neither probed nor stopped. */
function initErrors(container: Container, path: string): readonly FieldError[] {
  const { restartPolicy } = container
  if (restartPolicy === 'Always') return []
  return [
    ...(restartPolicy === undefined ? [] : [notSupported(`${path}.restartPolicy`, restartPolicy, ['Always'])]),
    ...ONLY_SIDECARS.filter(name => container[name] !== undefined).map(name =>
      forbidden(`${path}.${name}`, 'may not be set for init containers without restartPolicy=Always'),
    ),
  ]
}

const duplicateNames = (list: readonly Container[], path: string): readonly FieldError[] =>
  duplicates(list, one => one.name).map(index => duplicate(`${path}[${index}].name`, list[index]!.name))

const DEFAULT_GRACE_SECONDS = 30

function containerErrors(
  container: Container,
  spec: PodSpec,
  volumes: ReadonlySet<string>,
  path: string,
): readonly FieldError[] {
  const { name, image = '' } = container
  return [
    ...(name === '' ? [required(`${path}.name`)] : named(`${path}.name`, name, dns1123Label)),
    ...(image === '' ? [required(`${path}.image`)] : []),
    ...(image === image.trim()
      ? []
      : [invalid(`${path}.image`, image, 'must not have leading or trailing whitespace')]),
    ...portsErrors(container.ports ?? [], spec.hostNetwork ?? false, `${path}.ports`),
    ...envErrors(container, path),
    ...mountErrors(container, volumes, path),
    ...probesErrors(container, path, spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS),
    ...resourceErrors(container, `${path}.resources`),
    ...securityErrors(container.securityContext, `${path}.securityContext`),
  ]
}

function portsErrors(ports: readonly ContainerPort[], hostNetwork: boolean, path: string): readonly FieldError[] {
  return [
    ...ports.flatMap((port, index) => portErrors(port, hostNetwork, `${path}[${index}]`)),
    ...duplicates(ports, port => port.name).map(index => duplicate(`${path}[${index}].name`, ports[index]!.name)),
  ]
}

function portErrors(port: ContainerPort, hostNetwork: boolean, path: string): readonly FieldError[] {
  const { name, containerPort, hostPort } = port
  const errors: FieldError[] = []
  if (name) errors.push(...named(`${path}.name`, name, portName))
  if (containerPort === 0) errors.push(required(`${path}.containerPort`))
  else errors.push(...portNumber(containerPort).map(detail => invalid(`${path}.containerPort`, containerPort, detail)))
  if (hostPort) errors.push(...portNumber(hostPort).map(detail => invalid(`${path}.hostPort`, hostPort, detail)))
  if (hostNetwork && hostPort && hostPort !== containerPort)
    errors.push(invalid(`${path}.containerPort`, containerPort, 'must match `hostPort` when `hostNetwork` is true'))
  return errors
}

function hostPortErrors(containers: readonly Container[], path: string): readonly FieldError[] {
  const ports = containers.flatMap((one, index) =>
    (one.ports ?? []).map((port, at) => ({ port, field: `${path}[${index}].ports[${at}].hostPort` })),
  )
  const key = ({ port }: (typeof ports)[number]): string | undefined =>
    port.hostPort ? `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}` : undefined
  return duplicates(ports, key).map(index => duplicate(ports[index]!.field, key(ports[index]!)))
}

function resourceErrors({ resources = {} }: Container, path: string): readonly FieldError[] {
  const { limits = {}, requests = {} } = resources
  const negative = (['limits', 'requests'] as const).flatMap(which =>
    Object.entries(resources[which] ?? {})
      .filter(([, amount]) => (parseQuantity(amount)?.nano ?? 0n) < 0n)
      .map(([name, amount]) => invalid(`${path}.${which}[${name}]`, amount, NOT_NEGATIVE)),
  )
  const over = Object.entries(requests).flatMap(([name, amount]) => {
    const limit = limits[name] === undefined ? undefined : parseQuantity(limits[name])
    const asked = parseQuantity(amount)
    if (!limit && isWhole(name))
      return [required(`${path}.limits`, 'Limit must be set for non overcommitable resources')]
    if (limit && asked && isWhole(name) && asked.nano !== limit.nano)
      return [invalid(`${path}.requests`, amount, `must be equal to ${name} limit of ${formatQuantity(limit)}`)]
    if (!limit || !asked || asked.nano <= limit.nano) return []
    const detail = `must be less than or equal to ${name} limit of ${formatQuantity(limit)}`
    return [invalid(`${path}.requests`, amount, detail)]
  })
  return [...negative, ...over]
}

/** Devices and huge pages are nobody else's while a container has them. */
const isWhole = (name: string): boolean =>
  name.startsWith('hugepages-') || (name.includes('/') && !/(^|\.)kubernetes\.io\//.test(name))
