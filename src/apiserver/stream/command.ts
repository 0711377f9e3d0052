/** exec and attach: a process's streams joined to a client's. */
import type { Readable } from 'node:stream'
import type { Clock } from '../../lib/clock.ts'
import type { CommandChannels, CommandStatus } from './channels.ts'
import type { ProcessStreams } from './runtime.ts'

type Exit = Awaited<ProcessStreams['exit']>

export interface Command {
  /** Runs the process, or attaches to it. */
  readonly start: () => Promise<ProcessStreams>
  /** Before the message of a start that failed. */
  readonly failure: string
  /** The client is told the exit code (exec), or only that it is over (attach). */
  readonly tellsExit: boolean
}

/** How long output may go on after the process has ended: a child of it may hold the other end. */
const DRAIN_MS = 5000

/** Resolves when it is over, on either side. A client that goes takes its process with it. */
export async function runCommand(channels: CommandChannels, command: Command, clock: Clock): Promise<void> {
  let process: ProcessStreams
  try {
    process = await command.start()
  } catch (error) {
    return channels.finish(startFailed(`${command.failure}: ${error instanceof Error ? error.message : String(error)}`))
  }
  const gone = whenAborted(channels.gone)
  const output = joined(channels, process)
  const exit = await Promise.race([process.exit.catch((error: unknown) => new Error(String(error))), gone])
  if (exit === GONE) {
    process.close()
    return
  }
  const cancelled = new AbortController()
  const drain = clock.sleep(DRAIN_MS, cancelled.signal).catch(() => {})
  await Promise.race([output, gone, drain])
  cancelled.abort()
  process.close()
  if (channels.gone.aborted) return
  await channels.finish(exit instanceof Error ? startFailed(exit.message) : statusOf(exit, command.tellsExit))
}

const GONE = Symbol('the client has gone')

const whenAborted = (signal: AbortSignal): Promise<typeof GONE> =>
  new Promise(resolve => {
    if (signal.aborted) resolve(GONE)
    signal.addEventListener('abort', () => resolve(GONE), { once: true })
  })

/** Resolves when all of the process's output has been passed on. */
function joined(channels: CommandChannels, process: ProcessStreams): Promise<unknown> {
  const { stdin } = channels
  if (stdin && process.stdin) {
    process.stdin.on('error', () => stdin.resume())
    // Sockets and pseudo-terminals can be read too: what comes back that way is not output.
    stdin.pipe(process.stdin)
  } else stdin?.resume()
  channels.onResize((columns, rows) => process.resize(columns, rows))
  return Promise.all([passOn(process.stdout, channels.stdout), passOn(process.stderr, channels.stderr)])
}

function passOn(from: Readable | null, to: CommandChannels['stdout']): Promise<void> {
  if (!from) return Promise.resolve()
  if (to) {
    from.pipe(to, { end: false })
    // A client that no longer listens must not stop the process.
    to.on('error', () => from.resume())
  } else from.resume()
  return new Promise(resolve => {
    for (const event of ['end', 'close', 'error']) from.once(event, () => resolve())
  })
}

function statusOf({ code }: Exit, tellsExit: boolean): CommandStatus {
  if (code === 0 || !tellsExit) return { metadata: {}, status: 'Success' }
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  }
}

const startFailed = (message: string): CommandStatus => ({
  metadata: {},
  status: 'Failure',
  message: `Internal error occurred: ${message}`,
  reason: 'InternalError',
  details: { causes: [{ message }] },
  code: 500,
})
