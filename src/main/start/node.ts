import type { EventRecorder } from '../../client/events.ts'
import { createEventRecorder, OFTEN } from '../../client/events.ts'
import { joinProgress } from '../../client/progress.ts'
import type { DatapathOptions } from '../../datapath/options.ts'
import { insideNetworks } from '../../datapath/options.ts'
import { parseCidr } from '../../lib/cidr.ts'
import { UserError } from '../../lib/errors.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import { begin } from '../../main.ts'
import { startAdvice } from '../../node/advice/role.ts'
import { startAnnouncer } from '../../node/announce/role.ts'
import type { PodGate } from '../../node/cni/mod.ts'
import type { EgressRole } from '../../node/egress/role.ts'
import { startEgress } from '../../node/egress/role.ts'
import type { KubeletOptions } from '../../node/kubelet/options.ts'
import { startKubelet } from '../../node/kubelet/role.ts'
import { startMulticast } from '../../node/multicast/role.ts'
import type { PolicyRole } from '../../node/network/policy/role.ts'
import { startPolicy } from '../../node/network/policy/role.ts'
import { startNetwork } from '../../node/network/role.ts'
import { connectRuntime } from '../../node/runtime/wire/client.ts'
import { fromArgs } from '../../twin/flags.ts'
import type { NodeOptions } from '../../twin/roles.ts'
import { NODE_FLAGS } from '../../twin/roles.ts'
import { serveAdmin } from '../admin.ts'
import { connect } from '../connect.ts'
import { untilWorldStands } from '../go.ts'
import { realHost } from '../host.ts'
import { createLog } from '../log.ts'
import { namesOf } from '../names.ts'
import { begun, runRole, stopSignal } from '../signals.ts'
import { VERSION } from '../version.ts'

/** The agent of one node: its network and its pods. Runs wholly inside the node's network namespace. */
export const start = begin(async args => {
  const options = fromArgs('node', NODE_FLAGS, args)
  const log = createLog(options.name)
  const signal = stopSignal()
  const { netns, links, nft, conntrack, arp, packetLog, sockets, fs, clock } = await realHost()
  const names = namesOf(options, fs)
  untilWorldStands()
  const { client, informers, progress } = await connect(options.kubeconfig, log, signal)
  const events = (component: string, pace = {}): EventRecorder =>
    createEventRecorder({ client, clock, log }, { component, host: options.name, ...pace })
  const idling = { packetLog, events: events('service-proxy', OFTEN) }
  const network = startNetwork(
    { informers, progress, nft, link: links, conntrack, sockets, events: events('service-proxy'), idling, clock, log },
    { ...datapathOptions(options), node: options.name, netns: netns.home },
    signal,
  )
  const policy = startPolicy(
    {
      client,
      informers,
      progress,
      nft,
      packetLog,
      sockets,
      events: events('network-policy'),
      clock,
      log,
    },
    // The join network is OVN-Kubernetes' own, and so is egress policy towards a pod's own node.
    {
      ...datapathOptions(options),
      node: options.name,
      netns: netns.home,
      policesOwnNode: isOkd(options),
      ...(names ? { names } : {}),
    },
    signal,
  )
  const kernel = { nft, link: links, conntrack, arp, sockets }
  const egress = startEgress(
    { client, informers, progress, ...kernel, fs, events: events('egress'), clock, log },
    { ...datapathOptions(options), node: options.name, netns: netns.home },
    signal,
  )
  const kubelet = startKubelet(
    {
      client,
      informers,
      progress,
      gate: gateOf(policy, egress),
      runtime: connectRuntime(sockets, options.runtimeSocket),
      netns,
      link: links,
      nft,
      arp,
      conntrack,
      socket: sockets,
      fs,
      clock,
      log,
    },
    { ...kubeletOptions(options), networkReady: Promise.all([network, policy]).then(standing) },
    signal,
  )
  const advice = startAdvice(
    { informers, sockets, link: links, netns, events: events('service-advice'), clock, log },
    options.name,
    signal,
  )
  const announcer = startAnnouncer(
    { informers, progress, nft, link: links, arp, sockets, events: events('load-balancer-speaker'), clock, log },
    { node: options.name, netns: netns.home, address: ip(options.address) },
    signal,
  )
  const multicast = startMulticast(
    { informers, progress, nft, link: links, clock, log },
    { ...datapathOptions(options), node: options.name, netns: netns.home },
    signal,
  )
  const starting = Promise.all([network, policy, kubelet, announcer, multicast, egress])
  const [roles] = await begun(Promise.all([starting, advice]), signal)
  const [, policyRole] = roles
  const more = {
    '/policy': () => JSON.stringify(policyRole.report()),
    '/names': () => JSON.stringify(policyRole.names()),
  }
  const admin = { progress: () => joinProgress(roles.map(role => role.progress())), metrics: policyRole.metrics, more }
  serveAdmin(options.admin, admin, signal)
  await runRole({ progress: progress.progress, done: Promise.all(roles.map(role => role.done)).then(() => {}) }, log)
})

