/** Rules of library-go's Route validation: DNS-1123 labels, at most 253 characters, no trailing dot. */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** Undefined when the text is a host name, else what is wrong with it. `host` is in lower case. */
export function hostProblem(host: string): string | undefined {
  if (host.length > 253) return 'is longer than 253 characters'
  const wrong = host.split('.').find(label => !LABEL.test(label))
  return wrong === undefined ? undefined : `has the part ${quoted(wrong)}, which is not a DNS label`
}

/**
 * Undefined when the text can be matched against a request's path as sent: no decoding, so only what a client can send.
 * The API forbids `#` and blanks; `?` ends a path, and other bytes are refused before any Route is looked up.
 */
export function pathProblem(path: string): string | undefined {
  if (path === '') return undefined
  if (!path.startsWith('/')) return 'must begin with "/"'
  if (path.length > 1024) return 'is longer than 1024 characters'
  const wrong = /[^\x21-\x7e]|[#?]/.exec(path)
  return wrong === null ? undefined : `has the character ${quoted(wrong[0])}, which no request path can have`
}

/** Tenant text for a message: bounded, printable. */
export const quoted = (text: string): string => JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}...` : text)

/** `*.` and the host without its first label; the claim of a wildcard Route. */
export const wildcardOf = (host: string): string => `*${host.slice(host.indexOf('.'))}`

/** Stands for all hosts that nobody claims. */
export const ANY_HOST = '*'
