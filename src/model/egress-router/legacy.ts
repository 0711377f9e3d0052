import type { Cidr } from '../../lib/cidr.ts'
import { contains, parseCidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { parseIp } from '../../lib/ip.ts'
import type { RedirectRule, RouterSettings } from './settings.ts'
import { addressOf, ipv4Of, linesOf, portOf, RouterSettingsError, wrong } from './settings.ts'

/** On a pod: `"true"` gives it a link of its own to the nodes' network. */
export const MACVLAN_ANNOTATION = 'pod.network.openshift.io/assign-macvlan'
export const LEGACY_LINK = 'macvlan0'

/** legacy: one container does all and stays; init: another one follows; the other two lead to a proxy. */
export type RouterMode = 'legacy' | 'init' | 'http-proxy' | 'dns-proxy'
const MODES: readonly RouterMode[] = ['legacy', 'init', 'http-proxy', 'dns-proxy']

export type Variables = Readonly<Record<string, string>>

/** What the variables of an egress router's container say. Throws RouterSettingsError. Source: OpenShift's images. */
export function legacySettings(env: Variables): RouterSettings & { readonly mode: RouterMode } {
  const text = env.EGRESS_ROUTER_MODE || 'legacy'
  const mode = MODES.find(one => one === text)
  if (!mode) throw wrong('EGRESS_ROUTER_MODE', text, `one of ${MODES.join(', ')}`)
  const source = addressOf(env.EGRESS_SOURCE ?? '', 'EGRESS_SOURCE')
  const gateway = ipv4Of(env.EGRESS_GATEWAY ?? '', 'EGRESS_GATEWAY')
  if (gateway === source.address) throw wrong('EGRESS_GATEWAY', gateway, 'another address than EGRESS_SOURCE')
  const isProxy = mode === 'http-proxy' || mode === 'dns-proxy'
  return { mode, ...source, gateway, ...(isProxy ? { rules: [] } : redirects(env.EGRESS_DESTINATION ?? '')) }
}

const REDIRECT_LINE = '"PORT PROTOCOL ADDRESS [PORT]", or an address as the last line'

/** Lines "80 tcp 203.0.113.25", "8080 tcp 203.0.113.26 80", and an address alone as the last one. */
export function redirects(text: string): Pick<RouterSettings, 'rules' | 'fallback'> {
  const lines = linesOf(text)
  if (lines.length === 0) throw wrong('EGRESS_DESTINATION', '', REDIRECT_LINE)
  const rules: RedirectRule[] = []
  let fallback: Ip | undefined
  for (const line of lines) {
    const [first = '', protocol = '', to = '', target = first, ...more] = line.split(/\s+/)
    if (fallback !== undefined || more.length > 0) throw wrong('EGRESS_DESTINATION', line, REDIRECT_LINE)
    if (protocol === '') {
      fallback = ipv4Of(first, 'EGRESS_DESTINATION')
      continue
    }
    if (!isTransport(protocol)) throw wrong('EGRESS_DESTINATION', line, REDIRECT_LINE)
    const port = portOf(first, 'EGRESS_DESTINATION', line)
    if (rules.some(rule => rule.port === port && rule.protocol === protocol))
      throw new RouterSettingsError(`EGRESS_DESTINATION: ${port}/${protocol} is there twice`)
    const targetPort = portOf(target, 'EGRESS_DESTINATION', line)
    rules.push({ protocol, port, to: ipv4Of(to, 'EGRESS_DESTINATION'), targetPort })
  }
  return { rules, ...(fallback === undefined ? {} : { fallback }) }
}

const isTransport = (text: string): text is 'tcp' | 'udp' => text === 'tcp' || text === 'udp'

/** One line of a proxy's list: the first that matches decides. */
export interface ProxyRule {
  readonly verdict: 'allow' | 'deny'
  readonly what:
    | { readonly any: true }
    | { readonly name: string; readonly isSuffix: boolean }
    | { readonly range: Cidr }
}

const PROXY_LINE = 'a name, *.DOMAIN, an address or a range, each with ! before it to deny; * allows all that is left'

/** Source: EGRESS_HTTP_PROXY_DESTINATION of OpenShift's image. */
export function proxyRules(text: string): readonly ProxyRule[] {
  const setting = 'EGRESS_HTTP_PROXY_DESTINATION'
  const lines = linesOf(text)
  if (lines.length === 0) throw wrong(setting, '', PROXY_LINE)
  return lines.map((line, i): ProxyRule => {
    const [, not, target = ''] = /^(!?)\s*(\S+)$/.exec(line) ?? []
    const verdict = not ? 'deny' : 'allow'
    if (target === '*' && i === lines.length - 1) return { verdict, what: { any: true } }
    const address = parseIp(target)
    const range = parseCidr(address ? `${target}/${target.includes(':') ? 128 : 32}` : target)
    if (range) return { verdict, what: { range } }
    const isSuffix = target.startsWith('*.')
    const name = isSuffix ? target.slice(1) : target
    if (!/^\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i.test(name) || /^[\d.]+$/.test(name))
      throw wrong(setting, line, PROXY_LINE)
    return { verdict, what: { name: name.toLowerCase(), isSuffix } }
  })
}

/** Whether a client may speak to a host; `addresses` are those of the host's name. What no line speaks of is denied. */
export function mayPass(rules: readonly ProxyRule[], host: string, addresses: readonly Ip[]): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  const matches = ({ what }: ProxyRule): boolean => {
    if ('any' in what) return true
    if ('range' in what) return addresses.some(address => contains(what.range, address))
    return what.isSuffix ? name.endsWith(what.name) : name === what.name
  }
  return rules.find(matches)?.verdict === 'allow'
}

export interface ForwardRule {
  readonly port: number
  /** A name or an address. */
  readonly target: string
  readonly targetPort: number
}

/** Lines "80 db.example.com" or "8080 203.0.113.26 80". Source: EGRESS_DNS_PROXY_DESTINATION of OpenShift's image. */
export function forwards(text: string): readonly ForwardRule[] {
  const setting = 'EGRESS_DNS_PROXY_DESTINATION'
  const expected = 'lines "PORT NAME-OR-ADDRESS [PORT]"'
  const lines = linesOf(text)
  if (lines.length === 0) throw wrong(setting, '', expected)
  const rules = lines.map((line): ForwardRule => {
    const [port = '', target = '', targetPort = port, ...more] = line.split(/\s+/)
    if (more.length > 0 || !/^[\w.:-]+$/.test(target)) throw wrong(setting, line, expected)
    return { port: portOf(port, setting, line), target, targetPort: portOf(targetPort, setting, line) }
  })
  const twice = rules.find((rule, i) => rules.findIndex(({ port }) => port === rule.port) < i)
  if (twice) throw new RouterSettingsError(`${setting}: port ${twice.port} is there twice`)
  return rules
}
