import type { DNS } from '../../api/operator/dns.ts'
import type { Server, UpstreamResolvers } from '../../api/operator/dns-upstream.ts'
import { parseIp } from '../../lib/ip.ts'

export interface CorefileOptions {
  readonly port: number
  readonly clusterDomain: string
}

/** What the DNS asks for cannot be. */
export class DnsConfigError extends Error {
  override readonly name = 'DnsConfigError'
}

const DEFAULT_POSITIVE_S = 900
const DEFAULT_NEGATIVE_S = 30
const MAX_UPSTREAMS = 15
/** `log` classes, by spec.logLevel. */
const CLASSES: Readonly<Record<string, string>> = { Normal: 'error', Debug: 'denial error', Trace: 'all' }
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/i
const ZONE = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\.?$/i

/**
 * The Corefile that OKD's DNS operator writes for dnses.operator.openshift.io/default. Every word of a user is checked
 * before it stands in it. Throws DnsConfigError.
 */
export function corefileOf({ spec }: DNS, options: CorefileOptions): string {
  const classes = CLASSES[spec.logLevel ?? 'Normal'] ?? 'error'
  const cache = cacheLines(spec)
  const servers = (spec.servers ?? []).map(server => serverBlock(server, options, classes, cache))
  return [...servers, mainBlock(spec, options, classes, cache), `hostname.bind:${options.port} {\n    chaos\n}\n`].join(
    '',
  )
}

function serverBlock(
  server: Server,
  { port, clusterDomain }: CorefileOptions,
  classes: string,
  cache: readonly string[],
): string {
  if (!NAME.test(server.name)) throw new DnsConfigError(`the server name ${JSON.stringify(server.name)} is no name`)
  const zones = (server.zones ?? []).map(zone => checkedZone(zone, clusterDomain))
  if (zones.length === 0) throw new DnsConfigError(`the server ${server.name} has no zones`)
  const { upstreams, policy, transportConfig, protocolStrategy } = server.forwardPlugin
  const targets = (upstreams ?? []).map(text => checkedUpstream(text))
  return lines(`# ${server.name}`, `${zones.map(zone => `${zone}:${port}`).join(' ')} {`, [
    'prometheus 127.0.0.1:9153',
    ...forwardLines(targets, policy ?? 'Random', transportConfig, protocolStrategy),
    'errors',
    'log . {',
    `    class ${classes}`,
    '}',
    'bufsize 1232',
    ...cache,
  ])
}

function mainBlock(
  { upstreamResolvers }: DNS['spec'],
  { port, clusterDomain }: CorefileOptions,
  classes: string,
  cache: readonly string[],
): string {
  const { policy, transportConfig, protocolStrategy } = upstreamResolvers ?? {}
  return lines(undefined, `.:${port} {`, [
    'bufsize 1232',
    'errors',
    'log . {',
    `    class ${classes}`,
    '}',
    'health {',
    '    lameduck 20s',
    '}',
    'ready',
    `kubernetes ${clusterDomain} in-addr.arpa ip6.arpa {`,
    '    pods insecure',
    '    fallthrough in-addr.arpa ip6.arpa',
    '}',
    'prometheus 127.0.0.1:9153',
    ...forwardLines(resolversOf(upstreamResolvers), policy ?? 'Sequential', transportConfig, protocolStrategy),
    ...cache,
    'reload',
  ])
}

const lines = (comment: string | undefined, head: string, body: readonly string[]): string =>
  [...(comment === undefined ? [] : [comment]), head, ...body.map(line => `    ${line}`), '}', ''].join('\n')

function resolversOf(resolvers: UpstreamResolvers | undefined): readonly string[] {
  const upstreams = resolvers?.upstreams?.length ? resolvers.upstreams : [{ type: 'SystemResolvConf' as const }]
  return upstreams.map(upstream => {
    if (upstream.type === 'SystemResolvConf') return '/etc/resolv.conf'
    const address = parseIp(upstream.address ?? '')
    if (address === undefined) throw new DnsConfigError('an upstream of type Network needs an address')
    return `${address.includes(':') ? `[${address}]` : address}:${upstream.port ?? 53}`
  })
}

type Transport = NonNullable<UpstreamResolvers['transportConfig']>

function forwardLines(
  targets: readonly string[],
  policy: string,
  transport: Transport | undefined,
  protocol: string | undefined,
): readonly string[] {
  if (targets.length === 0 || targets.length > MAX_UPSTREAMS)
    throw new DnsConfigError(`there may be 1 to ${MAX_UPSTREAMS} upstreams, not ${targets.length}`)
  const tls = transport?.transport === 'TLS' ? tlsLines(targets, transport) : undefined
  const to = tls ? targets.map(target => `tls://${target}`) : targets
  return [
    `forward . ${to.join(' ')} {`,
    ...(tls ?? []),
    `    policy ${policyWord(policy)}`,
    ...(protocol === 'TCP' ? ['    force_tcp'] : []),
    '}',
  ]
}

function tlsLines(targets: readonly string[], { tls }: Transport): readonly string[] {
  const serverName = tls?.serverName ?? ''
  if (!ZONE.test(serverName)) throw new DnsConfigError('TLS needs the serverName of the upstreams')
  if (targets.includes('/etc/resolv.conf')) throw new DnsConfigError('TLS cannot be used with SystemResolvConf')
  const bundle = tls?.caBundle?.name
  if (bundle && !ZONE.test(bundle)) throw new DnsConfigError(`the caBundle ${JSON.stringify(bundle)} is no name`)
  return [`    tls_servername ${serverName}`, bundle ? `    tls /etc/pki/${bundle}/ca-bundle.crt` : '    tls']
}

const policyWord = (policy: string): string =>
  policy === 'RoundRobin' ? 'round_robin' : policy === 'Sequential' ? 'sequential' : 'random'

function checkedZone(zone: string, clusterDomain: string): string {
  const plain = zone.toLowerCase().replace(/\.$/, '')
  if (!ZONE.test(zone)) throw new DnsConfigError(`the zone ${JSON.stringify(zone)} is no DNS name`)
  if (plain === clusterDomain) throw new DnsConfigError(`the zone ${zone} is the cluster's own`)
  return plain
}

function checkedUpstream(text: string): string {
  const match = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)|([0-9a-f:.]+))(?::(\d{1,5}))?$/i.exec(text)
  const address = parseIp(text) ?? parseIp(match?.[1] ?? match?.[2] ?? '')
  const port = parseIp(text) === undefined ? Number(match?.[4] ?? 53) : 53
  if (address === undefined || port < 1 || port > 65_535)
    throw new DnsConfigError(`the upstream ${JSON.stringify(text)} is no address`)
  return `${address.includes(':') ? `[${address}]` : address}:${port}`
}

function cacheLines({ cache }: DNS['spec']): readonly string[] {
  const positive = secondsOf(cache?.positiveTTL) ?? DEFAULT_POSITIVE_S
  const negative = secondsOf(cache?.negativeTTL) ?? DEFAULT_NEGATIVE_S
  return [`cache ${positive} {`, `    denial 9984 ${negative}`, '}']
}

const UNITS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 }

/** "1h30m", rounded to seconds; undefined for what is shorter than one, which stands for the default. */
function secondsOf(text: string | undefined): number | undefined {
  if (!text) return undefined
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  if (parts.map(([whole]) => whole).join('') !== text)
    throw new DnsConfigError(`${JSON.stringify(text)} is no duration`)
  const sum = Math.round(parts.reduce((total, [, number, unit]) => total + Number(number) * UNITS[unit!]!, 0))
  return sum < 1 ? undefined : sum
}
