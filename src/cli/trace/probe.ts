import { text } from 'node:stream/consumers'
import { UserError } from '../../lib/errors.ts'
import type { Ip } from '../../lib/ip.ts'
import type { TwinControl } from '../../twin/mod.ts'

/** What became of a real packet: an answer of whatever kind, or silence, which is what policy makes. */
export type Probed = 'answered' | 'refused' | 'silence'

const SECONDS = 2
const TIMED_OUT = 124

/** Runs a command where the target is, and waits for its end. */
export async function run(
  control: TwinControl,
  target: string,
  command: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string }> {
  const remote = await control.exec(target, command, { tty: false })
  remote.stdin?.end()
  const [code, stdout] = await Promise.all([remote.exit, text(remote.stdout), remote.stderr && text(remote.stderr)])
  return { code, stdout }
}

/** Sends from the pod (namespace/name). Throws UserError for what says nothing by its silence: UDP and SCTP. */
export async function probe(
  control: TwinControl,
  pod: string,
  address: Ip,
  protocol: string,
  port: number,
): Promise<Probed> {
  if (protocol === 'ICMP') {
    const { code } = await run(control, pod, ['busybox', 'ping', '-c', '1', '-W', String(SECONDS), address])
    return code === 0 ? 'answered' : 'silence'
  }
  if (protocol !== 'TCP')
    throw new UserError('Usage', `${protocol} cannot be probed: silence may be its answer`, {
      hint: '--probe works for TCP and ICMP',
    })
  const connect = `exec 3<>/dev/tcp/${address}/${port}`
  const { code } = await run(control, pod, ['timeout', String(SECONDS), 'bash', '-c', connect])
  return code === 0 ? 'answered' : code === TIMED_OUT ? 'silence' : 'refused'
}
