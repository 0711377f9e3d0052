import type { Pattern } from '../../validate/regexp.ts'
import { patternOf } from '../../validate/regexp.ts'
import { CelError } from '../ast.ts'
import type { Value } from '../value.ts'
import { isList, isMap, isSpecial, typeName } from '../value.ts'
import type { Body, Library } from './mod.ts'
import { durationText } from './times.ts'

/** A method of texts whose arguments are texts. */
const text =
  (body: (of: string, ...args: string[]) => Value | undefined): Body =>
  (...args) =>
    args.every(arg => typeof arg === 'string') ? body(...(args as unknown as [string])) : undefined

const isInt = (value: Value | undefined): value is bigint => typeof value === 'bigint'
const points = (of: string): readonly string[] => [...of]

function regexp(pattern: string): Pattern {
  const found = patternOf(pattern)
  if (typeof found === 'string') throw new CelError(found)
  return found
}

function outOfRange(index: bigint): never {
  throw new CelError(`index out of range: ${index}`)
}

const position =
  (find: (of: readonly string[], part: readonly string[], from: number) => number): Body =>
  (of, part, from) => {
    if (typeof of !== 'string' || typeof part !== 'string') return undefined
    if (from !== undefined && !isInt(from)) return undefined
    return BigInt(find(points(of), points(part), from === undefined ? -1 : Number(from)))
  }

const matchesAt = (of: readonly string[], part: readonly string[], at: number): boolean =>
  part.every((char, index) => of[at + index] === char)

function first(of: readonly string[], part: readonly string[], from: number): number {
  for (let at = Math.max(from, 0); at + part.length <= of.length; at++) if (matchesAt(of, part, at)) return at
  return -1
}

function last(of: readonly string[], part: readonly string[], from: number): number {
  for (let at = Math.min(from < 0 ? of.length : from, of.length - part.length); at >= 0; at--)
    if (matchesAt(of, part, at)) return at
  return -1
}

function split(of: string, by: string, limit: number): readonly string[] {
  if (limit === 0) return []
  const parts = of.split(by)
  return limit < 0 || parts.length <= limit ? parts : [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(by)]
}

function replace(of: string, old: string, by: string, limit: number): string {
  if (limit < 0) return of.replaceAll(old, () => by)
  const parts = of.split(old)
  const at = Math.min(limit, parts.length - 1)
  return [...parts.slice(0, at).flatMap(part => [part, by]), parts.slice(at).join(old)].join('')
}

/** Go's fmt verbs, as far as the strings library has them. */
function format(pattern: string, args: readonly Value[]): string {
  let next = 0
  return pattern.replace(/%(?:\.(\d+))?([%sdfexXob])/g, (_, digits: string | undefined, verb: string) => {
    if (verb === '%') return '%'
    if (next >= args.length) throw new CelError(`index ${next} out of range`)
    return formatted(args[next++]!, verb, digits)
  })
}

function formatted(value: Value, verb: string, digits = '6'): string {
  if (verb === 's') return shown(value)
  if (verb === 'f') return Number(value).toFixed(Number(digits))
  if (verb === 'e') return Number(value).toExponential(Number(digits))
  if (typeof value === 'bigint') {
    const radix = { d: 10, x: 16, X: 16, o: 8, b: 2 }[verb]!
    const digitsOf = value.toString(radix)
    return verb === 'X' ? digitsOf.toUpperCase() : digitsOf
  }
  if (verb === 'd' || typeof value !== 'string') return shown(value)
  return Buffer.from(value).toString('hex')
}

/** A value as messages show it. */
export function shown(value: Value): string {
  if (value === null || typeof value !== 'object') return String(value)
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (isList(value)) return `[${value.map(shown).join(', ')}]`
  if (isMap(value)) return `{${[...value].map(([key, item]) => `${shown(key)}: ${shown(item)}`).join(', ')}}`
  if (value.cel === 'duration') return durationText(value.nanos)
  if (value.cel === 'timestamp') return new Date(value.ms).toISOString().replace('.000Z', 'Z')
  return isSpecial(value) && 'text' in value ? value.text : typeName(value)
}

const size: Body = of => {
  if (typeof of === 'string') return BigInt(points(of).length)
  if (isList(of!) || of instanceof Uint8Array) return BigInt(of.length)
  return isMap(of!) ? BigInt(of.size) : undefined
}

export const strings: Library = {
  functions: {
    size,
    matches: text((of, pattern) => regexp(pattern).test(of)),
    'strings.quote': text(of => JSON.stringify(of)),
  },
  methods: {
    size,
    startsWith: text((of, part) => of.startsWith(part)),
    endsWith: text((of, part) => of.endsWith(part)),
    contains: text((of, part) => of.includes(part)),
    matches: text((of, pattern) => regexp(pattern).test(of)),
    find: text((of, pattern) => regexp(pattern).find(of) ?? ''),
    findAll: (of, pattern, limit = -1n) => {
      if (typeof of !== 'string' || typeof pattern !== 'string' || !isInt(limit)) return undefined
      return regexp(pattern).findAll(of, limit < 0n ? of.length + 1 : Number(limit))
    },
    charAt: (of, at) => {
      if (typeof of !== 'string' || !isInt(at)) return undefined
      const chars = points(of)
      return at < 0n || at > chars.length ? outOfRange(at) : (chars[Number(at)] ?? '')
    },
    substring: (of, from, to) => {
      if (typeof of !== 'string' || !isInt(from) || (to !== undefined && !isInt(to))) return undefined
      const chars = points(of)
      const end = to ?? BigInt(chars.length)
      if (from < 0n || from > end || end > chars.length) outOfRange(from < 0n || from > chars.length ? from : end)
      return chars.slice(Number(from), Number(end)).join('')
    },
    indexOf: position(first),
    lastIndexOf: position(last),
    lowerAscii: text(of => of.replace(/[A-Z]/g, char => char.toLowerCase())),
    upperAscii: text(of => of.replace(/[a-z]/g, char => char.toUpperCase())),
    trim: text(of => of.trim()),
    reverse: text(of => points(of).toReversed().join('')),
    replace: (of, old, by, limit = -1n) =>
      typeof of === 'string' && typeof old === 'string' && typeof by === 'string' && isInt(limit)
        ? replace(of, old, by, Number(limit))
        : undefined,
    split: (of, by, limit = -1n) =>
      typeof of === 'string' && typeof by === 'string' && isInt(limit) ? split(of, by, Number(limit)) : undefined,
    join: (of, by = '') =>
      isList(of!) && typeof by === 'string' && of.every(item => typeof item === 'string') ? of.join(by) : undefined,
    format: (of, args) => (typeof of === 'string' && isList(args!) ? format(of, args) : undefined),
  },
}
