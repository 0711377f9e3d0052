import { createServer } from 'node:net'
import { Node } from '../../api/core/node.ts'
import type { ServiceSpec } from '../../api/core/service.ts'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { FakeApi } from '../../client/fake.ts'
import type { TestBench } from '../../client/testing.ts'
import type { DatapathOptions } from '../../datapath/options.ts'
import { afterSilence } from '../../host/clock/testing.ts'
import { kernelConntrack } from '../../host/conntrack/real.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import { kernelLinks } from '../../host/link/real.ts'
import type { Netns, NetnsDriver } from '../../host/netns/mod.ts'
import { kernelNetns } from '../../host/netns/real.ts'
import type { NftDriver } from '../../host/nft/mod.ts'
import { kernelNft } from '../../host/nft/real.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import { kernelSockets } from '../../host/socket/real.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { cidr, nth, nthSubnet } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import { nodeSide, podSide } from '../cni/plan.ts'
import type { NetworkRole } from './role.ts'
import { startNetwork } from './role.ts'

export const OPTIONS: DatapathOptions = {
  clusterNetworks: [{ cidr: cidr('10.128.0.0/14'), hostPrefix: 23 }],
  serviceNetworks: [cidr('172.30.0.0/16')],
  transport: 'vxlan',
  mtu: 1400,
  joinNetworks: [cidr('100.64.0.0/16')],
}

/** The same cluster with IPv6 beside IPv4. */
export const DUAL_OPTIONS: DatapathOptions = {
  ...OPTIONS,
  clusterNetworks: [...OPTIONS.clusterNetworks, { cidr: cidr('fd01::/48'), hostPrefix: 64 }],
  serviceNetworks: [...OPTIONS.serviceNetworks, cidr('fd02::/112')],
}
export const podNetwork6Of = (number: number) => nthSubnet(cidr('fd01::/48'), 64, number - 1)
export const underlay6Of = (number: number): Ip => nth(cidr('fd18::/64'), 0x10 + number)
export const OUTSIDE6 = ip('fd18::100')

/** Where nodes and their pods are in IPv6. */
export interface Six {
  readonly options: DatapathOptions
  podNetwork(node: number): Cidr
  underlay(node: number): Ip
  readonly underlayBits: number
  readonly outside: Ip
}
const SIX: Six = {
  options: DUAL_OPTIONS,
  podNetwork: podNetwork6Of,
  underlay: underlay6Of,
  underlayBits: 64,
  outside: OUTSIDE6,
}

/** As putNode, with an address and a pod network of both families. */
export function putDualNode(api: FakeApi, number: number, zone: string, six = SIX): Node {
  const node = putNode(api, number, zone)
  const network = six.podNetwork(number)
  const addresses = [...node.status!.addresses!, { type: 'InternalIP', address: six.underlay(number) }]
  return api.put(Node, {
    ...node,
    spec: { ...node.spec, podCIDRs: [...node.spec.podCIDRs!, `${network.address}/${network.bits}`] },
    status: { ...node.status, addresses },
  })
}

export const podNetworkOf = (number: number) => nthSubnet(cidr('10.128.0.0/14'), 23, number - 1)
export const underlayOf = (number: number): Ip => nth(cidr('172.18.0.0/24'), 10 + number)
export const OUTSIDE = ip('172.18.0.100')

/** Puts node-<number> into the API, with an address and a pod network. */
export function putNode(api: FakeApi, number: number, zone?: string): Node {
  const network = podNetworkOf(number)
  return api.put(Node, {
    metadata: { name: `node-${number}`, ...(zone ? { labels: { 'topology.kubernetes.io/zone': zone } } : {}) },
    spec: { podCIDR: `${network.address}/${network.bits}`, podCIDRs: [`${network.address}/${network.bits}`] },
    status: { addresses: [{ type: 'InternalIP', address: underlayOf(number) }] },
  })
}

export function putService(api: FakeApi, name: string, clusterIP: string, spec: Partial<ServiceSpec> = {}): Service {
  return api.put(Service, {
    metadata: { namespace: 'shop', name },
    spec: { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP], ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  })
}

export interface TestEndpoint {
  readonly address: string
  readonly node?: string
  readonly ready?: boolean
}

