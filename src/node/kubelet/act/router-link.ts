import type { Container } from '../../../api/core/pod/container.ts'
import type { Pod } from '../../../api/core/pod.ts'
import type { PodNetwork } from '../../cni/mod.ts'
import { attachRouter } from '../../egress-router/attach.ts'
import { routerLinkOf } from '../../egress-router/wanted.ts'
import { readSources } from '../sources.ts'
import { containerEnv, envSources } from '../spec/env.ts'
import type { ActDeps } from './mod.ts'
import { whereabouts } from './mod.ts'

/** Makes a pod that asks for it an egress router, before its first container. Throws what is wrong with its settings. */
export async function addRouterLink(deps: ActDeps, pod: Pod, network: PodNetwork): Promise<void> {
  const variablesOf = async (container: Container): Promise<Readonly<Record<string, string>>> => {
    const sources = await readSources(deps.client, pod.metadata.namespace!, envSources(container))
    return containerEnv(pod, container, {}, sources, whereabouts(deps.options, network.addresses))
  }
  const wanted = await routerLinkOf(deps.client, pod, variablesOf)
  if (!wanted) return
  const at = deps.netns.open(network.netns)
  try {
    attachRouter(deps, { node: deps.netns.home, pod: at, inside: deps.options.insideNetworks ?? [] }, wanted)
  } finally {
    deps.netns.close(at)
  }
}
