import type { Readable } from 'node:stream'
import type { ExecCheck, Outcome, ProbeDeps } from './mod.ts'

const MAX_OUTPUT = 10 * 1024

/** A command in the container; exit code 0 is success. Its output is the message. */
export async function execCheck(deps: ProbeDeps, check: ExecCheck, timeoutMs: number): Promise<Outcome> {
  const { podUid, container, command } = check
  const streams = await deps.runtime.exec({ podUid, container, command, stdin: false, tty: false })
  const output = gather(streams.stdout, streams.stderr)
  let late = false
  const cancel = deps.clock.after(timeoutMs, () => {
    late = true
    streams.close()
  })
  try {
    const { code } = await streams.exit
    if (late) return timedOut(command, timeoutMs)
    return code === 0 ? { ok: true, message: '' } : { ok: false, message: output() || `command exited with ${code}` }
  } catch (error) {
    if (late) return timedOut(command, timeoutMs)
    throw error
  } finally {
    cancel()
  }
}

const timedOut = (command: readonly string[], timeoutMs: number): Outcome => ({
  ok: false,
  message: `command ${JSON.stringify(command.join(' '))} timed out after ${timeoutMs / 1000}s`,
})

function gather(...sources: readonly (Readable | null)[]): () => string {
  let text = ''
  for (const source of sources)
    source?.on('data', (chunk: Buffer) => {
      if (text.length < MAX_OUTPUT) text += chunk.toString('utf8').slice(0, MAX_OUTPUT - text.length)
    })
  return () => text.trim()
}
