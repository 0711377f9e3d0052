/** Defaults of pods that follow from other fields. Source: k8s.io/kubernetes/pkg/apis/core/v1. */
import type { Pod } from '../pod.ts'
import type { Container, EphemeralContainer } from './container.ts'
import type { PodSpec } from './spec.ts'
import type { PodTemplateSpec } from './template.ts'
import type { Volume } from './volume.ts'

export function completePod(pod: Pod): Pod {
  const spec = completePodSpec(pod.spec)
  const { initContainers } = spec
  const own = (container: Container): Container => withHostPorts(withRequests(container), spec)
  return {
    ...pod,
    spec: {
      ...spec,
      enableServiceLinks: spec.enableServiceLinks ?? true,
      containers: spec.containers.map(own),
      ...(initContainers ? { initContainers: initContainers.map(own) } : {}),
    },
  }
}

export const completeTemplate = (template: PodTemplateSpec): PodTemplateSpec =>
  template.spec ? { ...template, spec: completePodSpec(template.spec) } : template

function completePodSpec(spec: PodSpec): PodSpec {
  const { initContainers, ephemeralContainers, volumes } = spec
  const account = spec.serviceAccountName || spec.serviceAccount
  return {
    ...spec,
    ...(account ? { serviceAccountName: account, serviceAccount: account } : {}),
    containers: spec.containers.map(completeContainer),
    ...(initContainers ? { initContainers: initContainers.map(completeContainer) } : {}),
    ...(ephemeralContainers ? { ephemeralContainers: ephemeralContainers.map(withPullPolicy) } : {}),
    ...(volumes ? { volumes: volumes.map(completeVolume) } : {}),
  }
}

const completeContainer = (container: Container): Container => withoutSignal(withPullPolicy(container))

/** Taken and dropped: its feature gate, ContainerStopSignals, is off by default. */
function withoutSignal(container: Container): Container {
  if (container.lifecycle?.stopSignal === undefined) return container
  const { lifecycle, ...others } = container
  const { stopSignal: _, ...rest } = lifecycle
  return Object.keys(rest).length > 0 ? { ...others, lifecycle: rest } : others
}

const withPullPolicy = <C extends Container | EphemeralContainer>(container: C): C =>
  container.imagePullPolicy ? container : { ...container, imagePullPolicy: pullPolicyOf(container.image ?? '') }

/** An image that may change under its name is looked up every time. */
function pullPolicyOf(image: string): 'Always' | 'IfNotPresent' {
  if (image === '' || image.includes('@')) return 'IfNotPresent'
  const tag = /:([^:/]+)$/.exec(image)?.[1]
  return tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent'
}

/** What is limited and not asked for is asked for up to the limit. */
function withRequests(container: Container): Container {
  const { limits, requests } = container.resources ?? {}
  if (!limits) return container
  return { ...container, resources: { ...container.resources, requests: { ...limits, ...requests } } }
}

function withHostPorts(container: Container, { hostNetwork }: PodSpec): Container {
  if (!hostNetwork || !container.ports) return container
  return {
    ...container,
    ports: container.ports.map(port => ({ ...port, hostPort: port.hostPort || port.containerPort })),
  }
}

function completeVolume(volume: Volume): Volume {
  return Object.keys(volume).some(key => key !== 'name') ? volume : { ...volume, emptyDir: {} }
}
