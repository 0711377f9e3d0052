import { createHash } from 'node:crypto'
import { parseDuration, parseFlags } from '../flags.ts'
import type { Builtin, BuiltinContext } from '../mod.ts'
import { ended } from '../mod.ts'

const METHODS = ['GET', 'POST', 'PUT'] as const
const NAMESPACES = ['kube-system', 'default', 'ns'] as const

/** So many lines that look like an API server's, evenly over so long. */
export const logsGenerator: Builtin = async context => {
  const flags = parseFlags(context.args.map(long))
  const total = flags.number('log-lines-total', 0)
  const durationMs = parseDuration(flags.string('run-duration', '0s')) ?? 0
  const wrong =
    total <= 0 ? `Invalid total number of lines: ${total}` : durationMs <= 0 ? 'Invalid duration: 0s' : undefined
  if (wrong !== undefined) {
    context.err(wrong)
    return ended(255)
  }
  return { exited: generate(context, total, durationMs) }
}

/** A letter is short for a name. */
const long = (argument: string): string =>
  argument
    .replace(/^-t(?=\d|=|$)=?/, '--log-lines-total=')
    .replace(/^-d(?=\d|=|$)=?/, '--run-duration=')
    .replace(/=$/, '')

async function generate(context: BuiltinContext, total: number, durationMs: number): Promise<number> {
  const { clock, signal } = context
  const startMs = clock.monotonic()
  for (let id = 0; id < total; id++) {
    const dueMs = startMs + (id * durationMs) / total
    if (dueMs > clock.monotonic()) await clock.sleep(dueMs - clock.monotonic(), signal).catch(() => {})
    if (signal.aborted) return 0
    context.out(line(context, id))
  }
  await clock.sleep(Math.max(0, startMs + durationMs - clock.monotonic()), signal).catch(() => {})
  return 0
}

/** The same for the same pod and number. */
function line(context: BuiltinContext, id: number): string {
  const hash = createHash('sha256').update(`${context.pod.podUid}/${id}`).digest()
  const name = hash.toString('hex').slice(0, 3 + (hash[0]! % 2))
  const path = `/api/v1/namespaces/${NAMESPACES[hash[1]! % 3]}/pods/${name}`
  const time = new Date(context.clock.now()).toISOString().replace('T', ' ').slice(5, 23)
  return `I${time.replace('-', '')}       1 logs_generator.go:76] ${id} ${METHODS[hash[2]! % 3]} ${path} ${200 + (hash.readUInt16BE(3) % 400)}`
}
