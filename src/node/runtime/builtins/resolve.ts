import type { Ip } from '../../../lib/ip.ts'
import { parseIp } from '../../../lib/ip.ts'
import type { BuiltinContext } from './mod.ts'

/** An address, or a name as the pod itself resolves it (its hosts file, its resolv.conf); undefined when it has none. */
export async function resolveHost(
  context: Pick<BuiltinContext, 'run' | 'signal'>,
  host: string,
): Promise<Ip | undefined> {
  const literal = parseIp(host)
  if (literal !== undefined || !/^[\w.-]+$/.test(host)) return literal
  const { stdout } = await context.run(['getent', 'ahosts', host], context.signal)
  return parseIp(stdout.split(/\s/)[0] ?? '')
}
