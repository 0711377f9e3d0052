/** One line of a container's log file, as container runtimes write it: time, stream, F (full) or P (partial), text. */
export interface LogRecord {
  readonly timeMs: number
  /** The time as written. */
  readonly time: string
  readonly stream: 'stdout' | 'stderr'
  readonly partial: boolean
  readonly text: Buffer
}

/** Longer lines are written in parts. */
export const MAX_LINE_BYTES = 16 * 1024

const stamp = (timeMs: number): string => `${new Date(timeMs).toISOString().slice(0, -1)}000000Z`

/** Lines with their time in front, ready to append. */
export function recordBytes(timeMs: number, stream: 'stdout' | 'stderr', partial: boolean, text: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${stamp(timeMs)} ${stream} ${partial ? 'P' : 'F'} `), text, NEWLINE])
}
const NEWLINE = Buffer.from('\n')

/** Undefined for a line that is none of ours. */
export function parseRecord(line: Buffer): LogRecord | undefined {
  const [first, second] = [line.indexOf(32), line.indexOf(32, line.indexOf(32) + 1)]
  if (first < 0 || second < 0 || line[second + 2] !== 32) return undefined
  const time = line.toString('latin1', 0, first)
  const timeMs = Date.parse(time)
  const stream = line.toString('latin1', first + 1, second)
  if (Number.isNaN(timeMs) || (stream !== 'stdout' && stream !== 'stderr')) return undefined
  return { timeMs, time, stream, partial: line[second + 1] === 0x50, text: line.subarray(second + 3) }
}

export interface View {
  readonly timestamps?: boolean
  readonly sinceTimeMs?: number
}

/** What a reader sees of a record. */
export function shown(record: LogRecord, view: View): Buffer | undefined {
  if (view.sinceTimeMs !== undefined && record.timeMs < view.sinceTimeMs) return undefined
  const end = record.partial ? Buffer.alloc(0) : NEWLINE
  return view.timestamps
    ? Buffer.concat([Buffer.from(`${record.time} `), record.text, end])
    : Buffer.concat([record.text, end])
}

/** Splits bytes into complete lines and the rest. */
export function splitLines(bytes: Buffer): { lines: readonly Buffer[]; rest: Buffer } {
  const lines: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  return { lines, rest: bytes.subarray(start) }
}
