import type { Container } from '../../../api/core/pod/container.ts'
import type { Pod } from '../../../api/core/pod.ts'
import type { Service } from '../../../api/core/service.ts'
import type { ContainerPort, ContainerSpec } from '../../runtime/mod.ts'
import { expand } from './expand.ts'
import { securityOf } from './security.ts'

/** What the runtime is asked to run. */
export function containerSpec(
  pod: Pod,
  container: Container,
  attempt: number,
  env: Readonly<Record<string, string>>,
  mounts: ContainerSpec['mounts'],
  appProtocols: Readonly<Record<number, string>>,
): ContainerSpec {
  return {
    podUid: pod.metadata.uid,
    name: container.name,
    attempt,
    image: container.image ?? '',
    command: (container.command ?? []).map(text => expand(text, env)),
    args: (container.args ?? []).map(text => expand(text, env)),
    env,
    ...(container.workingDir ? { workingDir: container.workingDir } : {}),
    ports: portsOf(container),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    ...securityOf(pod, container),
    termination: {
      path: container.terminationMessagePath ?? '/dev/termination-log',
      fromLog: container.terminationMessagePolicy === 'FallbackToLogsOnError',
    },
    mounts,
    ...targetOf(pod, container),
    appProtocols,
  }
}

/** Of an ephemeral container: whose processes it wants to see. */
function targetOf(pod: Pod, { name }: Container): Pick<ContainerSpec, 'target'> {
  const target = pod.spec.ephemeralContainers?.find(one => one.name === name)?.targetContainerName
  return target ? { target } : {}
}

export const portsOf = (container: Container): readonly ContainerPort[] =>
  (container.ports ?? []).map(({ name, containerPort, protocol }) => ({
    ...(name ? { name } : {}),
    port: containerPort,
    protocol: protocol ?? 'TCP',
  }))

/** What Services say is spoken on a container's ports: by port number. The pod must match a Service's selector. */
export function appProtocolsOf(pod: Pod, container: Container, services: readonly Service[]): Record<number, string> {
  const protocols: Record<number, string> = {}
  const labels = pod.metadata.labels ?? {}
  for (const { metadata, spec } of services) {
    const selector = Object.entries(spec?.selector ?? {})
    const selects = selector.length > 0 && selector.every(([key, value]) => labels[key] === value)
    if (metadata.namespace !== pod.metadata.namespace || !selects) continue
    for (const { appProtocol, targetPort, port } of spec?.ports ?? []) {
      const target = targetPort ?? port
      const found = (container.ports ?? []).find(
        ({ name, containerPort }) => containerPort === target || (name && name === target),
      )
      if (appProtocol && found) protocols[found.containerPort] = appProtocol
    }
  }
  return protocols
}
