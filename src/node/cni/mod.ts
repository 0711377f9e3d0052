/** The pod network of one node, with the verbs of the Container Network Interface. */
import type { Pod } from '../../api/core/pod.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { Ip } from '../../lib/ip.ts'

export interface PodNetwork {
  readonly podUid: string
  /** Under /run/netns. */
  readonly netns: string
  /** One address of each of the node's ranges, in their order. */
  readonly addresses: readonly Ip[]
  /** The node's end of the pod's link. */
  readonly link: string
}

/** `exhausted`: no address is free. `link`: the kernel refused; what was made is taken down again. */
export class CniError extends Error {
  override readonly name = 'CniError'
  readonly reason: 'exhausted' | 'link'
  constructor(reason: 'exhausted' | 'link', message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.reason = reason
  }
}

/** A namespace that somebody else has made and will take down: a container engine's. */
export interface Sandbox {
  readonly netns: Netns
  /** The name of the link inside. */
  readonly ifname: string
}

/** Whom the address of an engine's sandbox is noted for; pods of our own are noted by their uid. */
export const ENGINE_OWNER = 'cni/'

export interface Cni {
  /** Makes the pod's namespace, link, addresses and routes; a pod that has them gets the same answer. Throws CniError. */
  add(podUid: string, sandbox?: Sandbox): PodNetwork
  /** Takes all of it down; a pod that has nothing is fine. */
  remove(podUid: string): void
  /** What is missing of a pod's network, in words; empty when all is there. */
  check(podUid: string, sandbox?: Sandbox): readonly string[]
  /**
   * After a restart: takes down what belongs to no live pod, and notes the addresses of live ones that the ledger
   * has lost. Answers the pods whose network it took down. Sandboxes of an engine are for `retain` alone.
   */
  collect(live: ReadonlyMap<string, readonly Ip[]>): readonly string[]
  /** Takes down what belongs to sandboxes of an engine other than these, given as owners. */
  retain(owners: ReadonlySet<string>): readonly string[]
  /** Whether another pod would find an address. */
  hasRoom(): boolean
  /** False when something else had taken away what keeps pods to their own addresses; then it stands again. */
  audit(): boolean
}

/** What stands between a pod's network and its first process. */
export interface PodGate {
  /** Resolves when policy holds for these addresses of the pod. Rejects when the node's agent ends before. */
  secure(pod: Pod, addresses: readonly Ip[]): Promise<void>
  /** The pod has given its addresses back. */
  forget(podUid: string): void
}
