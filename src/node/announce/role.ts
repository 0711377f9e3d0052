import { Node } from '../../api/core/node.ts'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import { EgressService } from '../../api/ovn/egress-service.ts'
import type { EventRecorder } from '../../client/events.ts'
import { runLoop } from '../../client/loop.ts'
import type { Informers, Role } from '../../client/mod.ts'
import type { ProgressCollector } from '../../client/progress.ts'
import type { ArpDriver } from '../../host/arp/mod.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import type { NftDriver } from '../../host/nft/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/log.ts'
import { hostIn } from '../../model/egress/services.ts'
import { nodeFacts } from '../../model/nodes/facts.ts'
import type { Announcement } from '../../model/services/announce.ts'
import { announcements } from '../../model/services/announce.ts'
import { serviceIndex } from '../../model/services/fronts.ts'
import type { Beats, Peer } from './beats.ts'
import { openBeats } from './beats.ts'
import { guardedBefore } from './fence.ts'
import type { AnnounceOptions } from './holder.ts'
import { BEAT_PORT, createSpeaker, DEAD_MS } from './speaker.ts'

export interface AnnounceDeps {
  readonly informers: Informers
  readonly progress: ProgressCollector
  readonly nft: NftDriver
  readonly link: LinkDriver
  readonly arp: ArpDriver
  readonly sockets: SocketDriver
  readonly events: EventRecorder
  readonly clock: Clock
  readonly log: Logger
}

const BY_SERVICE = 'announce/service'

/**
 * Answers on the machine network for the load balancer addresses that fall to this node (as MetalLB does in layer 2 mode), and
 * takes over those of nodes that die, within a second. Idle while there is no such address. Resolves when the caches are synced.
 */
export async function startAnnouncer(deps: AnnounceDeps, options: AnnounceOptions, signal: AbortSignal): Promise<Role> {
  const { informers } = deps
  const services = informers.of(Service)
  const slices = informers.of(EndpointSlice, { indexes: { [BY_SERVICE]: serviceIndex } })
  const nodes = informers.of(Node)
  const egressServices = informers.of(EgressService, { optional: true })
  await informers.sync(signal)
  const hostOf = (key: string): string | undefined => {
    const [namespace = '', name = ''] = key.split('/')
    return hostIn(egressServices.get({ namespace, name }))
  }
  const wanted = (): readonly Announcement[] =>
    announcements(
      services.list(),
      ({ metadata }) => slices.by(BY_SERVICE, `${metadata.namespace}/${metadata.name}`),
      nodes.list(),
      hostOf,
    )
  const peers = (): readonly Peer[] =>
    nodes
      .list()
      .filter(({ metadata }) => metadata.name !== options.node)
      .flatMap(node =>
        nodeFacts(node)
          .addresses.slice(0, 1)
          .map((uplink): Peer => ({ name: node.metadata.name, addresses: { uplink } })),
      )
  const nft = deps.nft.open(options.netns)
  let beats: Beats | undefined
  let speaker: ReturnType<typeof createSpeaker> | undefined
  const step = async (): Promise<void> => {
    const all = wanted()
    if (!speaker && all.length === 0 && !guardedBefore(nft)) return
    beats ??= await openBeats(deps, {
      ...options,
      port: BEAT_PORT,
      deadMs: DEAD_MS,
      // Claims end by themselves then: whoever waited longer would leave the address to nobody.
      patienceMs: 0,
      addresses: { uplink: options.address },
    })
    speaker ??= createSpeaker({ ...deps, nft, beats }, options)
    beats.setPeers(peers())
    await speaker.want(all)
  }
  const loop = runLoop(deps, { name: 'announce', informers: [services, slices, nodes, egressServices], step }, signal)
  const done = loop.done.finally(() => {
    speaker?.close()
    beats?.close()
    nft.close()
  })
  return { progress: deps.progress.progress, done }
}
