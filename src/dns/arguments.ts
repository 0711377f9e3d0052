import { UserError } from '../lib/errors.ts'
import { parseIp } from '../lib/ip.ts'
import type { Upstream } from './forward/upstream.ts'
import type { LogClass } from './querylog.ts'

/** The command line of a DNS server, in a pod or as a role. */
export interface DnsArguments {
  readonly port: number
  readonly domain: string
  readonly upstreams: readonly Upstream[]
  readonly logClass: LogClass
  /** The ConfigMap whose key Corefile says what the server does; followed when it changes. */
  readonly corefile?: { readonly namespace: string; readonly name: string }
}

/** Of each argument, without its dashes, what it means. */
export const DNS_HELP = {
  port: 'UDP and TCP (default: 5353)',
  'cluster-domain': 'the domain of Services (default: cluster.local)',
  upstream: 'IP[:port] of a server for all other names; any number (default: those of /etc/resolv.conf)',
  log: 'none, error, denial or all: which queries are written to stdout (default: error)',
  corefile: 'namespace/name of a ConfigMap whose key Corefile is followed in place of these',
} as const

const LOG_CLASSES: readonly LogClass[] = ['none', 'error', 'denial', 'all']

/** Reads what DNS_HELP tells of, each as --flag=value. Throws UserError for what it does not know. */
export function dnsArguments(args: readonly string[]): DnsArguments {
  let port = 5353
  let domain = 'cluster.local'
  let logClass: LogClass = 'error'
  const upstreams: Upstream[] = []
  let corefile: DnsArguments['corefile']
  for (const argument of args) {
    const [, flag, value] = /^--([a-z-]+)=(.+)$/.exec(argument) ?? []
    const found = value === undefined ? undefined : upstreamOf(value)
    const wanted = LOG_CLASSES.find(one => one === value)
    if (flag === 'port' && Number(value) > 0 && Number(value) < 65_536) port = Number(value)
    else if (flag === 'cluster-domain') domain = value!.replace(/\.$/, '').toLowerCase()
    else if (flag === 'upstream' && found) upstreams.push(found)
    else if (flag === 'log' && wanted) logClass = wanted
    else if (flag === 'corefile' && /^[^/]+\/[^/]+$/.test(value!)) corefile = mapOf(value!)
    else
      throw new UserError('DnsArgument', `the DNS server does not understand ${JSON.stringify(argument)}`, {
        hint: 'fairlead dns --help tells what it takes',
      })
  }
  return { port, domain, upstreams, logClass, ...(corefile ? { corefile } : {}) }
}

const mapOf = (text: string): { readonly namespace: string; readonly name: string } => {
  const [namespace = '', name = ''] = text.split('/')
  return { namespace, name }
}

/** "172.18.0.5", "172.18.0.5:53", "fd00::5" or "[fd00::5]:53". */
export function upstreamOf(text: string): Upstream | undefined {
  const plain = parseIp(text)
  if (plain !== undefined) return { address: plain, port: 53 }
  const match = /^\[?([0-9a-f:.]+)\]?:(\d{1,5})$/i.exec(text)
  const address = match ? parseIp(match[1]!) : undefined
  const port = Number(match?.[2])
  return address === undefined || port < 1 || port > 65_535 ? undefined : { address, port }
}

/** The servers that a resolv.conf names. */
export const resolvConfUpstreams = (text: string): readonly Upstream[] =>
  text
    .split('\n')
    .map(line => /^\s*nameserver\s+(\S+)/.exec(line)?.[1])
    .map(address => (address === undefined ? undefined : upstreamOf(address)))
    .filter(upstream => upstream !== undefined)
