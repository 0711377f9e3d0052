import type { Pod } from '../../../api/core/pod.ts'
import { MANAGEMENT_LINK } from '../../../datapath/options.ts'
import type { LinkDriver } from '../../../host/link/mod.ts'
import type { Netns, NetnsDriver } from '../../../host/netns/mod.ts'
import type { Clock } from '../../../lib/clock.ts'
import { messageOf } from '../../../lib/errors.ts'
import type { Ip } from '../../../lib/ip.ts'
import type { JsonObject } from '../../../wire/json/value.ts'
import type { Cni, PodGate, Sandbox } from '../mod.ts'
import { CniError, ENGINE_OWNER } from '../mod.ts'
import { CniFailure, CODES } from './failure.ts'
import type { CniRequest, PodRef } from './request.ts'
import type { Facts } from './result.ts'
import { addressesIn, resultOf } from './result.ts'

export interface PluginDeps {
  /** The node's own namespace. */
  readonly node: Netns
  readonly netns: NetnsDriver
  readonly link: LinkDriver
  readonly clock: Clock
  /** Absent where no policy is enforced. */
  readonly gate?: PodGate
  /** The pod as the API has it; undefined where it has none. */
  readonly pod: (ref: PodRef) => Promise<Pod | undefined>
  /** Undefined until the node's network stands. */
  readonly network: () => ({ readonly cni: Cni } & Facts) | undefined
}

/** How long CHECK waits for policy that should be in force already. */
const POLICY_MS = 2000

/** Carries out a call; what it answers goes to the engine as it is. Throws CniFailure. */
export async function carryOut(deps: PluginDeps, request: CniRequest): Promise<JsonObject | undefined> {
  const network = deps.network()
  if (!network) {
    const code = request.command === 'STATUS' ? CODES.unavailable : CODES.tryAgain
    throw new CniFailure(code, "the node's network does not stand yet")
  }
  switch (request.command) {
    case 'ADD':
      return add(deps, request, network)
    case 'CHECK':
      return check(deps, request, network.cni)
    case 'DEL':
      network.cni.remove(ownerOf(request))
      if (request.pod?.uid) deps.gate?.forget(request.pod.uid)
      return undefined
    case 'GC':
      network.cni.retain(new Set(request.valid.map(ownerOf)))
      return undefined
    case 'STATUS':
      return status(deps, network.cni)
  }
}

const ownerOf = ({ containerId, ifname }: { readonly containerId: string; readonly ifname: string }): string =>
  `${ENGINE_OWNER}${containerId}/${ifname}`

async function add(deps: PluginDeps, request: CniRequest, network: { readonly cni: Cni } & Facts): Promise<JsonObject> {
  const pod = await podFor(deps, request.pod)
  return within(deps, request, async sandbox => {
    if (deps.link.links(sandbox.netns).some(({ name }) => name === request.ifname))
      throw new CniFailure(CODES.exists, `${request.ifname} exists already in ${request.netns}`)
    const made = attach(network.cni, ownerOf(request), sandbox)
    try {
      // No process of the pod runs before policy holds.
      if (pod) await deps.gate?.secure(pod, made.addresses)
    } catch (error) {
      network.cni.remove(ownerOf(request))
      throw new CniFailure(CODES.tryAgain, `policy of the pod is not in force: ${messageOf(error)}`)
    }
    return resultOf(request, made, network)
  })
}

function attach(cni: Cni, owner: string, sandbox: Sandbox): ReturnType<Cni['add']> {
  try {
    return cni.add(owner, sandbox)
  } catch (error) {
    if (!(error instanceof CniError)) throw error
    throw new CniFailure(error.reason === 'exhausted' ? CODES.tryAgain : CODES.refused, error.message)
  }
}

/** Engines may speak for a pod that is gone, or that another of its name has followed. */
async function podFor(deps: PluginDeps, ref: PodRef | undefined): Promise<Pod | undefined> {
  if (!ref) return undefined
  const pod = await deps.pod(ref)
  if (!pod) throw new CniFailure(CODES.tryAgain, `the API has no pod ${ref.namespace}/${ref.name}`)
  if (ref.uid !== undefined && pod.metadata.uid !== ref.uid) {
    const details = `the sandbox is for ${ref.uid}, the pod is ${pod.metadata.uid}`
    throw new CniFailure(CODES.replaced, `the pod ${ref.namespace}/${ref.name} is another by now`, details)
  }
  return pod
}

async function check(deps: PluginDeps, request: CniRequest, cni: Cni): Promise<undefined> {
  if (request.config.prevResult === undefined)
    throw new CniFailure(CODES.config, 'prevResult is missing', 'CHECK compares with what ADD answered')
  const pod = await podFor(deps, request.pod)
  await within(deps, request, async sandbox => {
    const missing = cni.check(ownerOf(request), sandbox)
    if (missing.length > 0)
      throw new CniFailure(CODES.missing, "the pod's network is not what ADD made", missing.join('; '))
    const { addresses } = cni.add(ownerOf(request), sandbox)
    const told = addressesIn(request.config.prevResult, request.ifname)
    if (told.toSorted().join() !== addresses.toSorted().join())
      throw new CniFailure(CODES.missing, 'the addresses are not those of prevResult', `${told} and ${addresses}`)
    if (pod && deps.gate) await inForce(deps.clock, deps.gate, pod, addresses)
  })
}

function inForce(clock: Clock, gate: PodGate, pod: Pod, addresses: readonly Ip[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new CniFailure(CODES.missing, 'policy of the pod is not in force'))
    const cancel = clock.after(POLICY_MS, late)
    gate.secure(pod, addresses).then(resolve, late).finally(cancel)
  })
}

/** Looks at the kernel, not at what was done once. */
function status({ link, node }: PluginDeps, cni: Cni): undefined {
  const management = link.links(node).find(({ name }) => name === MANAGEMENT_LINK)
  if (!management?.up) throw new CniFailure(CODES.unavailable, `the node's link ${MANAGEMENT_LINK} is not up`)
  if (!cni.hasRoom()) throw new CniFailure(CODES.unavailable, "no address of the node's pod network is free")
  cni.audit()
}

async function within<T>(deps: PluginDeps, request: CniRequest, use: (sandbox: Sandbox) => Promise<T>): Promise<T> {
  let netns: Netns
  try {
    netns = deps.netns.openPath(request.netns)
  } catch (error) {
    throw new CniFailure(CODES.unknownContainer, `the namespace ${request.netns} cannot be entered`, messageOf(error))
  }
  try {
    return await use({ netns, ifname: request.ifname })
  } finally {
    deps.netns.close(netns)
  }
}
