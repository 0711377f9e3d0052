/** What Kubernetes adds. Source: k8s.io/apiserver/pkg/cel/library. */

import { parseQuantity } from '../../quantity.ts'
import { hasFormat } from '../../validate/format.ts'
import { CelError } from '../ast.ts'
import type { Special, Url, Value } from '../value.ts'
import { compare, isSpecial, NONE, some } from '../value.ts'
import type { Body, Library } from './mod.ts'

const NANO = 1_000_000_000n

function method<K extends Special['cel']>(
  kind: K,
  body: (of: Special & { readonly cel: K }, ...args: Value[]) => Value | undefined,
): Body {
  return (of, ...args) =>
    isSpecial(of!) && of.cel === kind ? body(of as Special & { readonly cel: K }, ...args) : undefined
}

const quantity = (nano: bigint): Special => ({ cel: 'quantity', nano })

function quantityOf(text: string): Special {
  const found = parseQuantity(text)
  if (!found)
    throw new CelError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
  return quantity(found.nano)
}

/** The amount a quantity or a whole number stands for. */
const amount = (value: Value | undefined): bigint | undefined =>
  typeof value === 'bigint'
    ? value * NANO
    : value !== undefined && isSpecial(value) && value.cel === 'quantity'
      ? value.nano
      : undefined

const moved = (sign: bigint): Body =>
  method('quantity', ({ nano }, other) => {
    const by = amount(other)
    return by === undefined ? undefined : quantity(nano + sign * by)
  })

const sign = method('quantity', ({ nano }) => (nano > 0n ? 1n : nano < 0n ? -1n : 0n))

const quantities: Library = {
  functions: {
    sign,
    quantity: text => (typeof text === 'string' ? quantityOf(text) : undefined),
    isQuantity: text => (typeof text === 'string' ? parseQuantity(text) !== undefined : undefined),
  },
  methods: {
    sign,
    isInteger: method('quantity', ({ nano }) => nano % NANO === 0n),
    asInteger: method('quantity', ({ nano }) => {
      if (nano % NANO !== 0n) throw new CelError('cannot convert value to integer')
      return nano / NANO
    }),
    asApproximateFloat: method('quantity', ({ nano }) => Number(nano) / 1e9),
    add: moved(1n),
    sub: moved(-1n),
    isGreaterThan: method('quantity', (of, other) => compare(of, other!) > 0),
    isLessThan: method('quantity', (of, other) => compare(of, other!) < 0),
    compareTo: method('quantity', (of, other) => BigInt(compare(of, other!))),
  },
}

/** As Go's url.ParseRequestURI: absolute, or a path. */
function parseUrl(text: string): Url | undefined {
  const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:[^/?#@]*@)?([^/?#]*))?([^?]*)(?:\?(.*))?$/.exec(text)
  if (!match || /[\s\p{Cc}]/u.test(text)) return undefined
  const [, scheme = '', host = '', path = '', query = ''] = match
  if (scheme === '' && !path.startsWith('/')) return undefined
  const address = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(host)
  if (!address) return undefined
  const all = new Map<string, string[]>()
  for (const [key, value] of new URLSearchParams(query)) all.set(key, [...(all.get(key) ?? []), value])
  const hostname = address[1]!.replace(/^\[|\]$/g, '')
  return { scheme, host, hostname, port: address[2] ?? '', path: encodeURI(decodeSafely(path)), query: all }
}

function decodeSafely(path: string): string {
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}

const urls: Library = {
  functions: {
    isURL: text => (typeof text === 'string' ? parseUrl(text) !== undefined : undefined),
    url: text => {
      if (typeof text !== 'string') return undefined
      const url = parseUrl(text)
      if (!url)
        throw new CelError(
          `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
        )
      return { cel: 'url', url }
    },
  },
  methods: {
    getScheme: method('url', ({ url }) => url.scheme),
    getHost: method('url', ({ url }) => url.host),
    getHostname: method('url', ({ url }) => url.hostname),
    getPort: method('url', ({ url }) => url.port),
    getEscapedPath: method('url', ({ url }) => url.path),
    getQuery: method('url', ({ url }) => new Map(url.query)),
  },
}

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const within = (limit: number, pattern: RegExp) => (text: string) => text.length <= limit && pattern.test(text)
const label1123 = within(63, LABEL)
const subdomain = within(253, SUBDOMAIN)
const label1035 = within(63, /^[a-z]([-a-z0-9]*[a-z0-9])?$/)
/** A name prefix may end in a dash, where generated characters follow. */
const prefixed = (rule: (text: string) => boolean) => (text: string) => rule(text.endsWith('-') ? `${text}a` : text)

function qualifiedName(text: string): boolean {
  const parts = text.split('/')
  const name = parts.at(-1)!
  const prefix = parts.length === 2 ? parts[0]! : 'a'
  return parts.length <= 2 && subdomain(prefix) && name.length <= 63 && QUALIFIED.test(name)
}

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  dns1123Label: label1123,
  dns1123Subdomain: subdomain,
  dns1035Label: label1035,
  dns1123LabelPrefix: prefixed(label1123),
  dns1123SubdomainPrefix: prefixed(subdomain),
  dns1035LabelPrefix: prefixed(label1035),
  qualifiedName,
  labelValue: text => text === '' || (text.length <= 63 && QUALIFIED.test(text)),
  uri: text => hasFormat('uri', text),
  uuid: text => hasFormat('uuid', text),
  byte: text => hasFormat('byte', text),
  date: text => hasFormat('date', text),
  datetime: text => hasFormat('datetime', text),
}

const formats: Library = {
  functions: {
    'format.named': name =>
      typeof name === 'string' ? (FORMATS[name] ? some({ cel: 'format', name }) : NONE) : undefined,
    ...Object.fromEntries(
      Object.keys(FORMATS).map(name => [`format.${name}`, () => ({ cel: 'format', name }) as const]),
    ),
  },
  methods: {
    validate: method('format', ({ name }, text) => {
      if (typeof text !== 'string') return undefined
      return FORMATS[name]!(text) ? NONE : some([`does not match the format ${name}`])
    }),
  },
}

export const kubernetes: Library = {
  functions: { ...quantities.functions, ...urls.functions, ...formats.functions },
  methods: { ...quantities.methods, ...urls.methods, ...formats.methods },
}
