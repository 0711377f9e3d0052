import type { ConfigMap } from '../../../api/core/config-map.ts'
import type { Container } from '../../../api/core/pod/container.ts'
import type { EnvVar } from '../../../api/core/pod/env.ts'
import type { Pod } from '../../../api/core/pod.ts'
import type { Secret } from '../../../api/core/secret.ts'
import { expand } from './expand.ts'
import type { Whereabouts } from './fields.ts'
import { fieldValue, resourceValue } from './fields.ts'

/** ConfigMaps and Secrets of the pod's namespace, by name; absent ones are missing. */
export interface Sources {
  readonly configMaps: ReadonlyMap<string, ConfigMap>
  readonly secrets: ReadonlyMap<string, Secret>
}

/** A container that cannot be described yet: the message of its waiting state CreateContainerConfigError. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * A container's variables: Services', then envFrom in order, then env in order, each replacing what came before.
 * Throws ConfigError where something that is not optional is missing.
 */
export function containerEnv(
  pod: Pod,
  container: Container,
  services: Readonly<Record<string, string>>,
  sources: Sources,
  where: Whereabouts,
): Record<string, string> {
  const env: Record<string, string> = { ...services }
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const values = configMapRef
      ? configMapValues(sources, configMapRef.name ?? '', configMapRef.optional)
      : secretValues(sources, secretRef?.name ?? '', secretRef?.optional)
    for (const [key, value] of Object.entries(values)) env[`${prefix}${key}`] = value
  }
  for (const variable of container.env ?? []) {
    const value = variableValue(pod, container, variable, env, sources, where)
    if (value !== undefined) env[variable.name] = value
  }
  return env
}

function configMapValues(sources: Sources, name: string, optional = false): Readonly<Record<string, string>> {
  const found = sources.configMaps.get(name)
  if (!found && !optional) throw new ConfigError(`configmap ${JSON.stringify(name)} not found`)
  return found?.data ?? {}
}

function secretValues(sources: Sources, name: string, optional = false): Readonly<Record<string, string>> {
  const found = sources.secrets.get(name)
  if (!found && !optional) throw new ConfigError(`secret ${JSON.stringify(name)} not found`)
  return Object.fromEntries(Object.entries(found?.data ?? {}).map(([key, value]) => [key, decode(value)]))
}

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8')

/** Undefined for a variable that is left out: its optional source is missing. */
function variableValue(
  pod: Pod,
  container: Container,
  variable: EnvVar,
  env: Readonly<Record<string, string>>,
  sources: Sources,
  where: Whereabouts,
): string | undefined {
  const from = variable.valueFrom
  if (!from) return expand(variable.value ?? '', env)
  if (from.fieldRef) {
    const value = fieldValue(pod, from.fieldRef.fieldPath, where)
    if (value === undefined) throw new ConfigError(`unsupported fieldPath: ${from.fieldRef.fieldPath}`)
    return value
  }
  if (from.resourceFieldRef) {
    const { resource, divisor, containerName } = from.resourceFieldRef
    const about = containerName ? pod.spec.containers.find(({ name }) => name === containerName) : container
    const value = about && resourceValue(about, resource, divisor)
    if (value === undefined)
      throw new ConfigError(`unsupported resource ${resource} of container ${containerName || container.name}`)
    return value
  }
  if (from.configMapKeyRef) {
    const { name = '', key, optional } = from.configMapKeyRef
    return keyOf(configMapValues(sources, name, optional), 'ConfigMap', pod, name, key, optional)
  }
  const { name = '', key = '', optional } = from.secretKeyRef ?? {}
  return keyOf(secretValues(sources, name, optional), 'Secret', pod, name, key, optional)
}

function keyOf(
  values: Readonly<Record<string, string>>,
  kind: string,
  pod: Pod,
  name: string,
  key: string,
  optional = false,
): string | undefined {
  if (Object.hasOwn(values, key)) return values[key]
  if (optional) return undefined
  throw new ConfigError(`couldn't find key ${key} in ${kind} ${pod.metadata.namespace}/${name}`)
}

/** Names of what a container's variables come from. */
export function envSources(container: Container): {
  readonly configMaps: readonly string[]
  readonly secrets: readonly string[]
} {
  const vars = container.env ?? []
  const from = container.envFrom ?? []
  const defined = (names: readonly (string | undefined)[]): readonly string[] =>
    names.filter(name => name !== undefined)
  return {
    configMaps: defined([
      ...vars.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
      ...from.map(({ configMapRef }) => configMapRef?.name),
    ]),
    secrets: defined([
      ...vars.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
      ...from.map(({ secretRef }) => secretRef?.name),
    ]),
  }
}
