import type { ReplicaSet } from '../../api/apps/replica-set.ts'
import { ReplicationController } from '../../api/core/workload/replication-controller.ts'
import type { Kind } from '../../api/meta/meta.ts'
import type { Change, Informer, Informers } from '../../client/mod.ts'
import { byController } from '../../client/owner.ts'
import type { Replicas } from '../replicaset/controller.ts'
import { startReplicaSet } from '../replicaset/controller.ts'
import type { Controller, ControllerDeps } from '../shared/controller.ts'

/** Keeps the number of pods of every ReplicationController, in the way of ReplicaSets, as upstream does. */
export const startReplicationController = (deps: ControllerDeps, signal: AbortSignal): Promise<Controller> =>
  startReplicaSet(deps, signal, REPLICATION_CONTROLLERS)

const REPLICATION_CONTROLLERS: Replicas = {
  name: 'replication-controller',
  component: 'replication-controller',
  // Only its status is ever written, and that is alike.
  kind: ReplicationController as unknown as Kind<ReplicaSet>,
  stored: set => stored(set),
  sets: (informers: Informers): Informer<ReplicaSet> => {
    const own = informers.of(ReplicationController, { indexes: { controller: byController } })
    const change = ({ type, object, old }: Change<ReplicationController>): Change<ReplicaSet> => ({
      type,
      object: asSet(object),
      ...(old ? { old: asSet(old) } : {}),
    })
    return {
      kind: own.kind as unknown as Kind<ReplicaSet>,
      get synced() {
        return own.synced
      },
      get(key) {
        const found = own.get(key)
        return found && asSet(found)
      },
      list: namespace => own.list(namespace).map(asSet),
      by: (index, value) => own.by(index, value).map(asSet),
      onChange: handler => own.onChange(each => handler(change(each))),
    }
  },
}

/** The way back: the labels alone. */
const stored = (set: ReplicaSet): ReplicaSet =>
  ({ ...set, spec: { ...set.spec, selector: set.spec.selector.matchLabels } }) as unknown as ReplicaSet

function asSet(object: ReplicationController): ReplicaSet {
  const { selector = {}, ...spec } = object.spec
  return { ...object, spec: { ...spec, selector: { matchLabels: selector } } } as unknown as ReplicaSet
}
