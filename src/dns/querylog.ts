import type { Message } from '../wire/dns/message.ts'
import { CLASS, RCODE, rcodeName, typeName } from '../wire/dns/message.ts'
import type { Handled, Transport } from './handle.ts'
import { udpLimit } from './zone/respond.ts'

/** Which queries are logged: none, those that failed, also those that were denied, or all (CoreDNS' `log` classes). */
export type LogClass = 'none' | 'error' | 'denial' | 'all'

export function isLogged(logClass: LogClass, { rcode, answers }: Message): boolean {
  if (logClass === 'none') return false
  if (logClass === 'all') return true
  const isDenial = rcode === RCODE.NXDOMAIN || (rcode === RCODE.NOERROR && answers.length === 0)
  const isError = rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN
  return isError || (logClass === 'denial' && isDenial)
}

/** A line as CoreDNS writes it: client, id, question, what was said, how long it took. */
export function logLine(
  { query, reply, bytes }: Handled,
  client: string,
  transport: Transport,
  queryBytes: number,
  ms: number,
): string {
  const [question] = reply.questions
  const asked = question
    ? `${typeName(question.type)} ${question.class === CLASS.IN ? 'IN' : question.class === CLASS.CH ? 'CH' : question.class} ${question.name}`
    : 'NONE . .'
  const limit = transport === 'udp' && query ? udpLimit(query) : 65_535
  const isDnssecOk = query?.edns?.isDnssecOk ?? false
  return `[INFO] ${client} - ${reply.id} "${asked} ${transport} ${queryBytes} ${isDnssecOk} ${limit}" ${rcodeName(reply.rcode)} ${flagsText(reply)} ${bytes.length} ${(ms / 1000).toFixed(9)}s`
}

function flagsText(reply: Message): string {
  const flags: readonly (readonly [boolean, string])[] = [
    [reply.isResponse, 'qr'],
    [reply.isAuthoritative, 'aa'],
    [reply.isTruncated, 'tc'],
    [reply.isRecursionDesired, 'rd'],
    [reply.isRecursionAvailable, 'ra'],
    [reply.isAuthenticData, 'ad'],
    [reply.isCheckingDisabled, 'cd'],
  ]
  return flags.flatMap(([isSet, name]) => (isSet ? [name] : [])).join(',')
}
