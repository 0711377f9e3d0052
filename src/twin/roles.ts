/** The processes of a world: where each runs, and the arguments after `node main`. */
import { cidrText } from '../lib/cidr.ts'
import type { TwinConfig } from './config.ts'
import { clusterNetworksOf, serviceNetworksOf } from './config.ts'
import type { Flags, OptionsOf } from './flags.ts'
import { toArgs } from './flags.ts'
import type { NodePlan, WorldPlan } from './plan.ts'
import type { TwinFolder } from './state.ts'

/** Inside the world: a tmpfs of its own. */
export const RUN = '/run/fairlead'
export const RUNTIME_SOCKET = `${RUN}/runtime.sock`
/** Where DNS servers tell nodes of names before they answer pods. */
const NAMES_SOCKET = `${RUN}/names.sock`
/** A Unix socket each, where roles tell how far they are; router pods have theirs here too. */
export const ADMIN_FOLDER = `${RUN}/admin`
export const adminSocket = (role: string): string => `${ADMIN_FOLDER}/${role}.sock`
/** What router pods see of the world beside their files: their kubeconfig. */
export const ROUTER_FOLDER = `${RUN}/router`
export const ROUTER_KUBECONFIG = `${ROUTER_FOLDER}/kubeconfig`
/** What the runtime gives to containers that are programs of ours. */
export const ROLE_MOUNTS = [
  { source: ROUTER_FOLDER, target: ROUTER_FOLDER, readOnly: true },
  { source: ADMIN_FOLDER, target: ADMIN_FOLDER },
] as const

const admin = { type: 'text', help: 'a Unix socket to serve progress and metrics on' } as const
const kubeconfig = { type: 'text', help: 'how to reach the API, and as whom' } as const

/** Descriptors of the supervisor: the pipe of reports, then listening sockets of the host. */
export const SUPERVISOR_FDS = { reports: 3, api: 4, http: 5, https: 6 } as const

/** The API server and every controller. */
export const API_FLAGS = {
  folder: { type: 'text', help: "the twin's state folder: configuration, objects, certificates" },
  address: { type: 'text', help: "the address under which nodes reach it: the Service kubernetes' endpoint" },
  port: { type: 'number', help: 'the port of that address' },
  listen: { type: 'list', help: 'descriptors of listening sockets that it is given: every one is to be served' },
  runtimeSocket: { type: 'text', help: "the pod runtime's Unix socket" },
  admin,
} as const satisfies Flags

export const RUNTIME_FLAGS = {
  folder: { type: 'text', help: "the twin's state folder: certificates" },
  socket: { type: 'text', help: 'the Unix socket to serve on' },
  stateDir: { type: 'text', help: "pods' files and logs; lives as long as pods do" },
  kubeconfig: { type: 'text', help: 'how its DNS servers reach the API' },
  namesSocket: { type: 'text', help: 'the Unix socket where its DNS servers tell nodes of names' },
  admin,
} as const satisfies Flags

export const NODE_FLAGS = {
  name: { type: 'text', help: 'the name of the Node' },
  address: { type: 'text', help: "the node's own address" },
  address6: { type: 'text', help: 'the same of IPv6, in a dual-stack cluster', optional: true },
  zone: { type: 'text', help: 'the label topology.kubernetes.io/zone', optional: true },
  roles: { type: 'list', help: 'labels node-role.kubernetes.io/<role>' },
  kubeconfig,
  runtimeSocket: { type: 'text', help: "the pod runtime's Unix socket" },
  namesSocket: { type: 'text', help: 'the Unix socket where DNS servers tell of names', optional: true },
  namesService: {
    type: 'text',
    help: 'namespace/name of their Service, where they have no such socket',
    optional: true,
  },
  namesAuthority: { type: 'text', help: 'a file: whoever signs the certificates of that Service', optional: true },
  namesToken: { type: 'text', help: 'a file: the token of this agent for these servers', optional: true },
  stateDir: { type: 'text', help: 'addresses given to pods; lives as long as pods do' },
  clusterNetworks: { type: 'list', help: 'as in 10.128.0.0/14/23: network and length of each node’s' },
  serviceNetworks: { type: 'list', help: 'as in 172.30.0.0/16' },
  joinNetworks: { type: 'list', help: 'whom clients from outside look like inside' },
  transport: { type: 'text', help: 'vxlan or host-gw' },
  mtu: { type: 'number', help: "of pods' links" },
  maxPods: { type: 'number', help: 'how many pods the node takes' },
  clusterDns: { type: 'text', help: 'what pods are given as their DNS server' },
  clusterDomain: { type: 'text', help: 'as in cluster.local' },
  upstreamDns: { type: 'text', help: 'what pods with dnsPolicy Default are given' },
  admin,
} as const satisfies Flags

