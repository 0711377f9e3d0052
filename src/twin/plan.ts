import type { Cidr } from '../lib/cidr.ts'
import { cidr, nth } from '../lib/cidr.ts'
import type { Ip } from '../lib/ip.ts'
import { addToIp } from '../lib/ip.ts'
import type { TwinConfig } from './config.ts'

/** Where a host is in a network, and its way out. */
export interface Place {
  readonly address: Ip
  readonly network: Cidr
  readonly gateway: Ip
}

export interface NodePlan {
  readonly name: string
  readonly address: Ip
  /** In a dual-stack twin. */
  readonly address6?: Ip
  readonly zone: string
  /** node-1 also carries the control plane. */
  readonly controlPlane: boolean
}

/** A host that is not part of the cluster. */
export interface OutsideHost extends Place {
  readonly name: 'client' | 'dns' | 'lb-1' | 'lb-2' | 'internet'
  /** The same of IPv6, in a dual-stack twin. */
  readonly second?: Place
}

/** A way in: a domain, the address that the load balancers share for it, and where its routers listen on their nodes. */
export interface Door {
  /** Of its IngressController. */
  readonly controller: string
  readonly domain: string
  /** The same for browsers of the host. */
  readonly alias: string
  readonly address: Ip
  readonly httpPort: number
  readonly httpsPort: number
  readonly statsPort: number
}

/** Everything about a twin's world that follows from its configuration. */
export interface WorldPlan {
  readonly config: TwinConfig
  readonly nodes: readonly NodePlan[]
  readonly outside: readonly OutsideHost[]
  /** The world's own namespace routes between the machine network and the internet. */
  readonly gateway: Ip
  /** The same of IPv6, in a dual-stack twin. */
  readonly gateway6?: Ip
  readonly internet: { readonly network: Cidr; readonly gateway: Ip }
  readonly doors: readonly Door[]
  /** The address of the first door. */
  readonly vip: Ip
  readonly upstreamDns: Ip
  /** For Services of type LoadBalancer, both ends included; one a family. */
  readonly balancerPools: readonly { readonly first: Ip; readonly last: Ip }[]
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
/** The prefix for documentation. */
const INTERNET6 = cidr('2001:db8::/64')

/** fd18::200 beside 172.18.0.200. */
const nth6 = (network: Cidr, index: number): Ip => nth(network, Number.parseInt(String(index), 16))

export const nodePlan = (config: TwinConfig, index: number): NodePlan => ({
  name: `node-${index + 1}`,
  address: nth(config.machineNetwork, FIRST_NODE + index),
  ...(config.ipv6 ? { address6: nth6(config.ipv6.machineNetwork, FIRST_NODE + index) } : {}),
  zone: ZONES[index % ZONES.length]!,
  controlPlane: index === 0,
})

export function planWorld(config: TwinConfig): WorldPlan {
  const network = config.machineNetwork
  const gateway = nth(network, 1)
  const vip = nth(network, 100)
  const upstreamDns = nth(network, 53)
  const network6 = config.ipv6?.machineNetwork
  const onMachineNetwork = (name: OutsideHost['name'], index: number): OutsideHost => ({
    name,
    ...placeIn(network, nth, index),
    ...(network6 ? { second: placeIn(network6, nth6, index) } : {}),
  })
  return {
    config,
    nodes: Array.from({ length: config.nodes }, (_, index) => nodePlan(config, index)),
    outside: [
      onMachineNetwork('client', 200),
      onMachineNetwork('dns', 53),
      onMachineNetwork('lb-1', 98),
      onMachineNetwork('lb-2', 99),
      {
        name: 'internet',
        ...placeIn(INTERNET, nth, 10),
        ...(network6 ? { second: placeIn(INTERNET6, nth6, 10) } : {}),
      },
    ],
    gateway,
    ...(network6 ? { gateway6: nth6(network6, 1) } : {}),
    internet: { network: INTERNET, gateway: nth(INTERNET, 1) },
    doors: doorsOf(config, vip),
    vip,
    upstreamDns,
    balancerPools: [
      { first: nth(network, 210), last: nth(network, 249) },
      ...(network6 ? [{ first: nth6(network6, 210), last: nth6(network6, 249) }] : []),
    ],
    apiPort: API_PORT,
    apiServiceIp: nth(config.serviceNetwork, 1),
    dnsServiceIp: addToIp(config.serviceNetwork.address, 10),
  }
}

const placeIn = (network: Cidr, at: typeof nth6, index: number): Place => ({
  address: at(network, index),
  network,
  gateway: at(network, 1),
})

/** Two domains, each with an address of its own: what is for everybody, and what is not. */
const doorsOf = ({ appsDomain }: TwinConfig, first: Ip): readonly Door[] =>
  [
    { controller: 'default', domain: appsDomain, httpPort: 80, httpsPort: 443, statsPort: 1936 },
    { controller: 'ext', domain: extDomain(appsDomain), httpPort: 8080, httpsPort: 8443, statsPort: 8936 },
  ].map((door, index) => ({ ...door, alias: localDomain(door.domain), address: addToIp(first, index) }))

const extDomain = (appsDomain: string): string => `ext.${appsDomain.replace(/^apps\./, '')}`
/** Browsers of the host find every name below .localhost there, without DNS. */
const localDomain = (domain: string): string => domain.replace(/\.[^.]+$/, '.localhost')

/** 0a:58 and the address: the same link address wherever a node or pod is spoken of. */
export const macOf = (address: Ip): string =>
  ['0a', '58', ...address.split('.').map(byte => Number(byte).toString(16).padStart(2, '0'))].join(':')

/** Where connections of the load balancers come from. */
export const balancerAddresses = ({ outside, doors }: WorldPlan): readonly Ip[] => [
  ...outside.filter(({ name }) => name.startsWith('lb-')).map(({ address }) => address),
  ...doors.map(({ address }) => address),
]
