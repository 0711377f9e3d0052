import type { Pod } from '../../../api/core/pod.ts'
import { messageOf } from '../../../lib/errors.ts'
import { ip } from '../../../lib/ip.ts'
import type { PodNetwork } from '../../cni/mod.ts'
import { readSources } from '../sources.ts'
import { resolvConf } from '../spec/dns.ts'
import { hostnameOf, hostsFile } from '../spec/hosts.ts'
import { VolumeError, volumeSources } from '../spec/volumes.ts'
import type { Tracked } from '../tracked.ts'
import { block } from '../tracked.ts'
import { makeVolumes } from '../volumes/make.ts'
import type { ActDeps } from './mod.ts'
import { isUnavailable, whereabouts } from './mod.ts'
import { addRouterLink } from './router-link.ts'
import { setSysctls } from './sysctls.ts'

/** Network, volumes, sandbox; again where they are there already. */
export async function setUp(deps: ActDeps, tracked: Tracked, pod: Pod): Promise<void> {
  const { options, clock, events } = deps
  tracked.isSettingUp = true
  try {
    const network = pod.spec.hostNetwork ? undefined : addNetwork(deps, tracked.podUid)
    tracked.addresses = network?.addresses ?? options.addresses
    if (network) setSysctls(deps, pod, network.netns)
    if (network) await addRouterLink(deps, pod, network)
    // Policy holds from the first packet on: no process of the pod runs before.
    if (network) await deps.gate?.secure(pod, network.addresses)
    deps.hostPorts()?.put(pod, tracked.addresses.map(ip))
    if (pod.spec.volumes?.length) {
      const sources = await readSources(deps.client, pod.metadata.namespace!, volumeSources(pod), deps.informers)
      await makeVolumes(deps, options.stateDir, pod, sources, whereabouts(options, tracked.addresses))
    }
    const { text, problems } = resolvConf(pod, { ...options, nodeResolvConf: options.resolvConf })
    for (const problem of problems) events.record(pod, 'Warning', 'DNSConfigForming', problem)
    const names = { ...options, nodeHosts: options.hosts }
    const spec = {
      podUid: tracked.podUid,
      namespace: pod.metadata.namespace!,
      name: pod.metadata.name,
      node: options.node,
      netns: network?.netns ?? options.netns,
      hostname: hostnameOf(pod, names),
      podIps: tracked.addresses,
      hostNetwork: pod.spec.hostNetwork ?? false,
      resolvConf: text,
      hosts: hostsFile(pod, tracked.addresses, names),
    }
    await deps.runtime.runSandbox(spec)
    deps.view.noteSandbox({ spec, stopped: false })
    tracked.isSetUp = true
    tracked.blocked.delete('')
  } catch (error) {
    if (isUnavailable(error)) return
    const isVolume = error instanceof VolumeError
    const message = isVolume ? error.message : `Failed to create pod sandbox: ${messageOf(error)}`
    events.record(pod, 'Warning', isVolume ? 'FailedMount' : 'FailedCreatePodSandBox', message)
    block(tracked, '', 'ContainerCreating', message, clock.now())
  } finally {
    tracked.isSettingUp = false
  }
}

function addNetwork(deps: ActDeps, podUid: string): PodNetwork {
  const cni = deps.cni()
  if (!cni) throw new Error('the network of the node does not stand yet')
  return cni.add(podUid)
}
