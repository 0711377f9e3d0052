import { badRequest } from '../status-error.ts'

/** Where a list goes on, and at which revision; -1 means the present. */
export interface ContinueToken {
  readonly revision: number
  /** The last key that was sent, within the collection. */
  readonly after: string
}

/** The form that k8s.io/apiserver uses, so that tools which look into tokens find what they expect. */
export const encodeContinue = ({ revision, after }: ContinueToken): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: `${after}\u0000` })).toString('base64url')

/** Throws StatusError 400. */
export function decodeContinue(token: string): ContinueToken {
  const bytes = Buffer.from(token, 'base64url')
  // Go names the byte that begins no JSON, as the character of that number.
  if (bytes[0] !== undefined && bytes[0] !== 0x7b)
    throw badRequest(
      `invalid continue token: continue key is not valid: invalid character '${String.fromCharCode(bytes[0])}' looking for beginning of value`,
    )
  try {
    const { v, rv, start } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>
    if (v === 'meta.k8s.io/v1' && Number.isSafeInteger(rv) && typeof start === 'string')
      return { revision: rv as number, after: start.endsWith('\u0000') ? start.slice(0, -1) : start }
  } catch {}
  throw badRequest(
    'invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)',
  )
}
