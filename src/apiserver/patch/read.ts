/** A patch request's body and options. */

import type { FieldError } from '../../schema/kind.ts'
import { readJson } from '../../wire/json/read.ts'
import { JsonError } from '../../wire/json/scan.ts'
import { isObject } from '../../wire/json/value.ts'
import { checkJsonPatch, JsonPatchError, MAX_OPERATIONS } from '../../wire/json-patch/patch.ts'
import { YamlError } from '../../wire/yaml/error.ts'
import { invalid, tooLarge, unsupportedMediaType } from '../errors.ts'
import { badRequest } from '../status-error.ts'
import type { Patch, PatchRequest, PatchTarget, PatchType } from './mod.ts'
import { MAX_MANAGER_BYTES, managerName } from './track.ts'

const TYPES: readonly (readonly [mediaType: string, type: PatchType])[] = [
  ['application/json-patch+json', 'json'],
  ['application/merge-patch+json', 'merge'],
  ['application/strategic-merge-patch+json', 'strategic'],
  ['application/apply-patch+yaml', 'apply'],
]

/** Throws StatusError: 415 for the media type, 400 for syntax, 413 beyond 10,000 operations, 422 for options. */
export async function readPatch(request: PatchRequest, target: PatchTarget): Promise<Patch> {
  const type = typeOf(request.contentType, target)
  checkOptions(request, type)
  const body = await readBody(type, request)
  const strict = request.fieldValidation !== 'Ignore'
  return {
    type,
    value: body.value,
    manager: managerName(request.fieldManager, request.userAgent),
    force: request.force ?? false,
    strictErrors: strict ? [...body.strictErrors] : [],
  }
}

function typeOf(contentType: string, target: PatchTarget): PatchType {
  const types = TYPES.filter(([, type]) => !(target.custom && type === 'strategic'))
  const mediaType = contentType.split(';')[0]!.trim().toLowerCase()
  const found = types.find(([name]) => name === mediaType)
  if (found) return found[1]
  throw unsupportedMediaType(
    contentType,
    types.map(([name]) => name),
  )
}

function checkOptions(request: PatchRequest, type: PatchType): void {
  const errors: FieldError[] = []
  const { fieldManager = '' } = request
  if (type === 'apply' && fieldManager === '')
    errors.push({ type: 'Required', field: 'fieldManager', detail: 'is required for apply patch' })
  if (type !== 'apply' && request.force !== undefined)
    errors.push({ type: 'Forbidden', field: 'force', detail: 'may not be specified for non-apply patch' })
  if (Buffer.byteLength(fieldManager) > MAX_MANAGER_BYTES)
    errors.push({ type: 'TooLong', field: 'fieldManager', detail: `may not be more than ${MAX_MANAGER_BYTES} bytes` })
  if (/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(fieldManager))
    errors.push({
      type: 'Invalid',
      field: 'fieldManager',
      value: fieldManager,
      detail: 'should only contain printable characters',
    })
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', errors)
}

interface Body {
  readonly value: unknown
  readonly strictErrors: readonly string[]
}

async function readBody(type: PatchType, request: PatchRequest): Promise<Body> {
  try {
    if (type === 'apply') return await readApply(request)
    const { value, duplicates } = readJson(request.body)
    const strictErrors = duplicates.map(path => `duplicate field ${JSON.stringify(path)}`)
    if (type === 'json') {
      const list = operations(value)
      return { value: list, strictErrors: [...strictErrors, ...unknownMembers(list)].map(text => `json patch ${text}`) }
    }
    if (isObject(value)) return { value, strictErrors }
    throw new JsonError(`json: cannot unmarshal ${goKind(value)} into Go value of type map[string]interface {}`)
  } catch (error) {
    if (error instanceof JsonError)
      throw badRequest(type === 'strategic' ? error.message : `error decoding patch: ${error.message}`)
    if (error instanceof YamlError || error instanceof JsonPatchError)
      throw badRequest(`error decoding patch: ${error.message}`)
    throw error
  }
}

function operations(value: unknown): readonly object[] {
  const list = checkJsonPatch(value)
  if (list.length > MAX_OPERATIONS)
    throw tooLarge(`The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${list.length}`)
  return list
}

const MEMBERS = new Set(['op', 'path', 'from', 'value'])

const unknownMembers = (list: readonly object[]): readonly string[] =>
  list.flatMap((operation, i) =>
    Object.keys(operation)
      .filter(name => !MEMBERS.has(name))
      .map(name => `unknown field ${JSON.stringify(`[${i}].${name}`)}`),
  )

/** Most clients send JSON under the name of YAML: that is read as such. */
async function readApply(request: PatchRequest): Promise<Body> {
  const { readYaml } = await import('../../wire/yaml/read.ts')
  const { value, duplicates } = readYaml(request.body)
  if (!isObject(value))
    throw new YamlError(`cannot unmarshal ${goKind(value)} into Go value of type map[string]interface {}`)
  if (duplicates.length > 0 && request.fieldValidation === 'Strict')
    throw badRequest(`error strict decoding patch: ${duplicatesText(duplicates)}`)
  return { value, strictErrors: duplicates.length > 0 ? [duplicatesText(duplicates)] : [] }
}

const duplicatesText = (duplicates: readonly string[]): string =>
  `error converting YAML to JSON: yaml: unmarshal errors:\n${duplicates.map(text => `  ${text}`).join('\n')}`

const goKind = (value: unknown): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value)
