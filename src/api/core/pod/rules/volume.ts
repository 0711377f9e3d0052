import { duplicate, forbidden, invalid, notSupported, required } from '../../../../schema/field-error.ts'
import type { FieldError } from '../../../../schema/kind.ts'
import { parseQuantity } from '../../../../schema/quantity.ts'
import { dns1123Label } from '../../../meta/names.ts'
import { duplicates, named } from '../../../meta/rules.ts'
import type { Volume } from '../volume.ts'
import { pathErrors } from './env.ts'

export const volumesErrors = (volumes: readonly Volume[], path: string): readonly FieldError[] => [
  ...volumes.flatMap((volume, index) => volumeErrors(volume, `${path}[${index}]`)),
  ...duplicates(volumes, volume => volume.name).map(index => duplicate(`${path}[${index}].name`, volumes[index]!.name)),
]

/** The names of those with nothing wrong: what mounts may name. */
export const soundVolumes = (volumes: readonly Volume[]): ReadonlySet<string> =>
  new Set(volumes.filter(volume => volumeErrors(volume, '').length === 0).map(({ name }) => name))

function volumeErrors(volume: Volume, path: string): readonly FieldError[] {
  const { name, ...sources } = volume
  const given = Object.keys(sources)
  return [
    ...(name === '' ? [required(`${path}.name`)] : named(`${path}.name`, name, dns1123Label)),
    ...(given.length === 0 ? [required(path, 'must specify a volume type')] : []),
    ...given.slice(1).map(source => forbidden(`${path}.${source}`, 'may not specify more than 1 volume type')),
    ...sourceErrors(volume, path),
  ]
}

const MAX_MODE = 0o777

function sourceErrors(volume: Volume, path: string): readonly FieldError[] {
  const { hostPath, secret, configMap, downwardAPI, projected, persistentVolumeClaim, nfs } = volume
  const errors: FieldError[] = []
  const need = (value: string | undefined, field: string): void => {
    if (!value) errors.push(required(`${path}.${field}`))
  }
  if (hostPath) {
    need(hostPath.path, 'hostPath.path')
    if (hostPath.path?.split('/').includes('..'))
      errors.push(invalid(`${path}.hostPath.path`, hostPath.path, "must not contain '..'"))
  }
  errors.push(...kindErrors(volume, path))
  if (secret) need(secret.secretName, 'secret.secretName')
  if (configMap) need(configMap.name, 'configMap.name')
  if (persistentVolumeClaim) need(persistentVolumeClaim.claimName, 'persistentVolumeClaim.claimName')
  if (nfs) {
    need(nfs.server, 'nfs.server')
    need(nfs.path, 'nfs.path')
  }
  for (const [name, source] of Object.entries({ secret, configMap, downwardAPI, projected })) {
    if (source) errors.push(...modeErrors(source.defaultMode, `${path}.${name}.defaultMode`))
  }
  for (const [name, items] of Object.entries({ secret: secret?.items, configMap: configMap?.items }))
    items?.forEach((item, index) => {
      errors.push(...itemErrors(item, `${path}.${name}.items[${index}]`))
    })
  return errors
}

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]
const FIELDS = ['annotations', 'labels', 'name', 'namespace', 'uid'].map(name => `metadata.${name}`)
const LEAST_TOKEN_SECONDS = 600

/** What one sort of volume alone can get wrong. */
function kindErrors({ emptyDir, hostPath, downwardAPI, projected }: Volume, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  if (emptyDir?.sizeLimit !== undefined && (parseQuantity(emptyDir.sizeLimit)?.nano ?? 0n) < 0n)
    errors.push(forbidden(`${path}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity'))
  if (hostPath?.type !== undefined && !HOST_PATH_TYPES.includes(hostPath.type))
    errors.push(notSupported(`${path}.hostPath.type`, hostPath.type, HOST_PATH_TYPES))
  for (const { fieldRef, resourceFieldRef } of downwardAPI?.items ?? []) {
    const where = `${path}.downwardAPI`
    if (!fieldRef && !resourceFieldRef) errors.push(required(where, 'one of fieldRef and resourceFieldRef is required'))
    const wanted = fieldRef?.fieldPath
    if (wanted && !FIELDS.includes(wanted) && !/^metadata\.(labels|annotations)\['.+'\]$/.test(wanted))
      errors.push(notSupported(`${where}.fieldRef.fieldPath`, wanted, FIELDS))
  }
  for (const [index, source] of (projected?.sources ?? []).entries()) {
    const where = `${path}.projected.sources[${index}]`
    if (Object.keys(source).length > 1)
      errors.push(forbidden(where, 'may not specify more than 1 volume type per source'))
    const seconds = source.serviceAccountToken?.expirationSeconds
    if (seconds !== undefined && seconds < LEAST_TOKEN_SECONDS)
      errors.push(
        invalid(
          `${where}.serviceAccountToken.expirationSeconds`,
          seconds,
          'may not specify a duration less than 10 minutes',
        ),
      )
  }
  return errors
}

const itemErrors = (
  { key, path: file }: { readonly key: string; readonly path: string },
  path: string,
): FieldError[] => [
  ...(key === '' ? [required(`${path}.key`)] : []),
  ...(file === '' ? [required(`${path}.path`)] : pathErrors(file, `${path}.path`)),
]

const modeErrors = (mode: number | undefined, field: string): readonly FieldError[] =>
  mode === undefined || (mode >= 0 && mode <= MAX_MODE)
    ? []
    : [invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
