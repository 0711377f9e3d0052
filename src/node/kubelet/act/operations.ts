import type { Pod } from '../../../api/core/pod.ts'
import type { Ip } from '../../../lib/ip.ts'
import { ip } from '../../../lib/ip.ts'
import type { Action } from '../decide.ts'
import type { RuntimeView } from '../runtime-view.ts'
import type { Tracked } from '../tracked.ts'
import { endContainers, release, restart, tearDown } from './end.ts'
import type { ActDeps } from './mod.ts'
import { setUp } from './set-up.ts'
import { start } from './start.ts'

/** What is done to pods. Each notes what it found out in what is tracked; none rejects but `end`. */
export interface Operations {
  setUp(tracked: Tracked, pod: Pod): Promise<void>
  start(tracked: Tracked, pod: Pod, action: Extract<Action, { do: 'start' }>): Promise<void>
  /** Ends one container, to be started again. */
  stop(tracked: Tracked, pod: Pod, action: Extract<Action, { do: 'stop' }>): Promise<void>
  /** Ends all containers, with their hooks and in their order. Asked again with less time, they get less. */
  end(tracked: Tracked, pod: Pod, graceSeconds: number): Promise<void>
  /** Ends everything and gives the network back; logs stay. */
  release(tracked: Tracked, pod: Pod, graceSeconds: number): Promise<void>
  /** Nothing is left on the node. False when it has to be tried again. */
  tearDown(tracked: Tracked, graceSeconds: number): Promise<boolean>
}

export function createOperations(deps: ActDeps): Operations {
  return {
    setUp: (tracked, pod) => setUp(deps, tracked, pod),
    start: (tracked, pod, action) => start(deps, tracked, pod, action),
    stop: (tracked, pod, action) => restart(deps, tracked, pod, action),
    end: (tracked, pod, graceSeconds) => endContainers(deps, tracked, pod, graceSeconds),
    release: (tracked, pod, graceSeconds) => release(deps, tracked, pod, graceSeconds),
    tearDown: (tracked, graceSeconds) => tearDown(deps, tracked, graceSeconds),
  }
}

/** The addresses of pods that run, for a CNI that has lost its ledger. */
export const livePods = (view: RuntimeView): ReadonlyMap<string, readonly Ip[]> =>
  new Map(
    view
      .all()
      .flatMap(({ spec, stopped }) =>
        stopped || spec.hostNetwork ? [] : [[spec.podUid, spec.podIps.map(ip)] as const],
      ),
  )
