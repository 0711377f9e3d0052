/** The rules of ConfigMaps and Secrets. */
import { duplicate, forbidden, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { configKey } from '../meta/names.ts'
import { immutable, named, same } from '../meta/rules.ts'
import type { ConfigMap } from './config-map.ts'
import type { Secret } from './secret.ts'

const MAX_BYTES = 1024 * 1024

type Data = Readonly<Record<string, string>>

const keyErrors = (data: Data | undefined, path: string): readonly FieldError[] =>
  Object.keys(data ?? {}).flatMap(key => named(`${path}[${key}]`, key, configKey))

const base64Bytes = (text: string): number => Math.floor((text.length * 3) / 4)
const encoder = new TextEncoder()
const utf8Bytes = (text: string): number => encoder.encode(text).length
/** No unit of UTF-16 takes more in UTF-8. */
const mostBytes = (text: string): number => 3 * text.length

function sizeErrors(bytes: number, path: string): readonly FieldError[] {
  return bytes > MAX_BYTES
    ? [{ type: 'TooLong', field: path, value: '', detail: `may not be more than ${MAX_BYTES} bytes` }]
    : []
}

const sum = (data: Data | undefined, measure: (text: string) => number): number =>
  Object.values(data ?? {}).reduce((total, one) => total + measure(one), 0)

export function configMapErrors(map: ConfigMap, old?: ConfigMap): readonly FieldError[] {
  const { data, binaryData } = map
  const twice = Object.keys(data ?? {}).filter(key => binaryData?.[key] !== undefined)
  const binaryBytes = sum(binaryData, base64Bytes)
  const maySurpass = sum(data, mostBytes) + binaryBytes > MAX_BYTES
  return [
    ...keyErrors(data, 'data'),
    ...keyErrors(binaryData, 'binaryData'),
    ...twice.map(key => duplicate(`data[${key}]`, key)),
    ...(maySurpass ? sizeErrors(sum(data, utf8Bytes) + binaryBytes, '') : []),
    ...(old?.immutable ? frozenErrors(map, old, ['data', 'binaryData']) : []),
  ]
}

function frozenErrors<T extends ConfigMap | Secret>(
  object: T,
  old: T,
  fields: readonly (keyof T & string)[],
): readonly FieldError[] {
  const detail = 'field is immutable when `immutable` is set'
  return [
    ...(object.immutable ? [] : [forbidden('immutable', detail)]),
    ...fields.filter(name => !same(object[name], old[name])).map(name => forbidden(name, detail)),
  ]
}

/** What each type of Secret must hold. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
}
const ACCOUNT = 'kubernetes.io/service-account.name'

export function secretErrors(secret: Secret, old?: Secret): readonly FieldError[] {
  const { data, type = 'Opaque', metadata } = secret
  const needed = (NEEDED[type] ?? []).filter(key => data?.[key] === undefined)
  return [
    ...keyErrors(data, 'data'),
    ...sizeErrors(sum(data, base64Bytes), 'data'),
    ...needed.map(key => required(`data[${key}]`)),
    ...(type === 'kubernetes.io/service-account-token' && !metadata.annotations?.[ACCOUNT]
      ? [required(`metadata.annotations[${ACCOUNT}]`)]
      : []),
    ...(old ? immutable('type', type, old.type) : []),
    ...(old?.immutable ? frozenErrors(secret, old, ['data']) : []),
  ]
}

/** stringData is written into data, and never read back. */
export function completeSecret(secret: Secret): Secret {
  const { stringData, ...rest } = secret
  if (!stringData) return secret
  const added = Object.entries(stringData).map(([key, text]) => [key, base64(text)])
  return { ...rest, data: { ...rest.data, ...Object.fromEntries(added) } }
}

function base64(text: string): string {
  let binary = ''
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return btoa(binary)
}
