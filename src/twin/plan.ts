import type { Cidr } from '../lib/cidr.ts'
import { cidr, nth } from '../lib/cidr.ts'
import type { Ip } from '../lib/ip.ts'
import { addToIp } from '../lib/ip.ts'
import type { TwinConfig } from './config.ts'

export interface NodePlan {
  readonly name: string
  readonly address: Ip
  readonly zone: string
  /** node-1 also carries the control plane. */
  readonly controlPlane: boolean
}

/** A host that is not part of the cluster. */
export interface OutsideHost {
  readonly name: 'client' | 'dns' | 'lb' | 'internet'
  readonly address: Ip
  /** Further addresses: the VIP of the load balancer. */
  readonly extra: readonly Ip[]
  readonly network: Cidr
  readonly gateway: Ip
}

/** Everything about a twin's world that follows from its configuration. */
export interface WorldPlan {
  readonly config: TwinConfig
  readonly nodes: readonly NodePlan[]
  readonly outside: readonly OutsideHost[]
  /** The world's own namespace routes between the machine network and the internet. */
  readonly gateway: Ip
  readonly internet: { readonly network: Cidr; readonly gateway: Ip }
  readonly vip: Ip
  readonly upstreamDns: Ip
  /** For Services of type LoadBalancer, both ends included. */
  readonly balancerPool: { readonly first: Ip; readonly last: Ip }
  readonly apiPort: number
  /** The Service `kubernetes`, and the cluster's DNS. */
  readonly apiServiceIp: Ip
  readonly dnsServiceIp: Ip
}

export const API_PORT = 6443
const FIRST_NODE = 11
const ZONES = ['zone-a', 'zone-b', 'zone-c'] as const
/** TEST-NET-3: never routed on the real internet. */
const INTERNET = cidr('203.0.113.0/24')

export const nodePlan = (config: TwinConfig, index: number): NodePlan => ({
  name: `node-${index + 1}`,
  address: nth(config.machineNetwork, FIRST_NODE + index),
  zone: ZONES[index % ZONES.length]!,
  controlPlane: index === 0,
})

export function planWorld(config: TwinConfig): WorldPlan {
  const network = config.machineNetwork
  const gateway = nth(network, 1)
  const vip = nth(network, 100)
  const upstreamDns = nth(network, 53)
  const onMachineNetwork = (name: OutsideHost['name'], address: Ip, extra: readonly Ip[] = []): OutsideHost => ({
    name,
    address,
    extra,
    network,
    gateway,
  })
  return {
    config,
    nodes: Array.from({ length: config.nodes }, (_, index) => nodePlan(config, index)),
    outside: [
      onMachineNetwork('client', nth(network, 200)),
      onMachineNetwork('dns', upstreamDns),
      onMachineNetwork('lb', nth(network, 99), [vip]),
      { name: 'internet', address: nth(INTERNET, 10), extra: [], network: INTERNET, gateway: nth(INTERNET, 1) },
    ],
    gateway,
    internet: { network: INTERNET, gateway: nth(INTERNET, 1) },
    vip,
    upstreamDns,
    balancerPool: { first: nth(network, 210), last: nth(network, 249) },
    apiPort: API_PORT,
    apiServiceIp: nth(config.serviceNetwork, 1),
    dnsServiceIp: addToIp(config.serviceNetwork.address, 10),
  }
}

/** 0a:58 and the address: the same link address wherever a node or pod is spoken of. */
export const macOf = (address: Ip): string =>
  ['0a', '58', ...address.split('.').map(byte => Number(byte).toString(16).padStart(2, '0'))].join(':')

/** Where connections of the load balancer come from. */
export const balancerAddresses = ({ outside }: WorldPlan): readonly Ip[] =>
  outside.filter(({ name }) => name === 'lb').flatMap(({ address, extra }) => [address, ...extra])
