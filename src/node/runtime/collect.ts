import type { Readable } from 'node:stream'
import type { Child } from '../../host/process/mod.ts'
import type { CommandResult } from './builtins/mod.ts'

const LIMIT_BYTES = 1024 * 1024

/** Runs a child to its end without input; output beyond 1 MiB a stream is dropped. */
export async function collect(child: Child, signal?: AbortSignal): Promise<CommandResult> {
  child.stdin.on('error', () => {})
  child.stdin.end()
  const [stdout, stderr] = [gather(child.stdout), child.stderr ? gather(child.stderr) : () => '']
  const stop = (): void => child.kill('SIGKILL')
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    const exit = await child.exited
    return { code: exit.code, stdout: stdout(), stderr: stderr() }
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

function gather(source: Readable): () => string {
  const chunks: Buffer[] = []
  let left = LIMIT_BYTES
  source.on('data', (chunk: Buffer) => {
    if (left > 0) chunks.push(chunk.subarray(0, left))
    left -= chunk.length
  })
  return () => Buffer.concat(chunks).toString('utf8')
}
