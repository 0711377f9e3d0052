import type { Ip } from '../../lib/ip.ts'
import { familyOf, parseIp } from '../../lib/ip.ts'
import type { LogClass } from '../querylog.ts'
import { compileForward } from './forward.ts'
import type { Block, Directive } from './parse.ts'
import { CorefileError, parseCorefile } from './parse.ts'
import { compileRewrite } from './rewrite.ts'
import type { CacheRule, Corefile, HostsRule, KubernetesRule, Site } from './types.ts'
import { absolute, seconds, wholeNumber } from './values.ts'

/** Those that change nothing here: the server does it always, never needs it, or another part of it has the setting. */
const WITHOUT_EFFECT = new Set([
  'bufsize',
  'errors',
  'health',
  'ready',
  'prometheus',
  'reload',
  'loop',
  'chaos',
  'lameduck',
  'multisocket',
])

const DEFAULT_PORT = 53

/** Throws CorefileError: for what cannot be read, and for plugins that are not known. */
export const compileCorefile = (text: string): Corefile => ({ sites: parseCorefile(text).map(compileBlock) })

type Draft = { -readonly [K in keyof Site]: Site[K] }

function compileBlock(block: Block): Site {
  const keys = block.keys.map(key => keyOf(key, block.line))
  const site: Draft = {
    zones: keys.flatMap(({ zone }) => reversed(zone)),
    port: keys[0]!.port,
    rewrites: [],
    forwards: [],
    logClass: 'none',
    loadbalance: false,
  }
  for (const directive of block.directives) compileDirective(site, directive)
  return site
}

/** "dns://example.org:53", "example.org", ".:53", "10.0.0.0/8". */
function keyOf(key: string, line: number): { readonly zone: string; readonly port: number } {
  const scheme = /^([a-z]+):\/\//.exec(key)?.[1]
  if (scheme !== undefined && scheme !== 'dns') throw new CorefileError(line, `servers of ${scheme}:// are not served`)
  const rest = key.slice(scheme === undefined ? 0 : scheme.length + 3)
  const match = /^(.*?)(?::(\d{1,5}))?$/.exec(rest)
  return { zone: match?.[1] || '.', port: match?.[2] === undefined ? DEFAULT_PORT : Number(match[2]) }
}

/** A network stands for its reverse zones. */
function reversed(zone: string): readonly string[] {
  const match = /^(\d+(?:\.\d+){3})\/(8|16|24|32)$/.exec(zone)
  if (!match) return [absolute(zone)]
  const bytes = match[1]!.split('.').slice(0, Number(match[2]) / 8)
  return [`${bytes.reverse().join('.')}.in-addr.arpa.`]
}

function compileDirective(site: Draft, directive: Directive): void {
  const { name, line } = directive
  switch (name) {
    case 'kubernetes':
      site.kubernetes = kubernetesRule(directive)
      return
    case 'forward':
      site.forwards = [...site.forwards, compileForward(directive)]
      return
    case 'cache':
      site.cache = cacheRule(directive)
      return
    case 'log':
      site.logClass = logClassOf(directive)
      return
    case 'loadbalance':
      site.loadbalance = true
      return
    case 'hosts':
      site.hosts = hostsRule(directive)
      return
    case 'rewrite':
      site.rewrites = [...site.rewrites, compileRewrite(directive)]
      return
    default:
      if (!WITHOUT_EFFECT.has(name)) throw new CorefileError(line, `the plugin ${JSON.stringify(name)} is not known`)
  }
}

/** How CoreDNS reaches the API: this server is told otherwise. */
const OF_THE_API = new Set([
  'endpoint',
  'tls',
  'kubeconfig',
  'apiserver_qps',
  'apiserver_burst',
  'apiserver_max_inflight',
  'startup_timeout',
  'upstream',
])
const OF_NAMES = new Set(['fallthrough', 'ttl', 'pods'])

