/**
 * YAML as Kubernetes reads it: the core of YAML 1.1 (yes and on are booleans, 0777 is octal) without its dates, sets and
 * base-60 numbers, turned into JSON values. Import this file lazily: the parser is heavy.
 */
import { Buffer, isUtf8 } from 'node:buffer'
import type { Document, ScalarTag, YAMLMap, YAMLParseError } from 'yaml'
import { isScalar, Lexer, LineCounter, parseDocument, visit } from 'yaml'
import { MAX_JSON_DEPTH, readJsonText } from '../json/read.ts'
import { JsonError } from '../json/scan.ts'
import type { JsonValue } from '../json/value.ts'
import { YamlError } from './error.ts'

export interface ReadYaml {
  readonly value: JsonValue
  /** `line 3: key "a" already set in map`; the last one counted. */
  readonly duplicates: readonly string[]
}

/** Of text that is not JSON: hostile text takes the parser some 7 s a megabyte, and nothing else runs meanwhile. */
const MAX_YAML_BYTES = 256 * 1024

/**
 * The first document. Throws YamlError: bad syntax, invalid UTF-8, nesting beyond maxDepth, aliases that multiply,
 * numbers JSON cannot hold, the key `__proto__`. Text that is JSON is read as JSON, which is much faster.
 */
export function readYaml(bytes: Uint8Array, maxDepth = MAX_JSON_DEPTH): ReadYaml {
  if (!isUtf8(bytes)) throw new YamlError('error converting YAML to JSON: yaml: invalid UTF-8')
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  return readAsJson(text, maxDepth) ?? readAsYaml(text, maxDepth)
}

function readAsJson(text: string, maxDepth: number): ReadYaml | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined
  try {
    const { value, duplicates } = readJsonText(text, maxDepth)
    return {
      value,
      duplicates: duplicates.map(path => `line 1: key ${JSON.stringify(lastOf(path))} already set in map`),
    }
  } catch (error) {
    // What is no JSON may yet be YAML in flow style; but not what JSON refuses for its limits.
    if (error instanceof JsonError && !/^(invalid character|unexpected end)/.test(error.message))
      throw new YamlError(`error converting YAML to JSON: ${error.message}`)
    return undefined
  }
}

const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

function readAsYaml(text: string, maxDepth: number): ReadYaml {
  if (text.length > MAX_YAML_BYTES) throw new YamlError(`YAML text is limited to ${MAX_YAML_BYTES} bytes; send JSON`)
  checkNesting(text, maxDepth)
  const lines = new LineCounter()
  const document = parse(text, lines)
  const problem = document.errors.find(error => error.code !== 'MULTIPLE_DOCS')
  if (problem) throw syntaxError(problem, lines)
  const value = guarded(() => document.toJS({ maxAliasCount: 100 }) as JsonValue)
  checkValue(value, maxDepth)
  return { value, duplicates: duplicatesOf(document, lines) }
}

/**
 * The parser takes memory by the square of the depth: what is too deep on one line is found by its tokens alone. Over many lines the
 * indents themselves keep the depth small.
 */
function checkNesting(text: string, maxDepth: number): void {
  let brackets = 0
  let inLine = 0
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') brackets++
    else if (token === ']' || token === '}') brackets--
    else if (token === '-' || token === '?') inLine++
    else if (token.endsWith('\n')) inLine = 0
    if (brackets > maxDepth || inLine > maxDepth) throw new YamlError(TOO_DEEP)
  }
}

function syntaxError(problem: YAMLParseError, lines: LineCounter): YamlError {
  const why = problem.message.split('\n')[0]!
  if (why.includes('call stack')) return new YamlError(TOO_DEEP)
  return new YamlError(`error converting YAML to JSON: yaml: line ${lines.linePos(problem.pos[0]).line}: ${why}`)
}

const TOO_DEEP = 'error converting YAML to JSON: yaml: exceeded max depth'

const parse = (text: string, lineCounter: LineCounter): Document =>
  guarded(() =>
    parseDocument(text, {
      version: '1.1',
      schema: 'failsafe',
      customTags: tags => [...tags, ...CORE_TAGS, 'merge'],
      merge: true,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
      lineCounter,
    }),
  )

/** The parser recurses, and counts aliases, without errors of its own for either. */
function guarded<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof RangeError) throw new YamlError(TOO_DEEP)
    if (error instanceof ReferenceError)
      throw new YamlError('error converting YAML to JSON: yaml: document contains excessive aliasing')
    throw new YamlError(
      `error converting YAML to JSON: yaml: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

const scalar = (name: string, test: RegExp, resolve: (text: string) => unknown): ScalarTag => ({
  tag: `tag:yaml.org,2002:${name}`,
  default: true,
  test,
  resolve,
})

/** In the order in which they are tried. */
const CORE_TAGS: readonly ScalarTag[] = [
  scalar('null', /^(?:~|null|Null|NULL|)$/, () => null),
  scalar('bool', /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/, () => true),
  scalar('bool', /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/, () => false),
  scalar('int', /^[-+]?0b[01_]+$/, text => integer(text, '0b', 2)),
  scalar('int', /^[-+]?0x[0-9a-fA-F_]+$/, text => integer(text, '0x', 16)),
  scalar('int', /^[-+]?0o[0-7_]+$/, text => integer(text, '0o', 8)),
  scalar('int', /^[-+]?0[0-7_]+$/, text => integer(text, '0', 8)),
  scalar('int', /^[-+]?(?:0|[1-9][0-9_]*)$/, text => integer(text, '', 10)),
  scalar('float', /^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/, text =>
    Number(text.replaceAll('_', '')),
  ),
  scalar('float', /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/, text =>
    /n$/i.test(text) ? Number.NaN : Number.POSITIVE_INFINITY,
  ),
]

function integer(text: string, prefix: string, base: number): number {
  const sign = text.startsWith('-') ? -1 : 1
  return sign * Number.parseInt(text.replace(/^[-+]/, '').slice(prefix.length).replaceAll('_', ''), base)
}

function checkValue(root: JsonValue, maxDepth: number): void {
  const pending: { value: unknown; depth: number }[] = [{ value: root, depth: 1 }]
  while (pending.length > 0) {
    const { value, depth } = pending.pop()!
    if (typeof value === 'number') checkNumber(value)
    if (typeof value !== 'object' || value === null) continue
    if (depth > maxDepth) throw new YamlError(TOO_DEEP)
    if (Object.hasOwn(value, '__proto__')) throw new YamlError('field "__proto__": this name is not supported')
    for (const member of Object.values(value)) pending.push({ value: member, depth: depth + 1 })
  }
}

function checkNumber(value: number): void {
  if (!Number.isFinite(value)) throw new YamlError(`error converting YAML to JSON: json: unsupported value: ${value}`)
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new YamlError('integers beyond 2^53 are not supported')
}

function duplicatesOf(document: Document, lines: LineCounter): readonly string[] {
  const found: string[] = []
  visit(document, {
    Map(_, map: YAMLMap) {
      const keys = new Set<string>()
      for (const { key } of map.items) {
        if (!isScalar(key)) continue
        const name = String(key.value)
        if (keys.has(name)) {
          const line = lines.linePos(key.range?.[0] ?? 0).line
          found.push(`line ${line}: key ${JSON.stringify(name)} already set in map`)
        }
        keys.add(name)
      }
    },
  })
  return found.slice(0, 100)
}
