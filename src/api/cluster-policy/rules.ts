/** What the CRDs of policy.networking.k8s.io/v1alpha1 ask beyond types. */
import { parseCidr } from '../../lib/cidr.ts'
import { invalid, required, tooMany } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { selectorErrors } from '../meta/rules.ts'
import type { AnyRule, AnySpec, PolicyEgressPeer, PolicyPort, PolicySubject } from './parts.ts'

const MOST = 100
const MOST_NETWORKS = 25
const LONGEST_NAME = 100

export function clusterPolicyErrors({ subject, ingress = [], egress = [] }: AnySpec): readonly FieldError[] {
  return [
    ...oneOf('spec.subject', subject),
    ...selectorsOf(subject, 'spec.subject'),
    ...limit('spec.ingress', ingress, MOST),
    ...limit('spec.egress', egress, MOST),
    ...ingress.flatMap((rule, index) => ruleErrors(rule, `spec.ingress[${index}]`, 'from')),
    ...egress.flatMap((rule, index) => ruleErrors(rule, `spec.egress[${index}]`, 'to')),
  ]
}

function ruleErrors(rule: AnyRule, path: string, side: 'from' | 'to'): readonly FieldError[] {
  const { name = '', action, ports = [] } = rule
  const peers = rule[side] ?? []
  return [
    ...(name.length > LONGEST_NAME ? [invalid(`${path}.name`, name, `may not be longer than ${LONGEST_NAME}`)] : []),
    ...(peers.length === 0 ? [required(`${path}.${side}`)] : limit(`${path}.${side}`, peers, MOST)),
    ...limit(`${path}.ports`, ports, MOST),
    ...ports.flatMap((port, index) => portErrors(port, `${path}.ports[${index}]`)),
    ...peers.flatMap((peer, index) => peerErrors(peer, `${path}.${side}[${index}]`, action)),
    ...namedPortErrors(ports, peers, path),
  ]
}

function portErrors(port: PolicyPort, path: string): readonly FieldError[] {
  const { portRange } = port
  const isBackward = portRange !== undefined && portRange.start > portRange.end
  return [
    ...oneOf(path, port),
    ...(isBackward ? [invalid(`${path}.portRange`, portRange, 'start must not be greater than end')] : []),
  ]
}

function peerErrors(peer: PolicyEgressPeer, path: string, action: string): readonly FieldError[] {
  const { networks = [], domainNames = [], nodes } = peer
  return [
    ...oneOf(path, peer),
    ...selectorsOf(peer, path),
    ...selectorErrors(nodes, `${path}.nodes`),
    ...limit(`${path}.networks`, networks, MOST_NETWORKS),
    ...limit(`${path}.domainNames`, domainNames, MOST_NETWORKS),
    ...networks.flatMap((network, index) =>
      parseCidr(network) ? [] : [invalid(`${path}.networks[${index}]`, network, 'Invalid CIDR format provided')],
    ),
    ...(domainNames.length > 0 && action !== 'Allow'
      ? [invalid(`${path}.domainNames`, domainNames, 'domainNames may only be used with the action Allow')]
      : []),
  ]
}

/** Only pods have names for their ports. */
function namedPortErrors(
  ports: readonly PolicyPort[],
  peers: readonly PolicyEgressPeer[],
  path: string,
): readonly FieldError[] {
  const isNamed = ports.some(({ namedPort }) => namedPort !== undefined)
  const isOutside = peers.some(({ networks, nodes, domainNames }) => networks ?? nodes ?? domainNames)
  return isNamed && isOutside
    ? [
        invalid(
          path,
          '',
          'networks/nodes peer cannot be set with namedPorts since there are no namedPorts for networks/nodes',
        ),
      ]
    : []
}

const selectorsOf = ({ namespaces, pods }: PolicySubject, path: string): readonly FieldError[] => [
  ...selectorErrors(namespaces, `${path}.namespaces`),
  ...selectorErrors(pods?.namespaceSelector, `${path}.pods.namespaceSelector`),
  ...selectorErrors(pods?.podSelector, `${path}.pods.podSelector`),
]

/** Exactly one field must be set. */
function oneOf(path: string, value: object): readonly FieldError[] {
  const set = Object.values(value).filter(one => one !== undefined).length
  return set === 1 ? [] : [invalid(path, value, `must have exactly 1 of its fields, and has ${set}`)]
}

const limit = (path: string, values: readonly unknown[], most: number): readonly FieldError[] =>
  values.length > most ? [tooMany(path, values.length, most)] : []
