/**
 * The rules of names, each returning what is wrong in the words of the API server, or nothing.
 * Source: k8s.io/apimachinery/pkg/util/validation.
 */
import { parseIp } from '../../lib/ip.ts'

export type NameRule = (text: string) => readonly string[]

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const DNS1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const LABEL_VALUE = `(${QUALIFIED})?`
const CONFIG_KEY = '[-._a-zA-Z0-9]+'

const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"

interface Pattern {
  readonly source: string
  readonly rule: string
  readonly examples: readonly string[]
  readonly limit?: number
}

export const tooLong = (limit: number): string => `must be no more than ${limit} characters`

function regexText({ source, rule, examples }: Pattern): string {
  return `${rule} (e.g. ${examples.map(one => `'${one}', `).join(' or ')}regex used for validation is '${source}')`
}

const patternRule = (pattern: Pattern): NameRule => {
  const regexp = new RegExp(`^${pattern.source}$`)
  const { limit = Number.POSITIVE_INFINITY } = pattern
  return text => [...(text.length > limit ? [tooLong(limit)] : []), ...(regexp.test(text) ? [] : [regexText(pattern)])]
}

const plainLabel = patternRule({
  source: LABEL,
  rule: LABEL_RULE,
  examples: ['my-name', '123-abc'],
  limit: 63,
})

/** Dots alone are told of in fewer words. */
export const dns1123Label: NameRule = text =>
  text.length <= 63 && text.includes('.') && dns1123Subdomain(text).length === 0
    ? ['must not contain dots']
    : plainLabel(text)

export const dns1123Subdomain = patternRule({
  source: SUBDOMAIN,
  rule: SUBDOMAIN_RULE,
  examples: ['example.com'],
  limit: 253,
})

export const dns1035Label = patternRule({
  source: DNS1035,
  rule: "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  examples: ['my-name', 'abc-123'],
  limit: 63,
})

/** *.example.com */
export const wildcardSubdomain = patternRule({
  source: `\\*\\.${SUBDOMAIN}`,
  rule: "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  examples: ['*.example.com'],
  limit: 253,
})

export const labelValue = patternRule({
  source: LABEL_VALUE,
  rule: "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  examples: ['MyValue', 'my_value', '12345'],
  limit: 63,
})

const qualifiedPart: Pattern = {
  source: QUALIFIED,
  rule: "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  examples: ['MyName', 'my.name', '123-abc'],
}

const QUALIFIED_PART = new RegExp(`^${QUALIFIED}$`)

/** A label's key: a name, perhaps behind a domain and a slash. */
export const qualifiedName: NameRule = text => {
  const parts = text.split('/')
  if (parts.length > 2)
    return [
      `a qualified name ${regexText(qualifiedPart)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  const name = parts.at(-1)!
  return [
    ...(parts.length === 2 ? prefixErrors(parts[0]!) : []),
    ...(name === '' ? ['name part must be non-empty'] : []),
    ...(name.length > 63 ? [`name part ${tooLong(63)}`] : []),
    ...(QUALIFIED_PART.test(name) ? [] : [`name part ${regexText(qualifiedPart)}`]),
  ]
}

const prefixErrors = (prefix: string): readonly string[] =>
  prefix === '' ? ['prefix part must be non-empty'] : dns1123Subdomain(prefix).map(text => `prefix part ${text}`)

/** The name of a container's port. */
export const portName: NameRule = text => {
  const errors: string[] = []
  if (text.length > 15) errors.push('must be no more than 15 characters')
  if (!/^[-a-z0-9]+$/.test(text)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(text)) errors.push('must contain at least one letter (a-z)')
  if (text.includes('--')) errors.push('must not contain consecutive hyphens')
  if (text.startsWith('-') || text.endsWith('-')) errors.push('must not begin or end with a hyphen')
  return errors
}

export const envName: NameRule = text =>
  /^[ -<>-~]+$/.test(text)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]

const CONFIG_KEY_TEXT = new RegExp(`^${CONFIG_KEY}$`)

/** A key of a ConfigMap or Secret. */
export const configKey: NameRule = text => {
  const errors: string[] = []
  if (text.length > 253) errors.push(tooLong(253))
  if (!CONFIG_KEY_TEXT.test(text))
    errors.push(
      `a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '${CONFIG_KEY}')`,
    )
  if (text === '.') errors.push("must not be '.'")
  else if (text.startsWith('..')) errors.push(text === '..' ? "must not be '..'" : "must not start with '..'")
  return errors
}

export const ipAddress: NameRule = text =>
  parseIp(text) === undefined ? ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'] : []

export const portNumber = (port: unknown): readonly string[] =>
  typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65535
    ? []
    : ['must be between 1 and 65535, inclusive']

/** A path segment: the names of roles. */
export const pathSegment: NameRule = text => {
  if (text === '.' || text === '..') return [`may not be '${text}'`]
  return [...new Set(text.match(/[/%]/g) ?? [])].map(one => `may not contain '${one}'`)
}
