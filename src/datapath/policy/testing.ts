/** For tests: what a ruleset makes of a packet, read from its very words. It knows the few forms that the compiler writes. */
import { cidr, contains } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { ipToBigint } from '../../lib/ip.ts'
import type { Ruleset } from './ruleset.ts'

export interface Packet {
  readonly source: Ip
  readonly destination: Ip
  readonly protocol: string
  readonly port: number
}

interface State extends Packet {
  mark: number
}

type Outcome = 'accept' | 'drop' | 'return'

/** What becomes of the first packet of a connection at a pod of the node: at its source, or at its destination. */
export function walk(ruleset: Ruleset, direction: 'egress' | 'ingress', packet: Packet): 'accept' | 'drop' {
  const self = direction === 'egress' ? packet.source : packet.destination
  const map = direction === 'egress' ? 'from' : 'to'
  const guard = direction === 'egress' && lookUp(ruleset, self.includes(':') ? 'firewall6' : 'firewall4', self)
  if (guard && follow(ruleset, guard, { ...packet, mark: 0 }) === 'drop') return 'drop'
  const mark = lookUp(ruleset, `${map}${self.includes(':') ? 6 : 4}`, self)
  const lead = mark === undefined ? undefined : lookUp(ruleset, map, mark)
  return lead !== undefined && follow(ruleset, lead, { ...packet, mark: Number(mark) }) === 'drop' ? 'drop' : 'accept'
}

function lookUp(ruleset: Ruleset, map: string, key: string): string | undefined {
  const found = ruleset.maps.get(map)
  if (!found) throw new Error(`no map ${map}`)
  for (const [element, value] of found.elements) if (element === key || isInNet(element, key as Ip)) return value
  return undefined
}

function isWithin(element: string, key: string): boolean {
  if (!element.includes('-') || element.includes(':') !== key.includes(':')) return false
  const [from, to] = element.split('-').map(text => ipToBigint(text as Ip))
  const at = ipToBigint(key as Ip)
  return from! <= at && at <= to!
}

function follow(ruleset: Ruleset, verdict: string, state: State): Outcome | undefined {
  const [word, target = ''] = verdict.split(' ')
  if (word === 'accept' || word === 'return') return word
  if (target.startsWith('deny-')) return 'drop'
  const outcome = chain(ruleset, target, state)
  // A jump comes back to go on; a goto comes back to where its chain was entered.
  if (word === 'jump') return outcome === 'return' ? undefined : outcome
  return outcome ?? 'return'
}

function chain(ruleset: Ruleset, name: string, state: State): Outcome | undefined {
  const rules = ruleset.chains.get(name)
  if (!rules) throw new Error(`no chain ${name}`)
  for (const rule of rules) {
    const outcome = one(ruleset, rule, state)
    if (outcome) return outcome
  }
  return undefined
}

function one(ruleset: Ruleset, rule: string, state: State): Outcome | undefined {
  const set = /^(.*?)meta mark set (?:0|((?:ct original )?ip6? [sd]addr|meta mark) map @(.+))$/.exec(rule)
  if (set) {
    if (!holds(set[1]!.trim(), state)) return undefined
    const of = set[2]
    const key = of === undefined ? undefined : of === 'meta mark' ? String(state.mark) : addressOf(of, state)
    if (of === undefined) state.mark = 0
    else if (key !== undefined) state.mark = Number(lookUp(ruleset, set[3]!, key) ?? state.mark)
    return undefined
  }
  const lookup = /^(.*?)(meta mark|ip6? [sd]addr) vmap @(.+)$/.exec(rule)
  if (lookup) {
    if (!holds(lookup[1]!.trim(), state)) return undefined
    const key = lookup[2] === 'meta mark' ? String(state.mark) : addressOf(lookup[2]!, state)
    const verdict = key === undefined ? undefined : lookUp(ruleset, lookup[3]!, key)
    return verdict === undefined ? undefined : follow(ruleset, verdict, state)
  }
  const match = /^(.*?)((?:accept|return|goto \S+|jump \S+))$/.exec(rule)
  if (!match) throw new Error(`not understood: ${rule}`)
  return holds(match[1]!.trim(), state) ? follow(ruleset, match[2]!, state) : undefined
}

function holds(text: string, state: State): boolean {
  if (text === '') return true
  if (text.startsWith('ct mark and')) return state.source === state.destination
  const protocol = /^meta l4proto (\w+)$/.exec(text)
  if (protocol) return state.protocol === protocol[1]
  const ports = /^(\w+) dport \{ ([^}]*) \}$/.exec(text)
  if (ports) return state.protocol === ports[1] && ports[2]!.split(', ').some(range => isInRange(range, state.port))
  const address = /^(ip6? [sd]addr) \{ ([^}]*) \} ?(.*)$/.exec(text)
  if (!address) throw new Error(`not understood: ${text}`)
  const at = addressOf(address[1]!, state)
  const isThere = at !== undefined && address[2]!.split(', ').some(element => element === at || isInNet(element, at))
  return isThere && holds(address[3]!, state)
}

const isInNet = (element: string, at: Ip): boolean =>
  element.includes('/') ? contains(cidr(element), at) : isWithin(element, at)

function isInRange(range: string, port: number): boolean {
  const [from, to = from] = range.split('-').map(Number)
  return from! <= port && port <= to!
}

function addressOf(field: string, { source, destination }: State): Ip | undefined {
  const address = field.endsWith('saddr') ? source : destination
  return address.includes(':') === field.includes('ip6') ? address : undefined
}
