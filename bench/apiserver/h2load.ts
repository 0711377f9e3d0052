import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../test/harness.ts'

/** One request, made again and again over one HTTP/2 connection. */
export interface Load {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Posted; absent: GET. */
  readonly body?: Uint8Array
  readonly count: number
  readonly inFlight: number
}

export interface Loaded {
  readonly perS: number
  /** From a request to the last byte of its answer, in the order in which they ended. */
  readonly tookMs: readonly number[]
}

/** As large as HTTP/2 allows: a client that never makes the server wait. */
const WINDOW_BITS = '30'
const LIMIT_MS = 600_000

/** By h2load, which is compiled and leaves the processors to the server. Rejects unless every answer is a success. */
export async function h2load({ url, headers, body, count, inFlight }: Load): Promise<Loaded> {
  const folder = mkdtempSync(join(tmpdir(), 'h2load-'))
  const log = join(folder, 'log')
  const posted = join(folder, 'body')
  if (body) writeFileSync(posted, body)
  const args = [
    ...['-c1', '-t1', `-m${inFlight}`, `-n${count}`, '-w', WINDOW_BITS, '-W', WINDOW_BITS, '--log-file', log],
    ...Object.entries(headers).map(([name, value]) => `--header=${name}: ${value}`),
    ...(body ? ['-d', posted] : []),
    url,
  ]
  try {
    const { code, stdout, stderr } = await run('h2load', args, { timeoutMs: LIMIT_MS })
    if (code === 127) throw new Error('h2load is missing; it is in the Debian package nghttp2-client')
    const perS = Number(/finished in \S+, ([\d.]+) req\/s/.exec(stdout)?.[1])
    const succeeded = Number(/status codes: (\d+) 2xx/.exec(stdout)?.[1])
    if (code !== 0 || succeeded !== count || !(perS > 0))
      throw new Error(`h2load: ${succeeded} of ${count} requests to ${url} succeeded\n${stdout}${stderr}`)
    return { perS, tookMs: readFileSync(log, 'utf8').trim().split('\n').map(tookMs) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A line of the log: when it began, status, and how long it took, in microseconds. */
const tookMs = (line: string): number => Number(line.split('\t')[2]) / 1000
