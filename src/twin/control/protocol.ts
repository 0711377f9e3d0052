import { UserError } from '../../lib/errors.ts'

/** The first message of a connection, from the client. */
export type Request =
  | { readonly verb: 'status' }
  | { readonly verb: 'exec'; readonly target: string; readonly command: readonly string[]; readonly tty: boolean }
  | { readonly verb: 'node'; readonly action: NodeAction; readonly name?: string }
  | { readonly verb: 'logs'; readonly role: string; readonly follow: boolean; readonly tail?: number }

export type NodeAction = 'add' | 'stop' | 'start' | 'cut'

/** Later messages of the client, for exec. */
export interface Resize {
  readonly columns: number
  readonly rows: number
}

/** Messages of the server. `started` precedes the data of exec and logs; each connection ends with `result` or `error`. */
export type Reply =
  | { readonly started: true }
  | { readonly result: unknown }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } }

export function errorReply(error: unknown): Reply {
  if (error instanceof UserError)
    return {
      error: { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) },
    }
  return { error: { code: 'Internal', message: error instanceof Error ? error.message : String(error) } }
}

export const errorOf = ({ code, message, hint }: { code: string; message: string; hint?: string }): UserError =>
  new UserError(code, message, hint === undefined ? {} : { hint })
