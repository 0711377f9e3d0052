import { Node } from '../../api/core/node.ts'
import { runLoop } from '../../client/loop.ts'
import type { Controller, ControllerDeps } from '../shared/controller.ts'
import { assign, type ClusterNetwork } from './decide.ts'

export interface NodeIpamOptions {
  readonly clusterNetwork: readonly ClusterNetwork[]
}

/** Gives every node its range of pod addresses. One loop for all nodes: ranges are given one after another. */
export async function startNodeIpam(
  deps: ControllerDeps,
  options: NodeIpamOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers } = deps
  const events = deps.events('cidrAllocator')
  const nodes = informers.of(Node)
  const step = async (): Promise<void> => {
    for (const { node, podCIDRs } of assign(nodes.list(), options.clusterNetwork)) {
      const { name, uid, resourceVersion } = node.metadata
      if (podCIDRs === undefined) {
        events.record(node, 'Normal', 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`)
        continue
      }
      const body = { metadata: { uid, resourceVersion }, spec: { podCIDR: podCIDRs[0], podCIDRs } }
      await client.patch(Node, { name }, { type: 'merge', body })
    }
  }
  await informers.sync(signal)
  return runLoop(deps, { name: 'node-ipam', informers: [nodes], step }, signal)
}
