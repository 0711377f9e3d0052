import type { SliceSizes } from '../controllers/endpointslice/controller.ts'
import type { Cidr } from '../lib/cidr.ts'
import { cidr, cidrText, overlaps } from '../lib/cidr.ts'
import { UserError } from '../lib/errors.ts'
import { readInstallConfig } from './install-config.ts'

export type Profile = 'okd' | 'kubernetes'

export interface ClusterNetwork {
  readonly cidr: Cidr
  /** The length of each node's subnet. */
  readonly hostPrefix: number
}

/** The networks of one family. */
export interface Networks {
  readonly clusterNetwork: ClusterNetwork
  readonly serviceNetwork: Cidr
  /** The nodes' own, and the outside hosts'. */
  readonly machineNetwork: Cidr
}

/** A twin as it was asked for: fixed at its first `up`, kept in its state folder. */
export interface TwinConfig extends Networks {
  readonly name: string
  readonly profile: Profile
  readonly nodes: number
  /** How many pods a node takes. */
  readonly maxPods: number
  /** Beside all of these, in a dual-stack twin. IPv4 comes first. */
  readonly ipv6?: Networks
  /** Of pods' links: the underlay's 1500 less what the overlay adds. */
  readonly mtu: number
  readonly transport: 'vxlan' | 'host-gw'
  /** How many endpoints EndpointSlices hold, where that is not as everywhere. */
  readonly sliceSizes?: SliceSizes
  /** Routes without a host get <name>-<namespace>.<domain>. */
  readonly appsDomain: string
  readonly clusterDomain: string
  /** Nothing outlives `down`. */
  readonly ephemeral: boolean
}

export const clusterNetworksOf = ({ clusterNetwork, ipv6 }: TwinConfig): readonly ClusterNetwork[] => [
  clusterNetwork,
  ...(ipv6 ? [ipv6.clusterNetwork] : []),
]
export const serviceNetworksOf = ({ serviceNetwork, ipv6 }: TwinConfig): readonly Cidr[] => [
  serviceNetwork,
  ...(ipv6 ? [ipv6.serviceNetwork] : []),
]

export interface ConfigRequest {
  readonly name: string
  readonly profile?: Profile
  readonly nodes?: number
  readonly maxPods?: number
  readonly ephemeral?: boolean
  /** With networks of IPv6, those of the file or others. */
  readonly dualStack?: boolean
  /** The text of --config, and its path for messages. */
  readonly file?: { readonly path: string; readonly text: string }
}

interface Defaults {
  readonly cluster: string
  readonly hostPrefix: number
  readonly service: string
  readonly mtu: number
}

/** Source: OKD's installer and OVN-Kubernetes; kubeadm with flannel-like settings. */
const DEFAULTS: Readonly<Record<Profile, Defaults>> = {
  okd: { cluster: '10.128.0.0/14', hostPrefix: 23, service: '172.30.0.0/16', mtu: 1400 },
  kubernetes: { cluster: '10.244.0.0/16', hostPrefix: 24, service: '10.96.0.0/12', mtu: 1450 },
}
const MACHINE_NETWORK = '172.18.0.0/24'
/** Pods and Services as in OKD's documentation. */
const IPV6: Networks = {
  clusterNetwork: { cidr: cidr('fd01::/48'), hostPrefix: 64 },
  serviceNetwork: cidr('fd02::/112'),
  machineNetwork: cidr('fd18::/64'),
}
/** Source: RFC 8200 5. */
const IPV6_MTU = 1280
export const NODES_LIMIT = 32
/** As on OKD. */
export const MAX_PODS = 250
/** Source: OKD's documentation of KubeletConfigs. */
const MAX_PODS_LIMIT = 2500

/** Checks the request and fills in the rest. `hostNetworks`: where the machine itself has routes. */
export async function resolveConfig(request: ConfigRequest, hostNetworks: readonly Cidr[]): Promise<TwinConfig> {
  checkName(request.name)
  const profile = request.profile ?? 'okd'
  const defaults = DEFAULTS[profile]
  const file = request.file ? await readInstallConfig(request.file) : {}
  const config: TwinConfig = {
    name: request.name,
    profile,
    nodes: checkNodes(request.nodes ?? 3),
    maxPods: checkMaxPods(request.maxPods ?? MAX_PODS),
    clusterNetwork: file.clusterNetwork ?? { cidr: cidr(defaults.cluster), hostPrefix: defaults.hostPrefix },
    serviceNetwork: file.serviceNetwork ?? cidr(defaults.service),
    machineNetwork: file.machineNetwork ?? cidr(MACHINE_NETWORK),
    ...(file.ipv6 || request.dualStack ? { ipv6: { ...IPV6, ...file.ipv6 } } : {}),
    mtu: file.mtu ?? defaults.mtu,
    ...(file.sliceSizes ? { sliceSizes: file.sliceSizes } : {}),
    transport: file.transport ?? 'vxlan',
    appsDomain: 'apps.fairlead.test',
    clusterDomain: 'cluster.local',
    ephemeral: request.ephemeral ?? false,
  }
  checkOverlaps(config, hostNetworks)
  return checkConfig(config)
}