export type ApiOptions = OptionsOf<typeof API_FLAGS>
export type RuntimeOptions = OptionsOf<typeof RUNTIME_FLAGS>
export type NodeOptions = OptionsOf<typeof NODE_FLAGS>

/** One process that the supervisor keeps running. */
export interface RoleProcess {
  /** api, runtime, node-1 ... */
  readonly name: string
  /** The network namespace to run in; absent is the world's own. */
  readonly host?: string
  /** After `node main`. */
  readonly args: readonly string[]
  /** Flags of Node itself. */
  readonly flags?: readonly string[]
  /**
   * Whether it is given the API's listening sockets as descriptors 3 (the host's) and 4 (node-1's). The supervisor holds them
   * too: while no API runs, whoever connects waits instead of being refused.
   */
  readonly servesApi: boolean
}

/** Kubeconfigs of the roles, by user: system:admin is the folder's own. */
export const roleKubeconfig = (folder: TwinFolder, user: string): string => `${folder.pki}/${user}.kubeconfig`

/**
 * What requests leave behind is collected rarely enough to have died by then: a fifth of the cost of a write otherwise. MB, and room
 * that is taken under load alone. The build makes code caches with the same flag.
 */
const YOUNG = '--max-semi-space-size=64'

export const rolesOf = (plan: WorldPlan, folder: TwinFolder): readonly RoleProcess[] => [
  apiRole(plan, folder),
  runtimeRole(folder),
  ...plan.nodes.map(node => nodeRole(plan, folder, node)),
]

function apiRole(plan: WorldPlan, folder: TwinFolder): RoleProcess {
  const node = plan.nodes.find(each => each.controlPlane)!
  const args = toArgs(API_FLAGS, {
    folder: folder.root,
    address: node.address,
    port: plan.apiPort,
    listen: ['3', '4'],
    runtimeSocket: RUNTIME_SOCKET,
    admin: adminSocket('api'),
  })
  return { name: 'api', host: node.name, args: ['api', ...args], flags: [YOUNG], servesApi: true }
}

function runtimeRole(folder: TwinFolder): RoleProcess {
  const args = toArgs(RUNTIME_FLAGS, {
    folder: folder.root,
    socket: RUNTIME_SOCKET,
    stateDir: `${RUN}/runtime`,
    kubeconfig: roleKubeconfig(folder, 'dns'),
    namesSocket: NAMES_SOCKET,
    admin: adminSocket('runtime'),
  })
  return { name: 'runtime', args: ['runtime', ...args], servesApi: false }
}

export function nodeRole(plan: WorldPlan, folder: TwinFolder, node: NodePlan): RoleProcess {
  const args = toArgs(NODE_FLAGS, {
    name: node.name,
    address: node.address,
    ...(node.address6 ? { address6: node.address6 } : {}),
    zone: node.zone,
    roles: node.controlPlane ? ['control-plane', 'master', 'worker'] : ['worker'],
    kubeconfig: roleKubeconfig(folder, node.name),
    runtimeSocket: RUNTIME_SOCKET,
    namesSocket: NAMES_SOCKET,
    stateDir: `${RUN}/${node.name}`,
    ...networkOptions(plan.config),
    maxPods: plan.config.maxPods,
    clusterDns: plan.dnsServiceIp,
    clusterDomain: plan.config.clusterDomain,
    upstreamDns: plan.upstreamDns,
    admin: adminSocket(node.name),
  })
  return { name: node.name, host: node.name, args: ['node', ...args], servesApi: false }
}

/** OVN-Kubernetes' join networks: whom a client from outside looks like to policy. */
const JOIN_NETWORK = '100.64.0.0/16'
const JOIN_NETWORK6 = 'fd98::/64'

const networkOptions = (config: TwinConfig) => ({
  clusterNetworks: clusterNetworksOf(config).map(({ cidr, hostPrefix }) => `${cidrText(cidr)}/${hostPrefix}`),
  serviceNetworks: serviceNetworksOf(config).map(cidrText),
  joinNetworks: config.profile === 'okd' ? [JOIN_NETWORK, ...(config.ipv6 ? [JOIN_NETWORK6] : [])] : [],
  transport: config.transport,
  mtu: config.mtu,
})
