import { messageOf } from '../../lib/errors.ts'
import { readJson } from '../../wire/json/read.ts'
import { JsonError } from '../../wire/json/scan.ts'
import { isObject } from '../../wire/json/value.ts'
import { YamlError } from '../../wire/yaml/error.ts'
import type { Context } from '../context.ts'
import { unsupportedMediaType } from '../errors.ts'
import type { JsonObject, Obj } from '../object.ts'
import type { FieldValidation } from '../patch/mod.ts'
import { decodeBody, decodeTree } from '../resource/codec.ts'
import type { Resource } from '../resource/resource.ts'
import type { StatusError } from '../status-error.ts'
import { badRequest } from '../status-error.ts'

const JSON_TYPE = 'application/json'
const YAML_TYPE = 'application/yaml'
export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf'

export const mediaTypeOf = (contentType: string | undefined): string =>
  (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase()

interface RawBody {
  readonly value: JsonObject
  readonly problems: readonly string[]
}

/** The object of a request's body, decoded as the resource's schema says. Throws StatusError 400, 415. */
export async function readObject(context: Context, resource: Resource, validation: FieldValidation): Promise<Obj> {
  const { body, headers } = context.request
  const type = mediaTypeOf(headers['content-type'])
  if (type === PROTOBUF_TYPE) {
    if (!resource.message) throw unsupportedMediaType(type, [JSON_TYPE, YAML_TYPE])
    const { apiVersion, kind, object } = guarded(body, resource, () => decodeBody(resource.message!, body))
    checkType(resource, apiVersion, kind)
    return finish(resource, object)
  }
  const raw = await readTree(type, body, resource)
  checkType(resource, textOr(raw.value.apiVersion), textOr(raw.value.kind))
  const { object, problems } = guarded(body, resource, () => decodeTree(resource, raw.value))
  report(context, resource, [...raw.problems, ...problems], validation)
  return finish(resource, object)
}

const finish = (resource: Resource, object: JsonObject): Obj => {
  const { metadata, ...rest } = object
  return {
    ...rest,
    apiVersion: resource.apiVersion,
    kind: resource.kind,
    metadata: isObject(metadata) ? { ...metadata } : {},
  }
}

const textOr = (value: unknown): string => (typeof value === 'string' ? value : '')

/** What strict decoding objects to refuses the request, warns, or is passed over. Throws StatusError 400. */
export function report(
  context: Context,
  resource: Resource,
  problems: readonly string[],
  validation: FieldValidation,
): void {
  if (problems.length === 0 || validation === 'Ignore') return
  if (validation === 'Warn') context.warnings.push(...problems)
  else throw unhandled(resource, `strict decoding error: ${problems.join(', ')}`)
}

async function readTree(type: string, body: Uint8Array, resource: Resource): Promise<RawBody> {
  try {
    const raw = await parseTree(type, body)
    if (isObject(raw.value)) return raw as RawBody
    throw new JsonError('json: cannot unmarshal the value into an object')
  } catch (error) {
    if (error instanceof JsonError || error instanceof YamlError)
      throw unrecognized(resource, body, `couldn't get version/kind; json parse error: ${error.message}`)
    throw error
  }
}

interface ParsedTree {
  readonly value: unknown
  /** What strict decoding says of keys that an object has twice. */
  readonly problems: readonly string[]
}

async function parseTree(type: string, body: Uint8Array): Promise<ParsedTree> {
  if (type === '' || type === JSON_TYPE) {
    const { value, duplicates } = readJson(body)
    return { value, problems: duplicates.map(path => `duplicate field ${JSON.stringify(path)}`) }
  }
  if (type !== YAML_TYPE) throw unsupportedMediaType(type, [JSON_TYPE, YAML_TYPE, PROTOBUF_TYPE])
  const { readYaml } = await import('../../wire/yaml/read.ts')
  const { value, duplicates } = readYaml(body)
  return { value, problems: duplicates.length === 0 ? [] : [`yaml: unmarshal errors:\n  ${duplicates.join('\n  ')}`] }
}

function checkType(resource: Resource, apiVersion: string, kind: string): void {
  if (apiVersion !== '' && apiVersion !== resource.apiVersion)
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${resource.apiVersion})`,
    )
  if (kind !== '' && kind !== resource.kind)
    throw badRequest(`the kind in the data (${kind}) does not match the expected kind (${resource.kind})`)
}

/** A value of the wrong type anywhere in the body. */
function guarded<T>(body: Uint8Array, resource: Resource, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (body.length === 0) throw unrecognized(resource, body, messageOf(error))
    throw unhandled(resource, messageOf(error))
  }
}

/** As k8s.io/apiserver's transformDecodeError. */
const unhandled = (resource: Resource, problem: string): StatusError =>
  badRequest(
    `${resource.kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${resource.kind}: ${problem}`,
  )

const unrecognized = (resource: Resource, body: Uint8Array, problem: string): StatusError =>
  badRequest(`the object provided is unrecognized (must be of type ${resource.kind}): ${problem} (${summary(body)})`)

function summary(body: Uint8Array): string {
  if (body.length === 0) return '<empty>'
  const bytes = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, 30))
  const text = body[0] === 0x7b ? bytes.toString('utf8') : bytes.toString('hex')
  return body.length > 30 ? `${text} ...` : text
}
