import { codeOf, messageOf } from '../../../../lib/errors.ts'
import type { Ip } from '../../../../lib/ip.ts'
import { parseDuration, parseFlags } from '../flags.ts'
import type { Builtin, BuiltinContext } from '../mod.ts'
import { ended } from '../mod.ts'
import { resolveHost } from '../resolve.ts'
import { askUdp } from './dial.ts'

/** Tries one connection: exit code 0 and silence, or 1 and one word that tells why not. */
export const connect: Builtin = async context => {
  const flags = parseFlags(context.args)
  const timeoutMs = parseDuration(flags.string('timeout', '0s')) || 0
  const outcome = await attempt(context, flags.rest[0] ?? '', timeoutMs, flags.string('protocol', 'tcp') || 'tcp', {
    udpData: flags.string('udp-data', 'hostname'),
  })
  if (outcome !== undefined) context.err(outcome)
  return ended(outcome === undefined ? 0 : 1)
}

/** Undefined when it connected. */
async function attempt(
  context: BuiltinContext,
  target: string,
  timeoutMs: number,
  protocol: string,
  { udpData }: { readonly udpData: string },
): Promise<string | undefined> {
  if (protocol !== 'tcp' && protocol !== 'udp')
    return protocol === 'sctp' ? 'OTHER: protocol not supported' : `Unsupported protocol\n${protocol}`
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(target)
  if (!match) return `UNKNOWN: address ${target}: missing port in address`
  const host = match[1] ?? match[2]!
  const address = await resolveHost(context, host)
  if (address === undefined) return `DNS: lookup ${host}: no such host`
  return protocol === 'udp'
    ? udp(context, address, Number(match[3]), timeoutMs, udpData)
    : tcp(context, address, Number(match[3]), timeoutMs)
}

/** Longer than the kernel itself tries. */
const FOREVER_MS = 150_000

function tcp(context: BuiltinContext, address: Ip, port: number, timeoutMs: number): Promise<string | undefined> {
  const socket = context.sockets.connect(address, port)
  return new Promise(resolve => {
    const cancel = context.clock.after(timeoutMs || FOREVER_MS, () => finish('TIMEOUT'))
    const finish = (outcome: string | undefined): void => {
      cancel()
      socket.destroy()
      resolve(outcome)
    }
    socket.once('connect', () => finish(undefined))
    socket.once('error', error => finish(wordFor(error)))
  })
}

async function udp(
  context: BuiltinContext,
  address: Ip,
  port: number,
  timeoutMs: number,
  data: string,
): Promise<string | undefined> {
  try {
    await askUdp(context, address, port, `${data}\n`, timeoutMs || FOREVER_MS)
    return undefined
  } catch (error) {
    const why = messageOf(error)
    if (/i\/o timeout/.test(why)) return `TIMEOUT: ${why}`
    return /ECONNREFUSED/.test(why) ? `REFUSED: ${why}` : `UNKNOWN: ${why}`
  }
}

function wordFor(error: unknown): string {
  const code = codeOf(error)
  if (code === 'ECONNREFUSED') return 'REFUSED'
  if (code === 'ETIMEDOUT') return 'TIMEOUT'
  return `OTHER: ${messageOf(error)}`
}
