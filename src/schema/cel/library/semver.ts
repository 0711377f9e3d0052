/** Semantic versions. Source: k8s.io/apiserver/pkg/cel/library/semverlib.go and github.com/blang/semver. */
import { CelError } from '../ast.ts'
import type { Value } from '../value.ts'
import { isSpecial } from '../value.ts'
import type { Body, Library } from './mod.ts'

interface Version {
  readonly numbers: readonly [bigint, bigint, bigint]
  readonly before: readonly string[]
}

const NUMBER = '(0|[1-9]\\d*)'
const BEFORE = '(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)'
const STRICT = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${BEFORE}(?:\\.${BEFORE})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
)

function parse(text: string): Version | undefined {
  const match = STRICT.exec(text)
  if (!match) return undefined
  const [, major, minor, patch, before] = match
  return { numbers: [BigInt(major!), BigInt(minor!), BigInt(patch!)], before: before?.split('.') ?? [] }
}

/** A leading v goes, missing parts are 0, and leading zeros too. */
function normalized(text: string): string {
  const bare = text.trim().replace(/^v/, '')
  const [, core = '', rest = ''] = /^([^-+]*)(.*)$/s.exec(bare) ?? []
  const parts = core.split('.').map(part => part.replace(/^0+(?=\d)/, ''))
  if (parts.length < 3 && rest !== '') return bare
  while (parts.length < 3) parts.push('0')
  return parts.join('.') + rest
}

const textOf = (text: Value | undefined, normalize: Value | undefined): string | undefined => {
  if (typeof text !== 'string' || (normalize !== undefined && typeof normalize !== 'boolean')) return undefined
  return normalize ? normalized(text) : text
}

const of =
  (body: (version: Version, other: Version | undefined) => Value | undefined): Body =>
  (value, other) => {
    const version = versionOf(value)
    return version && body(version, versionOf(other))
  }

const versionOf = (value: Value | undefined): Version | undefined =>
  value !== undefined && isSpecial(value) && value.cel === 'semver' ? parse(value.text) : undefined

const sign = (less: boolean): number => (less ? -1 : 1)

/** By numbers; then what comes before a version is less than it; then part by part. */
function order(a: Version, b: Version): number {
  for (const [index, number] of a.numbers.entries())
    if (number !== b.numbers[index]) return sign(number < b.numbers[index]!)
  if (a.before.length === 0 || b.before.length === 0) return Math.sign(b.before.length - a.before.length)
  for (let at = 0; at < Math.max(a.before.length, b.before.length); at++) {
    const by = orderOfParts(a.before[at], b.before[at])
    if (by !== 0) return by
  }
  return 0
}

function orderOfParts(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  if (a === undefined || b === undefined) return sign(a === undefined)
  const [isNumber, isOther] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (isNumber && isOther) return BigInt(a) === BigInt(b) ? 0 : sign(BigInt(a) < BigInt(b))
  return isNumber === isOther ? sign(a < b) : sign(isNumber)
}

export const semver: Library = {
  functions: {
    isSemver: (text, normalize) => {
      const found = textOf(text, normalize)
      return found === undefined ? undefined : parse(found) !== undefined
    },
    semver: (value, normalize) => {
      const text = textOf(value, normalize)
      if (text === undefined) return undefined
      if (!parse(text)) throw new CelError(`Invalid semver: ${JSON.stringify(value)}`)
      return { cel: 'semver', text }
    },
  },
  methods: {
    major: of(({ numbers }) => numbers[0]),
    minor: of(({ numbers }) => numbers[1]),
    patch: of(({ numbers }) => numbers[2]),
    isGreaterThan: of((version, other) => other && order(version, other) > 0),
    isLessThan: of((version, other) => other && order(version, other) < 0),
    compareTo: of((version, other) => other && BigInt(order(version, other))),
  },
}
