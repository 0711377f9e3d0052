/** The types that expressions are checked with. Source: cel-go, common/types. */
export type Type =
  | { readonly is: 'plain'; readonly name: string }
  /** Objects are the same type where they have the same name. Fields are named as expressions write them. */
  | { readonly is: 'object'; readonly name: string; readonly field: (name: string) => Type | undefined }
  | { readonly is: 'made'; readonly name: 'list' | 'map' | 'optional_type' | 'type'; readonly of: readonly Type[] }
  /** Stands for a type that is still to be found. */
  | { readonly is: 'param'; readonly name: string }

const plain = (name: string): Type => ({ is: 'plain', name })

export const DYN = plain('dyn')
export const ERROR = plain('!error!')
export const BOOL = plain('bool')
export const INT = plain('int')
export const UINT = plain('uint')
export const DOUBLE = plain('double')
export const STRING = plain('string')
export const BYTES = plain('bytes')
export const NULL = plain('null')
export const DURATION = plain('duration')
export const TIMESTAMP = plain('timestamp')

export const listOf = (of: Type): Type => ({ is: 'made', name: 'list', of: [of] })
export const mapOf = (key: Type, value: Type): Type => ({ is: 'made', name: 'map', of: [key, value] })
export const optionalOf = (of: Type): Type => ({ is: 'made', name: 'optional_type', of: [of] })
export const typeOf = (of: Type): Type => ({ is: 'made', name: 'type', of: [of] })

export const objectOf = (name: string, fields: Readonly<Record<string, Type>>): Type => ({
  is: 'object',
  name,
  field: field => (Object.hasOwn(fields, field) ? fields[field] : undefined),
})

/** As messages write it. */
export const typeText = (type: Type): string =>
  type.is === 'made' && type.of.length > 0 ? `${type.name}(${type.of.map(typeText).join(', ')})` : type.name

const RUNTIME_NAMES: Readonly<Record<string, string>> = {
  timestamp: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
  null: 'null_type',
}

/** What values of the type say they are, where that is another name. */
export const runtimeName = ({ is, name }: Type): string | undefined =>
  is === 'plain' ? RUNTIME_NAMES[name] : undefined

/** How the declarations of functions write types: `map(A,list(string))`. One capital letter is a parameter. */
export function readType(text: string): Type {
  const [, name = '', inner] = /^([^(]+)(?:\((.*)\))?$/.exec(text) ?? []
  if (inner !== undefined) return { is: 'made', name: name as 'list', of: splitTop(inner).map(readType) }
  return /^[A-Z]$/.test(name) ? { is: 'param', name } : plain(name)
}

/** At the commas that are in no brackets. */
function splitTop(text: string): readonly string[] {
  const parts = ['']
  let depth = 0
  for (const char of text) {
    depth += char === '(' ? 1 : char === ')' ? -1 : 0
    if (char === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += char
  }
  return parts
}

/** dyn, or what is wrong already: nothing more is said about it. */
export const isAnything = (type: Type): boolean =>
  type.is === 'plain' && (type.name === 'dyn' || type.name === '!error!')

export const isSame = (a: Type, b: Type): boolean =>
  a.is === b.is && a.name === b.name && (a.is !== 'made' || allPairs(a.of, (b as typeof a).of, isSame))

export const allPairs = (a: readonly Type[], b: readonly Type[], holds: (x: Type, y: Type) => boolean): boolean =>
  a.length === b.length && a.every((one, index) => holds(one, b[index]!))

const SCALARS = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint'])

/** Of one size, whatever the value. */
export const isScalar = (type: Type): boolean =>
  type.is === 'made' && type.name === 'optional_type'
    ? isScalar(type.of[0]!)
    : type.is === 'plain' && SCALARS.has(type.name)
