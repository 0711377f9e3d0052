import { text } from 'node:stream/consumers'
import { UserError } from '../../lib/errors.ts'
import type { Ip } from '../../lib/ip.ts'
import { isGroup } from '../../model/policy/multicast.ts'
import type { TwinControl } from '../../twin/mod.ts'

/** What became of a real packet: an answer of whatever kind, or silence, which is what policy makes (of UDP also who has nothing to say). */
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

const TIMED_OUT_READ = 128
/** Name servers answer a question, agnhost and echo servers a word: as bash's printf reads them. */
const DNS_PORTS = [53, 5353]
const QUESTION = '\\x12\\x34\\x01\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x01'
const WORD = 'hostname'

/** Sends from the pod (namespace/name). Throws UserError for groups, and for SCTP, which no program there speaks. */
export async function probe(
  control: TwinControl,
  pod: string,
  address: Ip,
  protocol: string,
  port: number,
): Promise<Probed> {
  if (isGroup(address))
    throw new UserError('Usage', `${address} cannot be probed: nobody answers for a group`, {
      hint: 'who joined the group sees what comes: ./fairlead exec NAMESPACE/POD -- tcpdump -n dst ADDRESS',
    })
  if (protocol === 'ICMP') {
    const { code } = await run(control, pod, ['busybox', 'ping', '-c', '1', '-W', String(SECONDS), address])
    return code === 0 ? 'answered' : 'silence'
  }
  if (protocol !== 'TCP' && protocol !== 'UDP')
    throw new UserError('Usage', `${protocol} cannot be probed: nothing in a pod's image speaks it`, {
      hint: '--probe works for TCP, UDP and ICMP',
    })
  const connect = `exec 3<>/dev/${protocol.toLowerCase()}/${address}/${port}`
  if (protocol === 'UDP') {
    const ask = `printf '${DNS_PORTS.includes(port) ? QUESTION : WORD}' >&3; LC_ALL=C read -r -t ${SECONDS} -N 1 <&3`
    const { code } = await run(control, pod, ['bash', '-c', `${connect}; ${ask}`])
    return code === 0 ? 'answered' : code > TIMED_OUT_READ ? 'silence' : 'refused'
  }
  const { code } = await run(control, pod, ['timeout', String(SECONDS), 'bash', '-c', connect])
  return code === 0 ? 'answered' : code === TIMED_OUT ? 'silence' : 'refused'
}