/** Passes a configuration through that has room for its nodes; throws UserError for others. */
export function checkConfig(config: TwinConfig): TwinConfig {
  checkNodes(config.nodes)
  checkRoom(config)
  return config
}

function checkName(name: string): void {
  if (!/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/.test(name))
    throw new UserError('TwinName', `"${name}" cannot be a twin's name`, {
      hint: 'use 1 to 32 lower-case letters, digits and "-", beginning and ending with a letter or digit',
    })
}

function checkNodes(nodes: number): number {
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > NODES_LIMIT)
    throw new UserError('TwinNodes', `a twin has 1 to ${NODES_LIMIT} nodes, not ${nodes}`, {
      hint: 'give --nodes a whole number',
    })
  return nodes
}

function checkMaxPods(maxPods: number): number {
  if (!Number.isInteger(maxPods) || maxPods < 1 || maxPods > MAX_PODS_LIMIT)
    throw new UserError('TwinPods', `a node takes 1 to ${MAX_PODS_LIMIT} pods, not ${maxPods}`, {
      hint: 'give --max-pods a whole number',
    })
  return maxPods
}

/** No two networks may share an address, and none may hide a network that the machine reaches. */
function checkOverlaps(config: TwinConfig, hostNetworks: readonly Cidr[]): void {
  const named = ({ clusterNetwork, serviceNetwork, machineNetwork }: Networks) =>
    Object.entries({ clusterNetwork: clusterNetwork.cidr, serviceNetwork, machineNetwork })
  const own = [...named(config), ...(config.ipv6 ? named(config.ipv6) : [])]
  const all = [...own, ...hostNetworks.map(network => ['the route of this machine', network] as const)]
  for (const [index, [name, network]] of own.entries())
    for (const [otherName, other] of all.slice(index + 1))
      if (overlaps(network, other))
        throw new UserError(
          'NetworksOverlap',
          `${name} ${cidrText(network)} overlaps ${otherName} ${cidrText(other)}`,
          {
            hint: 'choose another in a file for --config (clusterNetwork, serviceNetwork, machineNetwork)',
          },
        )
}

function checkRoom(config: TwinConfig): void {
  checkSubnets(config.clusterNetwork, config.nodes)
  checkMachineNetwork(config.machineNetwork)
  if (config.ipv6) checkIpv6(config.ipv6, config)
}

function checkSubnets(clusterNetwork: ClusterNetwork, nodes: number): void {
  const subnets = 2 ** (clusterNetwork.hostPrefix - clusterNetwork.cidr.bits)
  if (clusterNetwork.hostPrefix < clusterNetwork.cidr.bits || subnets < nodes)
    throw new UserError(
      'ClusterNetworkSmall',
      `clusterNetwork ${cidrText(clusterNetwork.cidr)} has no room for ${nodes} subnets of /${clusterNetwork.hostPrefix}`,
      {
        hint: 'choose a larger network or a longer hostPrefix',
      },
    )
  if (clusterNetwork.cidr.family === 4 && clusterNetwork.hostPrefix > 28)
    throw new UserError(
      'HostPrefixLong',
      `hostPrefix ${clusterNetwork.hostPrefix} leaves a node fewer than 16 addresses`,
      { hint: 'choose 28 or less' },
    )
}

function checkMachineNetwork(machineNetwork: Cidr): void {
  if (machineNetwork.family !== 4 || machineNetwork.bits > 24)
    throw new UserError(
      'MachineNetworkSmall',
      `machineNetwork ${cidrText(machineNetwork)} has no room for nodes and outside hosts`,
      {
        hint: 'choose an IPv4 network of /24 or larger',
      },
    )
}

/** Source: kube-apiserver and OKD's installer, which take no larger Service network, and a /64 for each node. */
function checkIpv6({ clusterNetwork, serviceNetwork, machineNetwork }: Networks, config: TwinConfig): void {
  const refuse = (message: string, hint: string): never => {
    throw new UserError('Ipv6Networks', message, { hint })
  }
  checkSubnets(clusterNetwork, config.nodes)
  if (clusterNetwork.hostPrefix !== 64)
    refuse(`hostPrefix ${clusterNetwork.hostPrefix} of ${cidrText(clusterNetwork.cidr)}`, 'of IPv6 it is 64')
  if (serviceNetwork.bits < 108)
    refuse(`serviceNetwork ${cidrText(serviceNetwork)} is too large`, 'choose one of /108 or smaller, such as /112')
  if (machineNetwork.bits > 64) refuse(`machineNetwork ${cidrText(machineNetwork)} is too small`, 'choose one of /64')
  if (config.mtu < IPV6_MTU)
    refuse(`clusterNetworkMTU ${config.mtu} is too small for IPv6`, `choose ${IPV6_MTU} or more`)
}
