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

const LOG_CLASSES: readonly LogClass[] = ['none', 'error', 'denial', 'all']

/**
 * Reads --port=5353 --cluster-domain=cluster.local --upstream=IP[:port] (any number) --log=none|error|denial|all and
 * --corefile=namespace/configmap. Throws
 * UserError for what it does not know.
 */
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
        hint: 'it takes --port=, --cluster-domain=, --upstream=IP[:port], --log=none|error|denial|all, --corefile=namespace/configmap, and as a process of its own --names-port=, --names-certificate=, --names-key= and --names-agents=',
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
