/** The schema room's derivations, applied to a resource: the one place where the server touches them. */
import { metadataErrors } from '../../api/meta/rules.ts'
import { hasRules, ruleErrors } from '../../schema/cel/rules.ts'
import { decode } from '../../schema/decode.ts'
import { applyDefaults } from '../../schema/default.ts'
import type { Message } from '../../schema/field.ts'
import type { FieldError } from '../../schema/kind.ts'
import { messageNode } from '../../schema/message-node.ts'
import { decodeProtobuf } from '../../schema/protobuf/decode.ts'
import { validate } from '../../schema/validate/validate.ts'
import { readEnvelope } from '../../wire/protobuf/envelope.ts'
import type { JsonObject, Obj } from '../object.ts'
import { preparationOf } from '../prepare/mod.ts'
import type { Resource } from './resource.ts'

export interface DecodedTree {
  readonly object: JsonObject
  /** What strict decoding objects to, such as `unknown field "spec.foo"`. */
  readonly problems: readonly string[]
}

/** Throws Error when a value has the wrong type. */
export function decodeTree(resource: Resource, value: JsonObject): DecodedTree {
  const decoded = decode(resource.node, value)
  if (decoded.error !== undefined) throw new Error(decoded.error)
  return {
    object: decoded.value as JsonObject,
    problems: decoded.unknown.map(path => `unknown field ${JSON.stringify(path)}`),
  }
}

export interface DecodedProtobuf {
  readonly apiVersion: string
  readonly kind: string
  readonly object: JsonObject
}

/** A body in its envelope. Throws Error when it is not one. */
export function decodeBody(message: Message, body: Uint8Array): DecodedProtobuf {
  const { apiVersion, kind, raw } = readEnvelope(body)
  const { value, error } = decode(messageNode(message), decodeProtobuf(message, raw))
  if (error !== undefined) throw new Error(error)
  return { apiVersion, kind, object: value as JsonObject }
}

/** Fills in what the schema and the kind say of absent fields. */
export function complete(resource: Resource, object: Obj, old?: Obj): Obj {
  const defaulted = applyDefaults(resource.node, object)
  return (resource.complete?.(defaulted as never, old as never) as Obj | undefined) ?? defaulted
}

/** Source: hasBlockingErr of k8s.io/apiextensions-apiserver pkg/registry/customresource. */
const BLOCKING = new Set<FieldError['type']>(['NotSupported', 'Required', 'TooLong', 'TooMany', 'TypeInvalid'])
const UNCHECKED: FieldError = {
  type: 'Invalid',
  field: '<nil>',
  value: 'null',
  detail:
    'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
}

/** The schema's own checks, those of the kind, and those that need more than either. */
export function validateObject(resource: Resource, object: Obj, old?: Obj): readonly FieldError[] {
  const errors = validate(resource.node, object, resource.custom ? old : undefined)
  // Values the schema refuses are nothing for rules that rely on it; a word that is none of those it knows does no harm.
  if (resource.custom && errors.some(({ type }) => BLOCKING.has(type)))
    return hasRules(resource.node) ? [...errors, UNCHECKED] : errors
  if (!resource.custom && errors.some(({ type }) => type !== 'NotSupported')) return errors
  return [
    ...errors,
    ...metadataErrors(object.metadata as never),
    ...(resource.custom ? ruleErrors(resource.node, object, old) : []),
    ...(resource.validate?.(object as never, old as never) ?? []),
    ...(preparationOf(resource.group, resource.plural).errors?.(object, old) ?? []),
  ]
}
