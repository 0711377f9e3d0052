import { duplicate, forbidden, invalid, required } from '../../../../schema/field-error.ts'
import type { FieldError } from '../../../../schema/kind.ts'
import { dns1123Label } from '../../../meta/names.ts'
import { duplicates, named } from '../../../meta/rules.ts'
import type { Volume } from '../volume.ts'
import { pathErrors } from './env.ts'

export const volumesErrors = (volumes: readonly Volume[], path: string): readonly FieldError[] => [
  ...volumes.flatMap((volume, index) => volumeErrors(volume, `${path}[${index}]`)),
  ...duplicates(volumes, volume => volume.name).map(index => duplicate(`${path}[${index}].name`, volumes[index]!.name)),
]

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
