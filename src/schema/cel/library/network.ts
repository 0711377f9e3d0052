import type { Cidr } from '../../../lib/cidr.ts'
import { cidrText, contains, overlaps, parseCidr } from '../../../lib/cidr.ts'
import type { Ip } from '../../../lib/ip.ts'
import { familyOf, parseIp } from '../../../lib/ip.ts'
import { CelError } from '../ast.ts'
import type { Value } from '../value.ts'
import { isSpecial } from '../value.ts'
import type { Body, Library } from './mod.ts'

/** Addresses and networks. Source: k8s.io/apiserver/pkg/cel/library/{ip,cidr}.go */
function address(value: Value | undefined): Ip | undefined {
  const text = value !== undefined && isSpecial(value) && value.cel === 'ip' ? value.text : value
  return typeof text === 'string' ? parseIp(text) : undefined
}

interface Network {
  readonly address: Ip
  readonly cidr: Cidr
}

/** With the address as it was written. */
function parseNetwork(text: string): Network | undefined {
  const cidr = parseCidr(text)
  const address = parseIp(text.split('/', 1)[0]!)
  return cidr && address !== undefined ? { address, cidr } : undefined
}

const network = (value: Value | undefined): Network | undefined => {
  const text = value !== undefined && isSpecial(value) && value.cel === 'cidr' ? value.text : value
  return typeof text === 'string' ? parseNetwork(text) : undefined
}

const ofIp =
  (body: (of: Ip) => Value): Body =>
  of =>
    isSpecial(of!) && of.cel === 'ip' ? body(address(of)!) : undefined

const ofCidr =
  (body: (of: Network, other: Value | undefined) => Value | undefined): Body =>
  (of, other) =>
    isSpecial(of!) && of.cel === 'cidr' ? body(network(of)!, other) : undefined

const within = (...texts: readonly string[]) => {
  const all = texts.map(text => parseCidr(text)!)
  return (of: Ip): boolean => all.some(each => contains(each, of))
}
const isLoopback = within('127.0.0.0/8', '::1/128')
const isLinkLocal = within('169.254.0.0/16', 'fe80::/10')
const isLinkLocalMulticast = within('224.0.0.0/24', 'ff02::/16')
const isMulticast = within('224.0.0.0/4', 'ff00::/8')
const isUnspecified = within('0.0.0.0/32', '::/128')
const isBroadcast = within('255.255.255.255/32')

function makeIp(text: Value | undefined): Value | undefined {
  if (typeof text !== 'string') return undefined
  const found = parseIp(text)
  if (!found)
    throw new CelError(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string: not an IP address`,
    )
  return { cel: 'ip', text: found }
}

function makeCidr(text: Value | undefined): Value | undefined {
  if (typeof text !== 'string') return undefined
  if (!parseNetwork(text)) throw new CelError(`network address parse error during conversion from string: ${text}`)
  return { cel: 'cidr', text }
}

const library: Library = {
  functions: {
    ip: makeIp,
    cidr: makeCidr,
    isIP: text => (typeof text === 'string' ? parseIp(text) !== undefined : undefined),
    isCIDR: text => (typeof text === 'string' ? parseNetwork(text) !== undefined : undefined),
    'ip.isCanonical': text => (typeof text === 'string' ? parseIp(text) === text : undefined),
  },
  methods: {
    family: ofIp(of => BigInt(familyOf(of))),
    isLoopback: ofIp(isLoopback),
    isUnspecified: ofIp(isUnspecified),
    isLinkLocalUnicast: ofIp(isLinkLocal),
    isLinkLocalMulticast: ofIp(isLinkLocalMulticast),
    isGlobalUnicast: ofIp(
      of => !isLoopback(of) && !isLinkLocal(of) && !isMulticast(of) && !isUnspecified(of) && !isBroadcast(of),
    ),
    containsIP: ofCidr(({ cidr }, other) => {
      const found = address(other)
      return found === undefined ? undefined : contains(cidr, found)
    }),
    containsCIDR: ofCidr(({ cidr }, other) => {
      const found = network(other)?.cidr
      if (!found) return undefined
      return found.bits >= cidr.bits && overlaps(cidr, found)
    }),
    ip: ofCidr(of => ({ cel: 'ip', text: of.address })),
    masked: ofCidr(({ cidr }) => ({ cel: 'cidr', text: cidrText(cidr) })),
    prefixLength: ofCidr(({ cidr }) => BigInt(cidr.bits)),
  },
}

export { library as network }
