import { invalid, notFound, notSupported, required } from '../../../../schema/field-error.ts'
import type { FieldError } from '../../../../schema/kind.ts'
import { configKey, dns1123Subdomain, envName } from '../../../meta/names.ts'
import { duplicates, named } from '../../../meta/rules.ts'
import type { Container } from '../container.ts'
import type { EnvFromSource, EnvVar, EnvVarSource } from '../env.ts'

export const envErrors = ({ env = [], envFrom = [] }: Container, path: string): readonly FieldError[] => [
  ...env.flatMap((one, index) => variableErrors(one, `${path}.env[${index}]`)),
  ...envFrom.flatMap((one, index) => sourceErrors(one, `${path}.envFrom`, index)),
]

const variableErrors = ({ name, value, valueFrom }: EnvVar, path: string): readonly FieldError[] => [
  ...(name === '' ? [required(`${path}.name`)] : named(`${path}.name`, name, envName)),
  ...(valueFrom ? valueErrors(valueFrom, value, `${path}.valueFrom`) : []),
]

const SOURCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef'] as const

function valueErrors(source: EnvVarSource, value: string | undefined, path: string): readonly FieldError[] {
  const given = SOURCES.filter(name => source[name] !== undefined)
  const errors: FieldError[] = []
  if (given.length === 0)
    errors.push(
      invalid(path, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'),
    )
  else if (value) errors.push(invalid(path, '', 'may not be specified when `value` is not empty'))
  else if (given.length > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'))
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source
  if (fieldRef) errors.push(...fieldPathErrors(fieldRef, `${path}.fieldRef.fieldPath`))
  if (resourceFieldRef) errors.push(...resourceErrors(resourceFieldRef, `${path}.resourceFieldRef`))
  if (configMapKeyRef) errors.push(...keyErrors(configMapKeyRef, `${path}.configMapKeyRef`))
  if (secretKeyRef) errors.push(...keyErrors(secretKeyRef, `${path}.secretKeyRef`))
  return errors
}

const FIELD_PATHS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]

/** Fields that have a name as labels of fields, but not as values of variables. */
const OTHER_LABELS = [
  'metadata.annotations',
  'metadata.labels',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.hostNetwork',
  'status.phase',
  'status.nominatedNodeName',
]

function fieldPathErrors(
  { fieldPath, apiVersion = 'v1' }: NonNullable<EnvVarSource['fieldRef']>,
  path: string,
): readonly FieldError[] {
  if (fieldPath === '') return [required(path)]
  const unconverted = (why: string): FieldError[] => [invalid(path, fieldPath, `error converting fieldPath: ${why}`)]
  if (apiVersion !== 'v1') return unconverted(`unsupported pod version: ${apiVersion}`)
  if (FIELD_PATHS.includes(fieldPath) || /^metadata\.(labels|annotations)\['.+'\]$/.test(fieldPath)) return []
  if (!OTHER_LABELS.includes(fieldPath)) return unconverted(`field label not supported: ${fieldPath}`)
  return [notSupported(path, fieldPath, FIELD_PATHS)]
}

const RESOURCES = ['limits', 'requests'].flatMap(which =>
  ['cpu', 'ephemeral-storage', 'memory'].map(resource => `${which}.${resource}`),
)

function resourceErrors(
  { resource, divisor }: NonNullable<EnvVarSource['resourceFieldRef']>,
  path: string,
): readonly FieldError[] {
  if (resource === '') return [required(`${path}.resource`)]
  if (!RESOURCES.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource))
    return [notSupported(`${path}.resource`, resource, RESOURCES)]
  if (resource.endsWith('.cpu') && divisor !== undefined && !['0', '1', '1m'].includes(String(divisor)))
    return [invalid(`${path}.divisor`, resource, "only divisor's values 1m and 1 are supported with the cpu resource")]
  return []
}

const keyErrors = ({ name, key }: { readonly name?: string; readonly key: string }, path: string): FieldError[] => [
  ...nameErrors(name, `${path}.name`),
  ...(key === '' ? [required(`${path}.key`)] : named(`${path}.key`, key, configKey)),
]

function sourceErrors(
  { prefix, configMapRef, secretRef }: EnvFromSource,
  list: string,
  index: number,
): readonly FieldError[] {
  const path = `${list}[${index}]`
  const errors: FieldError[] = []
  if (prefix) errors.push(...named(`${path}.prefix`, prefix, envName))
  const given = [configMapRef, secretRef].filter(one => one !== undefined)
  if (given.length === 0) errors.push(invalid(list, '', 'must specify one of: `configMapRef` or `secretRef`'))
  if (given.length > 1) errors.push(invalid(list, '', 'may not have more than one field specified at a time'))
  if (configMapRef) errors.push(...nameErrors(configMapRef.name, `${path}.configMapRef.name`))
  if (secretRef) errors.push(...nameErrors(secretRef.name, `${path}.secretRef.name`))
  return errors
}

const nameErrors = (name: string | undefined, path: string): readonly FieldError[] =>
  name ? named(path, name, dns1123Subdomain) : [required(path)]

export function mountErrors(container: Container, volumes: ReadonlySet<string>, path: string): readonly FieldError[] {
  const mounts = container.volumeMounts ?? []
  return [
    ...mounts.flatMap((mount, index) => {
      const where = `${path}.volumeMounts[${index}]`
      return [
        ...(mount.name === '' ? [required(`${where}.name`)] : []),
        ...(volumes.has(mount.name) ? [] : [notFound(`${where}.name`, mount.name)]),
        ...(mount.mountPath === '' ? [required(`${where}.mountPath`)] : []),
        // Without the index, as upstream.
        ...(mount.subPath ? pathErrors(mount.subPath, `${path}.volumeMounts.subPath`) : []),
      ]
    }),
    ...duplicates(mounts, mount => mount.mountPath).map(index =>
      invalid(`${path}.volumeMounts[${index}].mountPath`, mounts[index]!.mountPath, 'must be unique'),
    ),
  ]
}

/** A path inside a volume stays inside it. */
export const pathErrors = (path: string, field: string): readonly FieldError[] => [
  ...(path.startsWith('/') ? [invalid(field, path, 'must be a relative path')] : []),
  ...(path.split('/').includes('..') ? [invalid(field, path, "must not contain '..'")] : []),
]
