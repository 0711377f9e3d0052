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
  try {
    const value = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as Record<string, unknown>
    const { v, rv, start } = value
    if (v === 'meta.k8s.io/v1' && Number.isSafeInteger(rv) && typeof start === 'string')
      return { revision: rv as number, after: start.endsWith('\u0000') ? start.slice(0, -1) : start }
  } catch {}
  throw badRequest('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
}
