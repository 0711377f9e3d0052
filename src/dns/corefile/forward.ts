import { parseIp } from '../../lib/ip.ts'
import type { Directive } from './parse.ts'
import { CorefileError } from './parse.ts'
import type { ForwardRule, ForwardTarget, Policy } from './types.ts'
import { absolute, seconds, wholeNumber } from './values.ts'

const POLICIES: readonly Policy[] = ['random', 'round_robin', 'sequential']
const MAX_TARGETS = 15
/** Settings of CoreDNS' own connections, which are not pooled here. */
const WITHOUT_EFFECT = new Set([
  'expire',
  'max_concurrent',
  'prefer_udp',
  'max_idle_conns',
  'failfast_all_unhealthy_upstreams',
  'next',
  'failover',
  'max_age',
  'max_connect_attempts',
  'tls_servername_check',
])

/** `forward FROM TO... { policy; force_tcp; tls [CA]; tls_servername; max_fails; health_check; except }`. */
export function compileForward({ args, block, line }: Directive): ForwardRule {
  const [from, ...targets] = args
  if (from === undefined || targets.length === 0) throw new CorefileError(line, 'forward needs a zone and servers')
  if (targets.length > MAX_TARGETS) throw new CorefileError(line, `more than ${MAX_TARGETS} servers`)
  const rule: { -readonly [K in keyof ForwardRule]: ForwardRule[K] } = {
    from: absolute(from),
    except: [],
    to: targets.map(text => targetOf(text, line)),
    policy: 'random',
    isTcpForced: false,
    maxFails: 2,
    healthCheckMs: 500,
  }
  for (const one of block) compileSetting(rule, one)
  return rule
}

function compileSetting(
  rule: { -readonly [K in keyof ForwardRule]: ForwardRule[K] },
  { name, args, line }: Directive,
): void {
  switch (name) {
    case 'policy': {
      const policy = POLICIES.find(one => one === args[0])
      if (!policy)
        throw new CorefileError(line, `the policy may be ${POLICIES.join(', ')}, not ${JSON.stringify(args[0])}`)
      rule.policy = policy
      return
    }
    case 'force_tcp':
      rule.isTcpForced = true
      return
    case 'tls':
      // With three files the last is the authority; with two they are a client's certificate, which nobody asks for here.
      if (args.length === 1 || args.length === 3) rule.tlsAuthority = args.at(-1)!
      return
    case 'tls_servername':
      if (args[0] !== undefined) rule.tlsServerName = args[0]
      return
    case 'max_fails':
      rule.maxFails = wholeNumber(args[0], line, 0, 1000)
      return
    case 'health_check':
      rule.healthCheckMs = Math.max(100, seconds(args[0] ?? '0.5s', line) * 1000)
      return
    case 'except':
      rule.except = [...rule.except, ...args.map(absolute)]
      return
    default:
      if (!WITHOUT_EFFECT.has(name))
        throw new CorefileError(line, `forward does not understand ${JSON.stringify(name)}`)
  }
}

/** "/etc/resolv.conf", "10.0.0.1", "10.0.0.1:53", "[fd00::1]:53", "tls://10.0.0.1". */
function targetOf(text: string, line: number): ForwardTarget {
  if (text.startsWith('/')) return { is: 'system' }
  const [, scheme, rest = ''] = /^(?:(dns|tls):\/\/)?(.*)$/.exec(text)!
  const isTls = scheme === 'tls'
  const port = isTls ? 853 : 53
  const plain = parseIp(rest)
  if (plain !== undefined) return { is: 'server', address: plain, port, isTls }
  const match = /^\[?([0-9a-f:.]+)\]?:(\d{1,5})$/i.exec(rest)
  const address = match ? parseIp(match[1]!) : undefined
  if (address === undefined) throw new CorefileError(line, `${JSON.stringify(text)} is no address of a server`)
  return { is: 'server', address, port: wholeNumber(match![2], line, 1, 65_535), isTls }
}
