import type { Cidr } from '../lib/cidr.ts'
import { cidr, cidrText, overlaps, parseCidr } from '../lib/cidr.ts'
import { UserError } from '../lib/errors.ts'

export type Profile = 'okd' | 'kubernetes'

export interface ClusterNetwork {
  readonly cidr: Cidr
  /** The length of each node's subnet. */
  readonly hostPrefix: number
}

/** A twin as it was asked for: fixed at its first `up`, kept in its state folder. */
export interface TwinConfig {
  readonly name: string
  readonly profile: Profile
  readonly nodes: number
  readonly clusterNetwork: ClusterNetwork
  readonly serviceNetwork: Cidr
  /** The nodes' own network, and the outside hosts'. */
  readonly machineNetwork: Cidr
  /** Of pods' links: the underlay's 1500 less what the overlay adds. */
  readonly mtu: number
  readonly transport: 'vxlan' | 'host-gw'
  /** Routes without a host get <name>-<namespace>.<domain>. */
  readonly appsDomain: string
  readonly clusterDomain: string
  /** Nothing outlives `down`. */
  readonly ephemeral: boolean
}

export interface ConfigRequest {
  readonly name: string
  readonly profile?: Profile
  readonly nodes?: number
  readonly ephemeral?: boolean
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
export const NODES_LIMIT = 32

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
    clusterNetwork: file.clusterNetwork ?? { cidr: cidr(defaults.cluster), hostPrefix: defaults.hostPrefix },
    serviceNetwork: file.serviceNetwork ?? cidr(defaults.service),
    machineNetwork: file.machineNetwork ?? cidr(MACHINE_NETWORK),
    mtu: file.mtu ?? defaults.mtu,
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

/** No two networks may share an address, and none may hide a network that the machine reaches. */
function checkOverlaps(config: TwinConfig, hostNetworks: readonly Cidr[]): void {
  const own: (readonly [string, Cidr])[] = [
    ['clusterNetwork', config.clusterNetwork.cidr],
    ['serviceNetwork', config.serviceNetwork],
    ['machineNetwork', config.machineNetwork],
  ]
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

function checkRoom({ clusterNetwork, machineNetwork, nodes }: TwinConfig): void {
  const subnets = 2 ** (clusterNetwork.hostPrefix - clusterNetwork.cidr.bits)
  if (clusterNetwork.hostPrefix < clusterNetwork.cidr.bits || subnets < nodes)
    throw new UserError(
      'ClusterNetworkSmall',
      `clusterNetwork ${cidrText(clusterNetwork.cidr)} has no room for ${nodes} subnets of /${clusterNetwork.hostPrefix}`,
      {
        hint: 'choose a larger network or a longer hostPrefix',
      },
    )
  if (clusterNetwork.hostPrefix > 28)
    throw new UserError(
      'HostPrefixLong',
      `hostPrefix ${clusterNetwork.hostPrefix} leaves a node fewer than 16 addresses`,
      { hint: 'choose 28 or less' },
    )
  if (machineNetwork.family !== 4 || machineNetwork.bits > 24)
    throw new UserError(
      'MachineNetworkSmall',
      `machineNetwork ${cidrText(machineNetwork)} has no room for nodes and outside hosts`,
      {
        hint: 'choose an IPv4 network of /24 or larger',
      },
    )
}

interface FileSettings {
  readonly clusterNetwork?: ClusterNetwork
  readonly serviceNetwork?: Cidr
  readonly machineNetwork?: Cidr
  readonly mtu?: number
  readonly transport?: 'vxlan' | 'host-gw'
}

/** The `networking` part of an OpenShift install-config; the rest of such a file is passed over. */
async function readInstallConfig({ path, text }: { path: string; text: string }): Promise<FileSettings> {
  const [{ parse }, { z }] = await Promise.all([import('yaml'), import('zod')])
  const refuse = (message: string): never => {
    throw new UserError('ConfigFile', `${path}: ${message}`, {
      hint: 'it takes the networking part of an OpenShift install-config: clusterNetwork, serviceNetwork, machineNetwork, clusterNetworkMTU',
    })
  }
  const network = z
    .string()
    .refine(value => parseCidr(value)?.family === 4, { message: 'must be an IPv4 network such as 10.128.0.0/14' })
  const Networking = z.strictObject({
    networkType: z.enum(['OVNKubernetes']).optional(),
    clusterNetwork: z.tuple([z.strictObject({ cidr: network, hostPrefix: z.int().min(1).max(32) })]).optional(),
    serviceNetwork: z.tuple([network]).optional(),
    machineNetwork: z.tuple([z.strictObject({ cidr: network })]).optional(),
    clusterNetworkMTU: z.int().min(576).max(1450).optional(),
    transport: z.enum(['vxlan', 'host-gw']).optional(),
  })
  let document: unknown
  try {
    document = parse(text, { maxAliasCount: 20 })
  } catch (error) {
    refuse(`not YAML: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
  }
  const networking = (document as { networking?: unknown } | null)?.networking
  if (networking === undefined) refuse('has no "networking"')
  const parsed = Networking.safeParse(networking)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    refuse(`networking.${issue.path.join('.')}: ${issue.message}`)
  }
  const { clusterNetwork, serviceNetwork, machineNetwork, clusterNetworkMTU, transport } = parsed.data!
  return {
    ...(clusterNetwork
      ? { clusterNetwork: { cidr: cidr(clusterNetwork[0].cidr), hostPrefix: clusterNetwork[0].hostPrefix } }
      : {}),
    ...(serviceNetwork ? { serviceNetwork: cidr(serviceNetwork[0]) } : {}),
    ...(machineNetwork ? { machineNetwork: cidr(machineNetwork[0].cidr) } : {}),
    ...(clusterNetworkMTU ? { mtu: clusterNetworkMTU } : {}),
    ...(transport ? { transport } : {}),
  }
}
