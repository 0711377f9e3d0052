import { Namespace } from '../../api/core/namespace.ts'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { Service } from '../../api/core/service.ts'
import { EgressIP } from '../../api/ovn/egress-ip.ts'
import type { LoopSource } from '../../client/loop.ts'
import { changesOf, runLoop } from '../../client/loop.ts'
import type { EgressWorld, Note } from '../../model/egress/assign.ts'
import { assign } from '../../model/egress/assign.ts'
import type { Member } from '../../model/egress/members.ts'
import { groupsOf } from '../../model/egress/members.ts'
import type { EgressNode } from '../../model/egress/nodes.ts'
import { egressNode, egressParts } from '../../model/egress/nodes.ts'
import { lostOf } from '../../model/egress/voters.ts'
import { podView } from '../../model/policy/pods.ts'
import type { Controller, ControllerDeps } from '../shared/controller.ts'
import { inUse, MOVE_MS, type Move, movesOf, SETTLED_MS, stillFit } from './decide.ts'

/** Not every cluster has these kinds. */
const OPTIONAL = { optional: true } as const

/**
 * Gives the addresses of EgressIPs to nodes. Statuses are the record of what stands; which nodes can be reached is what nodes say
 * of each other in their annotations.
 */
export async function startEgressIP(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { client, informers, clock } = deps
  const events = deps.events('egressip-controller')
  const egressIPs = informers.of(EgressIP, OPTIONAL)
  const nodes = informers.of(Node)
  const services = informers.of(Service)
  const pods = informers.of(Pod)
  const namespaces = informers.of(Namespace)
  await informers.sync(signal)
  let fit: ReadonlyMap<string, number> = new Map()
  let movedMs = Number.NEGATIVE_INFINITY
  let told: ReadonlySet<string> = new Set()
  let cancel = (): void => {}

  const put = async ({ egressIP, items, told: words }: Move): Promise<void> => {
    await client.updateStatus(EgressIP, { ...egressIP, status: { items } })
    for (const [reason, message] of words) events.record(egressIP, 'Normal', reason, message)
  }
  const warn = (notes: readonly Note[]): void => {
    const idOf = ({ egressIP, reason, message }: Note): string => `${egressIP} ${reason} ${message}`
    for (const note of notes) {
      const object = egressIPs.get({ name: note.egressIP })
      if (object && !told.has(idOf(note))) events.record(object, 'Warning', note.reason, note.message)
    }
    told = new Set(notes.map(idOf))
  }
  const settle = async (all: readonly EgressNode[], lost: ReadonlySet<string>): Promise<void> => {
    const nowMs = clock.monotonic()
    fit = stillFit(fit, all, lost, nowMs)
    const world = { egressIPs: egressIPs.list(), nodes: all, lost, inUse: inUse(all, services.list()) }
    const urgent = assign(world)
    const moves = movesOf(world.egressIPs, urgent)
    await Promise.all((moves.length > 0 ? moves : evened(world, nowMs)).map(put))
    warn([...urgent.notes, ...overlaps()])
  }
  /** Nothing is urgent: at most one address, to a node that has been there for a while. */
  const evened = (world: EgressWorld, nowMs: number): readonly Move[] => {
    const isUneven = movesOf(world.egressIPs, assign({ ...world, movable: new Set(fit.keys()) })).length > 0
    if (!isUneven) return []
    cancel = clock.after(MOVE_MS, loop.trigger)
    if (nowMs - movedMs < MOVE_MS) return []
    const settled = new Set([...fit].filter(([, sinceMs]) => nowMs - sinceMs >= SETTLED_MS).map(([name]) => name))
    const moves = movesOf(world.egressIPs, assign({ ...world, movable: settled }))
    if (moves.length > 0) movedMs = nowMs
    return moves
  }
  const step = async (): Promise<void> => {
    cancel()
    const all = nodes.list().map(egressNode)
    if (egressIPs.list().length > 0) await settle(all, lostOf(all))
  }
  const sources = [
    egressIPs,
    used(changesOf(nodes, egressParts)),
    used(changesOf(services, ({ status }) => status?.loadBalancer)),
    used(changesOf(pods, pod => podView(pod))),
    used(changesOf(namespaces, ({ metadata }) => metadata.labels)),
  ]
  const loop = runLoop(deps, { name: 'egress-ip', informers: sources as readonly LoopSource[], step }, signal)
  return { done: loop.done.finally(() => cancel()) }

  /** Without EgressIPs nothing else matters. */
  function used(source: LoopSource): LoopSource {
    return { onChange: handler => source.onChange(() => egressIPs.list().length > 0 && handler()) }
  }

  function overlaps(): readonly Note[] {
    if (egressIPs.list().length < 2) return []
    const labels = new Map(namespaces.list().map(({ metadata }) => [metadata.name, metadata.labels ?? {}]))
    const membersIn = (namespace: string): readonly Member[] =>
      pods.list(namespace).flatMap(pod => {
        const view = podView(pod)
        return view?.is === 'pod' ? [view.pod] : []
      })
    return groupsOf(egressIPs.list(), labels, membersIn).notes
  }
}