function kubernetesRule({ args, block }: Directive): KubernetesRule {
  const unknown = block.find(({ name }) => !OF_NAMES.has(name) && !OF_THE_API.has(name))
  // What would change answers must not be passed over.
  if (unknown) throw new CorefileError(unknown.line, `kubernetes does not understand ${JSON.stringify(unknown.name)}`)
  const domains = args.map(absolute).filter(zone => !zone.endsWith('.arpa.') && zone !== '.')
  const fallthrough = block.find(({ name }) => name === 'fallthrough')
  const ttl = block.find(({ name }) => name === 'ttl')
  const pods = block.find(({ name }) => name === 'pods')?.args[0]
  if (pods !== undefined && pods !== 'disabled' && pods !== 'insecure' && pods !== 'verified')
    throw new CorefileError(block[0]!.line, `pods may be disabled, insecure or verified, not ${pods}`)
  return {
    domain: domains[0] ?? 'cluster.local.',
    pods: pods ?? 'disabled',
    ttl: ttl ? wholeNumber(ttl.args[0], ttl.line, 0, 3600) : 5,
    fallthrough: fallthrough ? zonesOr(fallthrough.args) : [],
  }
}

const zonesOr = (args: readonly string[]): readonly string[] => (args.length > 0 ? args.map(absolute) : ['.'])

/** `cache [TTL] [ZONES] { success N [TTL]; denial N [TTL]; serve_stale [DURATION] [immediate|verify] }`. */
function cacheRule({ args, block, line }: Directive): CacheRule {
  const ttl = /^\d+$/.test(args[0] ?? '') ? wholeNumber(args[0], line, 1, 1 << 30) : undefined
  const of = (name: string) => block.find(one => one.name === name)
  const [success, denial, stale] = [of('success'), of('denial'), of('serve_stale')]
  const number = (directive: Directive | undefined, index: number, otherwise: number): number =>
    directive?.args[index] === undefined ? otherwise : wholeNumber(directive.args[index], directive.line, 0, 1 << 30)
  return {
    positiveSeconds: number(success, 1, ttl ?? 3600),
    positiveEntries: number(success, 0, 9984),
    negativeSeconds: number(denial, 1, ttl ?? 1800),
    negativeEntries: number(denial, 0, 9984),
    staleSeconds: stale ? (stale.args[0] === undefined ? 3600 : seconds(stale.args[0], stale.line)) : 0,
    isStaleVerified: stale?.args[1] === 'verify',
  }
}

/** The widest class wins. */
function logClassOf({ block }: Directive): LogClass {
  const classes = block.filter(({ name }) => name === 'class').flatMap(({ args }) => args)
  if (classes.length === 0 || classes.includes('all') || classes.includes('success')) return 'all'
  return classes.includes('denial') ? 'denial' : 'error'
}

/** Lines of addresses and names; a file of the server's machine is no part of the cluster. */
function hostsRule({ args, block, line }: Directive): HostsRule {
  if (args.length > 0) throw new CorefileError(line, 'hosts takes its lines in braces, no file')
  const addresses = new Map<string, Ip[]>()
  const names = new Map<Ip, string[]>()
  let ttl = 3600
  let fallthrough: readonly string[] = []
  for (const one of block) {
    const address = parseIp(one.name)
    if (one.name === 'ttl') ttl = wholeNumber(one.args[0], one.line, 1, 1 << 30)
    else if (one.name === 'fallthrough') fallthrough = zonesOr(one.args)
    else if (address !== undefined && familyOf(address))
      for (const name of one.args.map(absolute)) {
        addresses.set(name, [...(addresses.get(name) ?? []), address])
        names.set(address, [...(names.get(address) ?? []), name])
      }
    else if (one.name !== 'no_reverse' && one.name !== 'reload')
      throw new CorefileError(one.line, `hosts does not understand ${JSON.stringify(one.name)}`)
  }
  return { addresses, names, ttl, fallthrough }
}
