import type { Client, Informers } from '../../client/mod.ts'
import type { ProgressCollector } from '../../client/progress.ts'
import type { ArpDriver } from '../../host/arp/mod.ts'
import type { ConntrackDriver } from '../../host/conntrack/mod.ts'
import type { FsDriver } from '../../host/fs/mod.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import type { NetnsDriver } from '../../host/netns/mod.ts'
import type { NftDriver } from '../../host/nft/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import type { PodGate } from '../cni/mod.ts'
import type { PodRuntime } from '../runtime/mod.ts'

/** What every node says it has. Nothing is measured or limited: the figures only need to let pods be placed. */
export const NODE_ROOM = { cpu: '16', memory: '64Gi', 'ephemeral-storage': '100Gi' } as const

export interface KubeletDeps {
  readonly client: Client
  readonly informers: Informers
  readonly progress: ProgressCollector
  readonly runtime: PodRuntime
  /** Absent where no policy is enforced. */
  readonly gate?: PodGate
  readonly netns: NetnsDriver
  readonly link: LinkDriver
  readonly nft: NftDriver
  /** Absent: nobody is told where an egress router's address has come to. */
  readonly arp?: ArpDriver
  readonly conntrack: ConntrackDriver
  readonly socket: SocketDriver
  readonly fs: FsDriver
  readonly clock: Clock
  readonly log: Logger
}

export interface KubeletOptions {
  readonly node: string
  /** The node's addresses, the first family first; hostNetwork pods have them too. */
  readonly addresses: readonly Ip[]
  /** Added to kubernetes.io/hostname, os and arch: the zone, the roles. */
  readonly labels: Readonly<Record<string, string>>
  /** The name of the node's namespace under /run/netns, in which this process runs. */
  readonly netns: string
  readonly mtu: number
  readonly clusterDns: readonly Ip[]
  readonly clusterDomain: string
  /** The node's own files, for pods that use them: dnsPolicy Default, hostNetwork. */
  readonly resolvConf: string
  readonly hosts: string
  /** For the ledger of addresses and the pods' volumes; lives as long as the pods do. */
  readonly stateDir: string
  readonly maxPods: number
  /** The cloud's metadata and machine-config ports are refused to pods, as OpenShift does. */
  readonly refusesNodeServices?: boolean
  /** Of pods, Services and joins: what egress routers reach by their pod network and not outside. */
  readonly insideNetworks?: readonly Cidr[]
  /** As `kubectl get nodes` shows it. */
  readonly version: string
  /** Resolves when the node's network stands: pods with a network of their own wait for it. Absent: it stands already. */
  readonly networkReady?: Promise<void>
}
