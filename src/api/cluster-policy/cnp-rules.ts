/** What the CRD of policy.networking.k8s.io/v1alpha2 asks beyond types, in the API server's words. */
import { parseCidr } from '../../lib/cidr.ts'
import { invalid, required, tooMany } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { selectorErrors } from '../meta/rules.ts'
import type { ClusterNetworkPolicySpec } from './cluster-network-policy.ts'
import type { CnpEgressPeer, CnpEgressRule, CnpIngressRule, CnpPort, CnpProtocol, CnpSubject } from './cnp-parts.ts'

/** Of rules, peers, protocols, networks and names alike. */
const MOST = 25
const LONGEST_NAME = 100
const LONGEST_CIDR = 43
/** The CRD's own, with its A-z. */
const DOMAIN_NAME = /^(\*\.)?([a-zA-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[a-zA-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.?$/

type Rule = CnpIngressRule & CnpEgressRule

export const clusterNetworkPolicyErrors = (spec: ClusterNetworkPolicySpec): readonly FieldError[] => [
  ...(spec.priority === undefined ? [required('spec.priority')] : []),
  ...exactlyOne(spec.subject, 'spec.subject'),
  ...selectorsOf(spec.subject, 'spec.subject'),
  ...(['ingress', 'egress'] as const).flatMap(direction => {
    const rules = (spec[direction] ?? []) as readonly Rule[]
    return [
      ...atMost(rules, `spec.${direction}`),
      ...rules.flatMap((rule, index) => ruleErrors(rule, `spec.${direction}[${index}]`, direction)),
    ]
  }),
]

function ruleErrors(rule: Rule, path: string, direction: 'ingress' | 'egress'): readonly FieldError[] {
  const side = direction === 'ingress' ? 'from' : 'to'
  const { name = '', protocols } = rule
  const peers: readonly CnpEgressPeer[] = rule[side] ?? []
  return [
    ...(name.length > LONGEST_NAME
      ? [invalid(`${path}.name`, name, `${path}.name in body should be at most ${LONGEST_NAME} chars long`)]
      : []),
    ...oneToMost(peers, `${path}.${side}`),
    ...peers.flatMap((peer, index) => peerErrors(peer, `${path}.${side}[${index}]`)),
    ...oneToMost(protocols, `${path}.protocols`),
    ...(protocols ?? []).flatMap((protocol, index) => protocolErrors(protocol, `${path}.protocols[${index}]`)),
    ...(direction === 'egress' ? namedPortErrors(peers, protocols ?? [], path) : []),
  ]
}

function peerErrors(peer: CnpEgressPeer, path: string): readonly FieldError[] {
  const { networks, domainNames, nodes } = peer
  return [
    ...exactlyOne(peer, path),
    ...selectorsOf(peer, path),
    ...selectorErrors(nodes, `${path}.nodes`),
    ...oneToMost(networks, `${path}.networks`),
    ...(networks ?? []).flatMap((network, index) => networkErrors(network, `${path}.networks[${index}]`)),
    ...oneToMost(domainNames, `${path}.domainNames`),
    ...(domainNames ?? []).flatMap((domain, index) => {
      const at = `${path}.domainNames[${index}]`
      return DOMAIN_NAME.test(domain) ? [] : [invalid(at, domain, `${at} in body should match '${DOMAIN_NAME.source}'`)]
    }),
  ]
}

const networkErrors = (network: string, path: string): readonly FieldError[] =>
  network.length > LONGEST_CIDR
    ? [invalid(path, network, `${path} in body should be at most ${LONGEST_CIDR} chars long`)]
    : parseCidr(network)
      ? []
      : [invalid(path, network, 'Invalid CIDR format provided')]

function protocolErrors(protocol: CnpProtocol, path: string): readonly FieldError[] {
  return [
    ...exactlyOne(protocol, path),
    ...(['tcp', 'udp', 'sctp'] as const).flatMap(name => {
      const own = protocol[name]
      if (!own) return []
      const at = `${path}.${name}`
      return own.destinationPort
        ? portErrors(own.destinationPort, `${at}.destinationPort`)
        : [invalid(at, own, `${at} in body should have at least 1 properties`)]
    }),
  ]
}

function portErrors(port: CnpPort, path: string): readonly FieldError[] {
  const { range } = port
  return [
    ...exactlyOne(port, path),
    ...(range && range.start >= range.end
      ? [invalid(`${path}.range`, range, 'Start port must be less than End port')]
      : []),
  ]
}

/** Only pods have names for their ports. */
function namedPortErrors(
  peers: readonly CnpEgressPeer[],
  protocols: readonly CnpProtocol[],
  path: string,
): readonly FieldError[] {
  const isOutside = peers.some(({ networks, nodes, domainNames }) => networks ?? nodes ?? domainNames)
  const isNamed = protocols.some(({ destinationNamedPort }) => destinationNamedPort !== undefined)
  if (!isOutside || !isNamed) return []
  const why =
    'networks/nodes/domainNames peer cannot be set with namedPorts since there are no namedPorts for networks/nodes/domainNames'
  return [invalid(path, '', why)]
}

const selectorsOf = ({ namespaces, pods }: CnpSubject, path: string): readonly FieldError[] => [
  ...selectorErrors(namespaces, `${path}.namespaces`),
  ...selectorErrors(pods?.namespaceSelector, `${path}.pods.namespaceSelector`),
  ...selectorErrors(pods?.podSelector, `${path}.pods.podSelector`),
]

function exactlyOne(value: object, path: string): readonly FieldError[] {
  const set = Object.values(value).filter(one => one !== undefined).length
  if (set > 1) return [tooMany(path, set, 1)]
  return set === 0 ? [invalid(path, value, `${path} in body should have at least 1 properties`)] : []
}

const atMost = (values: readonly unknown[], path: string): readonly FieldError[] =>
  values.length > MOST ? [tooMany(path, values.length, MOST)] : []

const oneToMost = (values: readonly unknown[] | undefined, path: string): readonly FieldError[] =>
  values?.length === 0
    ? [invalid(path, values.length, `${path} in body should have at least 1 items`)]
    : atMost(values ?? [], path)