const standing = async (roles: readonly { readonly ready: Promise<void> }[]): Promise<void> => {
  await Promise.all(roles.map(role => role.ready))
}

/** Whoever asks before policy and egress stand waits for them. */
const gateOf = (policy: Promise<PolicyRole>, egress: Promise<EgressRole>): PodGate => ({
  async secure(pod, addresses) {
    await Promise.all([policy, egress].map(async role => (await role).secure(pod, addresses)))
  },
  forget: podUid => {
    for (const role of [policy, egress])
      void role.then(
        one => one.forget(podUid),
        () => {},
      )
  },
})

function datapathOptions(options: NodeOptions): DatapathOptions {
  const network = (text: string) => parseCidr(text) ?? wrong('network', text)
  return {
    clusterNetworks: options.clusterNetworks.map(text => {
      const [, range = '', prefix = ''] = /^(.+)\/(\d+)$/.exec(text) ?? wrong('cluster network', text)
      return { cidr: network(range), hostPrefix: Number(prefix) }
    }),
    serviceNetworks: options.serviceNetworks.map(network),
    transport: options.transport === 'host-gw' ? 'host-gw' : 'vxlan',
    mtu: options.mtu,
    joinNetworks: options.joinNetworks.map(network),
  }
}

/** OVN-Kubernetes alone has join networks. */
const isOkd = ({ joinNetworks }: NodeOptions): boolean => joinNetworks.length > 0

const addressesOf = ({ address, address6 }: NodeOptions): readonly Ip[] =>
  [address, ...(address6 === undefined ? [] : [address6])].map(ip)

const kubeletOptions = (options: NodeOptions): KubeletOptions => ({
  node: options.name,
  addresses: addressesOf(options),
  labels: {
    ...(options.zone === undefined ? {} : { 'topology.kubernetes.io/zone': options.zone }),
    ...Object.fromEntries(options.roles.map(role => [`node-role.kubernetes.io/${role}`, ''])),
  },
  netns: options.name,
  mtu: options.mtu,
  clusterDns: [ip(options.clusterDns)],
  clusterDomain: options.clusterDomain,
  resolvConf: `nameserver ${options.upstreamDns}\n`,
  hosts: `127.0.0.1 localhost\n::1 localhost\n${addressesOf(options)
    .map(own => `${own} ${options.name}\n`)
    .join('')}`,
  stateDir: options.stateDir,
  maxPods: options.maxPods,
  refusesNodeServices: isOkd(options),
  insideNetworks: insideNetworks(datapathOptions(options)),
  version: `v1.33.13+fairlead-${VERSION}`,
})

const wrong = (what: string, text: string): never => {
  throw new UserError('Usage', `${JSON.stringify(text)} is not a ${what}`)
}
