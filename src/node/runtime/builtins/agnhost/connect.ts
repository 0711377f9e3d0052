import { codeOf, messageOf } from '../../../../lib/errors.ts'
import { parseDuration, parseFlags } from '../flags.ts'
import type { Builtin, BuiltinContext } from '../mod.ts'
import { ended } from '../mod.ts'
import { resolveHost } from '../resolve.ts'

/** Tries one TCP connection: exit code 0 and silence, or 1 and one word that tells why not. */
export const connect: Builtin = async context => {
  const flags = parseFlags(context.args)
  const timeoutMs = parseDuration(flags.string('timeout', '0s')) || 60_000
  const outcome = await attempt(context, flags.rest[0] ?? '', timeoutMs)
  if (outcome !== undefined) context.err(outcome)
  return ended(outcome === undefined ? 0 : 1)
}

/** Undefined when it connected. */
async function attempt(context: BuiltinContext, target: string, timeoutMs: number): Promise<string | undefined> {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(target)
  if (!match) return `OTHER: address ${target}: missing port in address`
  const address = await resolveHost(context, match[1] ?? match[2]!)
  if (address === undefined) return 'DNS'
  const socket = context.sockets.connect(address, Number(match[3]))
  return new Promise(resolve => {
    const cancel = context.clock.after(timeoutMs, () => finish('TIMEOUT'))
    const finish = (outcome: string | undefined): void => {
      cancel()
      socket.destroy()
      resolve(outcome)
    }
    socket.once('connect', () => finish(undefined))
    socket.once('error', error => finish(wordFor(error)))
  })
}

function wordFor(error: unknown): string {
  const code = codeOf(error)
  if (code === 'ECONNREFUSED') return 'REFUSED'
  if (code === 'ETIMEDOUT') return 'TIMEOUT'
  return `OTHER: ${messageOf(error)}`
}
