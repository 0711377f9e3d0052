/** Text that would not mean what it says in HAProxy's language. A caller's mistake: tenant text is checked where it enters. */
export class UnsafeText extends Error {
  override readonly name = 'UnsafeText'
  constructor(what: string, value: string) {
    super(`${what} cannot be written for HAProxy: ${JSON.stringify(value.slice(0, 120))}`)
  }
}

/** Names of sections, servers, maps and certificates: always made by us, so the set is small. */
export function name(value: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_./:-]{0,199}$/.test(value) || value.includes('..'))
    throw new UnsafeText('a name', value)
  return value
}

/**
 * Whether a value may stand inline in a runtime command, where blanks, `;`, `\`, `<<` and (as a key) `#` are syntax. All
 * other text goes by payload.
 */
export const isInline = (value: string): boolean => /^[A-Za-z0-9._~/*|:@=,+%!$&()?-]+$/.test(value)

export function inline(value: string): string {
  if (!isInline(value)) throw new UnsafeText('an inline value', value)
  return value
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/

/** A map key: printable ASCII without blanks; `#` would be a comment in the file, though not on the socket. */
export function mapKey(value: string): string {
  if (!/^[\x21-\x7e]{1,2048}$/.test(value) || value.startsWith('#')) throw new UnsafeText('a map key', value)
  return value
}

/** A map value: one line of printable text that neither begins nor ends with a blank. */
export function mapValue(value: string): string {
  if (value === '' || value.length > 4096 || value.trim() !== value || CONTROL.test(value))
    throw new UnsafeText('a map value', value)
  return value
}

export const hasControl = (value: string): boolean => CONTROL.test(value)
