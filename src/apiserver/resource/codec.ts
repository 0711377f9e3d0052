/** The schema room's derivations, applied to a resource: the one place where the server touches them. */
import type { Message } from '../../schema/field.ts'
import type { FieldError } from '../../schema/kind.ts'
import type { JsonObject, Obj } from '../object.ts'
import type { Resource } from './resource.ts'

export interface DecodedTree {
  readonly object: JsonObject
  /** What strict decoding objects to, such as `unknown field "spec.foo"`. */
  readonly problems: readonly string[]
}

/** Throws Error when a value has the wrong type. */
export function decodeTree(_resource: Resource, value: JsonObject): DecodedTree {
  return { object: value, problems: [] }
}

export function decodeProtobuf(
  _message: Message,
  _body: Uint8Array,
): { readonly apiVersion: string; readonly kind: string; readonly object: JsonObject } {
  throw new Error('protobuf is not there yet')
}

/** Fills in what the schema and the kind say of absent fields. */
export function complete(resource: Resource, object: Obj, old?: Obj): Obj {
  return (resource.complete?.(object as never, old as never) as Obj | undefined) ?? object
}

export function validateObject(resource: Resource, object: Obj, old?: Obj): readonly FieldError[] {
  return resource.validate?.(object as never, old as never) ?? []
}
