import type { LabelSelector } from '../../api/meta/selector.ts'
import type { EgressNetworkPolicy } from '../../api/network/egress-network-policy.ts'
import type { EgressFirewall, EgressFirewallRule } from '../../api/ovn/egress-firewall.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { contains, parseCidr } from '../../lib/cidr.ts'
import { isNamed, plainName } from './names.ts'
import type { PortRange } from './ports.ts'
import { selects } from './selector.ts'
import type { Flow, PolicyNode } from './types.ts'

/** Where a rule of a firewall leads. What a name leads to, nodes learn from answers to their pods: the model knows none. */
export type FirewallTarget =
  | { readonly kind: 'net'; readonly cidr: Cidr }
  | { readonly kind: 'nodes'; readonly selector: LabelSelector }
  | { readonly kind: 'name'; readonly name: string }
  /** What cannot be read, which the API's own types let pass: see `unreadRules`. */
  | { readonly kind: 'unread' }

export interface FirewallRule {
  readonly action: 'allow' | 'deny'
  readonly to: FirewallTarget
  readonly ports: 'any' | readonly PortRange[]
}

/** Where the pods of a namespace may go outside the cluster's pod networks. The first rule that matches decides. */
export interface Firewall {
  /** "kind namespace/name". */
  readonly key: string
  readonly namespace: string
  readonly rules: readonly FirewallRule[]
}

/** Source: OVN-Kubernetes' EgressFirewall, one for each namespace. */
export const readEgressFirewall = ({ metadata, spec }: EgressFirewall): Firewall => ({
  key: `egressfirewall ${metadata.namespace}/${metadata.name}`,
  namespace: metadata.namespace ?? '',
  rules: spec.egress.map(readRule),
})

/** Source: OpenShift SDN's EgressNetworkPolicy: it had neither ports nor nodes. */
export const readEgressNetworkPolicy = ({ metadata, spec }: EgressNetworkPolicy): Firewall => ({
  key: `egressnetworkpolicy ${metadata.namespace}/${metadata.name}`,
  namespace: metadata.namespace ?? '',
  rules: spec.egress.map(readRule),
})

const EVERYWHERE: readonly Cidr[] = ['0.0.0.0/0', '::/0'].map(text => parseCidr(text)!)

/**
 * The one firewall of each namespace. An EgressFirewall comes before any EgressNetworkPolicy; where there are several of
 * the latter nothing gets out, as in OpenShift SDN.
 */
export function firewallsOf(current: readonly Firewall[], legacy: readonly Firewall[]): readonly Firewall[] {
  const result = new Map<string, Firewall>()
  for (const firewall of legacy) {
    const { namespace } = firewall
    const other = result.get(namespace)
    const key = other && `${other.key}, ${firewall.key}`
    const rules = EVERYWHERE.map((cidr): FirewallRule => ({ action: 'deny', to: { kind: 'net', cidr }, ports: 'any' }))
    result.set(namespace, key === undefined ? firewall : { key, namespace, rules })
  }
  for (const firewall of current) result.set(firewall.namespace, firewall)
  return [...result.values()]
}

function readRule({ type, to, ports = [] }: AnyRule): FirewallRule {
  const ranges = ports.map(({ protocol, port }): PortRange => ({ protocol, from: port, to: port }))
  const action = type === 'Allow' ? 'allow' : 'deny'
  return { action, to: readTarget(to), ports: ranges.length > 0 ? ranges : 'any' }
}

function readTarget({ cidrSelector, dnsName, nodeSelector }: Partial<AnyRule['to']> = {}): FirewallTarget {
  if (nodeSelector) return { kind: 'nodes', selector: nodeSelector }
  if (dnsName !== undefined) return { kind: 'name', name: plainName(dnsName) }
  const cidr = parseCidr(cidrSelector ?? '')
  return cidr ? { kind: 'net', cidr } : { kind: 'unread' }
}

/** Rules of which nobody knows whom they mean, in words: one that allows means nobody, one that denies everybody. */
export const unreadRules = (egress: readonly AnyRule[]): readonly string[] =>
  egress.flatMap(({ type, to }, i) => {
    if (readTarget(to).kind !== 'unread') return []
    const means = type === 'Allow' ? 'allows nothing' : 'denies everything'
    return [`spec.egress[${i}].to.cidrSelector: ${shown(to?.cidrSelector ?? '')} is no CIDR, so the rule ${means}`]
  })

/** A CIDR has 43 letters; what is no CIDR may have any number. */
const MOST_SHOWN = 60
const shown = (text: string): string => {
  const quoted = JSON.stringify(text)
  return quoted.length <= MOST_SHOWN ? quoted : `${quoted.slice(0, MOST_SHOWN)}…`
}

type AnyRule = Pick<EgressFirewallRule, 'type' | 'to'> & Partial<EgressFirewallRule>

/** What a firewall needs to know of the cluster. */
export interface FirewallWorld {
  readonly nodes: readonly PolicyNode[]
  /** Pod networks: what stays in them is not a firewall's business. */
  readonly clusterNetworks: readonly Cidr[]
}

/** Networks that a rule means at present. */
export const targetNetworks = ({ action, to }: FirewallRule, { nodes }: FirewallWorld): readonly Cidr[] => {
  if (to.kind === 'net') return [to.cidr]
  if (to.kind === 'name') return []
  if (to.kind === 'unread') return action === 'deny' ? EVERYWHERE : []
  return nodes
    .filter(({ labels }) => selects(to.selector, labels))
    .flatMap(({ addresses }) => addresses.map(address => parseCidr(`${address}/${address.includes(':') ? 128 : 32}`)!))
}

/** The place of the rule that decides, from 0; undefined where none does, which allows. */
export function firewallRule(firewall: Firewall, world: FirewallWorld, flow: Flow): number | undefined {
  const { destination, protocol, port, names } = flow
  if (world.clusterNetworks.some(network => contains(network, destination))) return undefined
  const found = firewall.rules.findIndex(
    rule =>
      (targetNetworks(rule, world).some(network => contains(network, destination)) ||
        (rule.to.kind === 'name' && isNamed([rule.to.name], 'one', names))) &&
      (rule.ports === 'any' ||
        rule.ports.some(
          range => range.protocol === protocol && port !== undefined && range.from <= port && port <= range.to,
        )),
  )
  return found < 0 ? undefined : found
}
