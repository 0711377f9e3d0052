import { Node } from '../../api/core/node.ts'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import { EgressService } from '../../api/ovn/egress-service.ts'
import type { LoopSource } from '../../client/loop.ts'
import { changesOf, runLoop } from '../../client/loop.ts'
import { egressNode, egressParts } from '../../model/egress/nodes.ts'
import { hostsOf, keyOfService } from '../../model/egress/services.ts'
import { lostOf } from '../../model/egress/voters.ts'
import { serviceIndex } from '../../model/services/fronts.ts'
import { type Controller, type ControllerDeps, splitKey } from '../shared/controller.ts'
import { isHost, labelChange } from './decide.ts'

const BY_SERVICE = 'egress-service/service'

/** Chooses the node by which each EgressService's pods leave, and labels it, as load balancers of others expect it. */
export async function startEgressService(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { client, informers } = deps
  const events = deps.events('egressservice-controller')
  const egressServices = informers.of(EgressService, { optional: true })
  const nodes = informers.of(Node)
  const services = informers.of(Service)
  const slices = informers.of(EndpointSlice, { indexes: { [BY_SERVICE]: serviceIndex } })
  await informers.sync(signal)
  const isUsed = (): boolean => egressServices.list().length > 0
  const used = (source: LoopSource): LoopSource => ({
    onChange: handler => source.onChange(() => isUsed() && handler()),
  })

  const step = async (): Promise<void> => {
    if (!isUsed() && !nodes.list().some(isHost)) return
    const all = nodes.list().map(egressNode)
    const hosts = hostsOf({
      egressServices: egressServices.list(),
      nodes: all,
      lost: lostOf(all),
      serviceOf: key => services.get(splitKey(key)),
      slicesOf: key => slices.by(BY_SERVICE, key),
    })
    for (const one of egressServices.list()) await put(one, hosts.get(keyOfService(one)) ?? '')
    for (const node of nodes.list()) {
      const labels = labelChange(node, hosts)
      if (labels)
        await client.patch(Node, { name: node.metadata.name }, { type: 'merge', body: { metadata: { labels } } })
    }
  }
  const put = async (one: EgressService, host: string): Promise<void> => {
    if (one.status && one.status.host === host) return
    await client.updateStatus(EgressService, { ...one, status: { host } })
    if (host) events.record(one, 'Normal', 'EgressServiceAssigned', `its pods leave by ${host}`)
    else events.record(one, 'Warning', 'NoMatchingNodeFound', 'no node may serve it, or its Service has no address')
  }
  const sources = [
    egressServices,
    used(changesOf(nodes, egressParts)),
    used(changesOf(services, ({ spec, status }) => [spec, status?.loadBalancer])),
    used(changesOf(slices, ({ endpoints }) => endpoints)),
  ] as readonly LoopSource[]
  return runLoop(deps, { name: 'egress-service', informers: sources, step }, signal)
}
