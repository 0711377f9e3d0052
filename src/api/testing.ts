/** For tests: what the server makes of an object, and what it refuses in which words. */
import { decode } from '../schema/decode.ts'
import { applyDefaults } from '../schema/default.ts'
import type { ApiObject, FieldError, Kind } from '../schema/kind.ts'
import { messageNode } from '../schema/message-node.ts'
import { validate } from '../schema/validate/validate.ts'

/** Decoded and with all defaults. Throws where decoding finds anything wrong. */
export function stored<T extends ApiObject>(kind: Kind<T>, object: object, old?: T): T {
  const node = messageNode(kind.schema)
  const { value, unknown, error } = decode(node, { metadata: { name: 'a' }, ...object })
  if (error !== undefined || unknown.length > 0) throw new Error(error ?? unknown.join(' '))
  const defaulted = applyDefaults(node, value) as T
  return kind.complete?.(defaulted, old) ?? defaulted
}

/** Each error as `field: Type: detail`. */
export function errorsOf<T extends ApiObject>(kind: Kind<T>, object: object, old?: object): readonly string[] {
  const before = old && stored(kind, old)
  const after = stored(kind, object, before)
  const bySchema = validate(messageNode(kind.schema), after as never)
  return (bySchema.length > 0 ? bySchema : (kind.validate?.(after, before) ?? [])).map(text)
}

const text = ({ field, type, detail }: FieldError): string => `${field}: ${type}${detail === '' ? '' : `: ${detail}`}`

export const specOf = (object: unknown): Record<string, never> => (object as { spec: Record<string, never> }).spec

/** What is said of a name that is no DNS label. */
export const NO_LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