export function putSlice(
  api: FakeApi,
  service: string,
  endpoints: readonly TestEndpoint[],
  port: { readonly port: number; readonly name?: string; readonly protocol?: 'TCP' | 'UDP' | 'SCTP' } = { port: 8080 },
): EndpointSlice {
  return api.put(EndpointSlice, {
    metadata: { namespace: 'shop', name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
    addressType: endpoints.some(({ address }) => address.includes(':')) ? 'IPv6' : 'IPv4',
    ports: [{ name: '', protocol: 'TCP', ...port }],
    endpoints: endpoints.map(({ address, node, ready }) => ({
      addresses: [address],
      conditions: { ready: ready ?? true },
      ...(node ? { nodeName: node } : {}),
    })),
  })
}

export interface World {
  readonly netns: NetnsDriver
  readonly link: LinkDriver
  readonly nft: NftDriver
  readonly sockets: SocketDriver
  readonly outside: Netns
  node(number: number): Netns
  /** A pod at the network's nth address, with a TCP server on 8080 that says its name and the client's address. */
  pod(node: number, index: number): Promise<{ readonly netns: Netns; readonly address: Ip; readonly address6: Ip }>
  start(bench: TestBench, node: number, signal?: AbortSignal, options?: DatapathOptions): Promise<NetworkRole>
  /** What the peer says to a new connection, or the error's code; "timeout" after 700 ms of silence. */
  ask(from: Netns, address: Ip, port: number): Promise<string>
  close(): void
}

/** Node namespaces on one underlay with a host outside the cluster: the kernel's part of a twin; isDual: with IPv6 too. */
export function createWorld(nodes: number, isDual = false, six = SIX): World {
  const own = ownNames()
  const netns = kernelNetns()
  const link = kernelLinks(netns)
  const sockets = kernelSockets(netns)
  const nft = kernelNft(netns)
  const servers: { close(): void }[] = []
  const made: Netns[] = []
  const attached: string[] = []
  const attach = (name: string, address: Ip, address6: Ip): Netns => {
    const at = netns.create(own.netns(name))
    made.push(at)
    const end = own.link(attached.length)
    attached.push(end)
    link.apply(netns.home, [
      { op: 'veth', name: end, peer: { name: 'eth0', netns: at } },
      { op: 'master', name: end, master: own.bridge },
      { op: 'up', name: end },
    ])
    link.apply(at, [
      { op: 'up', name: 'lo' },
      { op: 'address', name: 'eth0', address, bits: 24 },
      ...(isDual ? ([{ op: 'address', name: 'eth0', address: address6, bits: six.underlayBits }] as const) : []),
      { op: 'up', name: 'eth0' },
    ])
    return at
  }
  link.apply(netns.home, [
    { op: 'bridge', name: own.bridge },
    { op: 'up', name: own.bridge },
  ])
  const all = Array.from({ length: nodes }, (_, i) => attach(`node-${i + 1}`, underlayOf(i + 1), six.underlay(i + 1)))
  const outside = attach('outside', OUTSIDE, six.outside)
  // The outside host knows a way to everything: what keeps it out is the nodes' rules alone.
  for (const network of ['10.128.0.0/14', '172.30.0.0/16', '100.64.0.0/16'])
    link.apply(outside, [{ op: 'route', to: cidr(network), via: underlayOf(1) }])
  const networks6 = [...six.options.clusterNetworks.map(({ cidr: to }) => to), ...six.options.serviceNetworks]
  for (const to of isDual ? networks6.filter(({ family }) => family === 6) : [])
    link.apply(outside, [{ op: 'route', to, via: six.underlay(1), family: 6 }])
  const node = (number: number): Netns => all[number - 1]!
  return {
    netns,
    link,
    nft,
    sockets,
    outside,
    node,
    async pod(number, index) {
      const network = podNetworkOf(number)
      const address = nth(network, index)
      const at = netns.create(own.netns(`pod-${number}-${index}`))
      made.push(at)
      const network6 = six.podNetwork(number)
      const address6 = nth(network6, index)
      const plan = {
        podUid: `pod-${number}-${index}`,
        addresses: isDual ? [address, address6] : [address],
        ranges: isDual ? [network, network6] : [network],
        mtu: OPTIONS.mtu,
        ifname: 'eth0',
      }
      link.apply(node(number), nodeSide(plan, at))
      link.apply(at, podSide(plan))
      const server = createServer(socket => {
        // Clients that have gone again are no news.
        socket.on('error', () => {}).end(`pod-${number}-${index} ${clientOf(socket.remoteAddress)}`)
      })
      servers.push(server)
      await sockets.listen(server, { netns: at, port: 8080 })
      return { netns: at, address, address6 }
    },
    start: (bench, number, signal = bench.signal, options = isDual ? six.options : OPTIONS) =>
      startNetwork(
        { ...bench, nft, link, sockets, conntrack: kernelConntrack(netns) },
        { ...options, node: `node-${number}`, netns: node(number) },
        signal,
      ),
    ask: (from, address, port) => ask(sockets, from, address, port),
    close() {
      for (const server of servers) server.close()
      // The kernel takes its time to end links of a namespace that went.
      link.apply(
        netns.home,
        [...attached, own.bridge].map(name => ({ op: 'delete', name })),
      )
      for (const at of made) netns.remove(at)
    },
  }
}

let worlds = 0

/** Names that no other world has: neither one of another file that runs beside this one, nor what is left of one that failed. */
function ownNames() {
  const id = `${process.pid.toString(36)}${(worlds++).toString(36)}`
  return { netns: (name: string) => `w${id}-${name}`, link: (index: number) => `u${id}-${index}`, bridge: `b${id}` }
}

const clientOf = (address: string | undefined): string => (address ?? '').replace(/^::ffff:/, '')

/** Longer than the second after which a lost first packet is sent again. */
const SILENCE_MS = 1300

function ask(sockets: SocketDriver, netns: Netns, address: Ip, port: number): Promise<string> {
  return new Promise(resolve => {
    const socket = sockets.connect({ netns, address, port })
    let said = ''
    const cancel = afterSilence(SILENCE_MS, () =>
      socket.destroy(Object.assign(new Error('silence'), { code: 'timeout' })),
    )
    socket
      .setEncoding('utf8')
      .on('data', (text: string) => {
        said += text
      })
      .on('error', error => resolve(('code' in error && String(error.code)) || error.message))
      .on('close', () => {
        cancel()
        resolve(said)
      })
  })
}
