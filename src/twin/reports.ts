import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { messageOf, UserError } from '../lib/errors.ts'
import { diskError } from './disk.ts'

/** What a starting world tells its launcher, one JSON line each, until it is ready or has failed. */
export type Report =
  | { readonly step: string }
  | { readonly ready: true }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } }

export const report = (to: { write(text: string): unknown }, what: Report): void =>
  void to.write(`${JSON.stringify(what)}\n`)

/** `folder`: where the twin keeps its state. */
export function failureReport(error: unknown, folder: string): Report {
  const known = diskError(error, folder)
  if (!(known instanceof UserError)) return { error: { code: 'Fault', message: messageOf(error) } }
  const { code, message, hint } = known
  return { error: { code, message, ...(hint === undefined ? {} : { hint }) } }
}

/**
 * Resolves at ready. Rejects with the world's own error, with the end of its log when it ended without a word, and with the
 * signal's reason.
 */
export async function followReports(
  reports: Readable,
  progress: (step: string) => void,
  tail: () => string,
  signal?: AbortSignal,
): Promise<void> {
  const lines = createInterface({ input: reports })
  const leave = (): void => lines.close()
  signal?.addEventListener('abort', leave, { once: true })
  try {
    for await (const line of lines) {
      const what = JSON.parse(line) as Report
      if ('ready' in what) return
      if ('error' in what)
        throw new UserError(what.error.code, what.error.message, what.error.hint ? { hint: what.error.hint } : {})
      progress(what.step)
    }
  } finally {
    signal?.removeEventListener('abort', leave)
    lines.close()
    reports.destroy()
  }
  signal?.throwIfAborted()
  throw new UserError('TwinDied', `the twin ended while it was starting:\n${tail()}`, {
    hint: './fairlead doctor says what this machine lacks',
  })
}
