import { Deployment } from '../../api/apps/deployment.ts'
import { ReplicaSet } from '../../api/apps/replica-set.ts'
import { StatefulSet } from '../../api/apps/stateful-set.ts'
import { Endpoints } from '../../api/core/endpoints.ts'
import { Event } from '../../api/core/event.ts'
import { Service } from '../../api/core/service.ts'
import { ReplicationController } from '../../api/core/workload/replication-controller.ts'
import type { ApiObject, Kind } from '../../api/meta/meta.ts'
import { isNotFound } from '../../client/mod.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { IDLED_AT, isIdled, NEED_PODS, UNIDLED_AT } from '../../model/services/idling.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { AWAKE, AWAKE_TARGET, isAskedFor, targetsOf, type UnidleTarget } from './decide.ts'

type Scalable = ApiObject & { readonly spec: { readonly replicas?: number } }

const SCALABLE = { Deployment, ReplicaSet, StatefulSet, ReplicationController } as unknown as Readonly<
  Record<string, Kind<Scalable>>
>

/**
 * Wakes the workloads behind an idled Service once a data plane says that it is asked for. The annotations may stand on the
 * Service or on its Endpoints, as they do on OKD.
 */
export async function startUnidling(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { client, informers, clock } = deps
  const events = deps.events('unidling-controller')
  const services = informers.of(Service)
  const endpoints = informers.of(Endpoints)
  const needs = informers.of(Event, { fieldSelector: `reason=${NEED_PODS}`, indexes: { service: serviceOf } })

  const wake = async (namespace: string, { kind, name, replicas }: UnidleTarget, service: Service): Promise<void> => {
    const known = SCALABLE[kind]
    const target = known && (await client.find(known, { namespace, name }))
    if (!target) return events.record(service, 'Warning', 'UnidleFailed', `${kind} ${name} cannot be scaled`)
    if (target.spec.replicas !== 0) return
    const body = { metadata: { annotations: AWAKE_TARGET }, spec: { replicas } }
    await client.patch(known, { namespace, name }, { type: 'merge', body })
  }
  return startKeyed(
    deps,
    {
      name: 'unidling',
      triggers: [trigger(needs, serviceOf), trigger(services, one => (isIdled(one) ? [keyOf(one)] : []))],
      async handle(key) {
        const service = services.get(splitKey(key))
        if (!service) return
        const behind = endpoints.get(splitKey(key))
        const annotations = { ...behind?.metadata.annotations, ...service.metadata.annotations }
        const idledAt = annotations[IDLED_AT]
        if (idledAt === undefined) return
        const asked = needs.by('service', key).map(({ lastTimestamp, eventTime }) => lastTimestamp ?? eventTime)
        if (!isAskedFor(idledAt, asked)) return
        for (const target of targetsOf(annotations)) await wake(service.metadata.namespace!, target, service)
        const patch = (given: object) => ({ type: 'merge', body: { metadata: { annotations: given } } }) as const
        if (behind && isIdled(behind)) await client.patch(Endpoints, splitKey(key), patch(AWAKE)).catch(unlessGone)
        // Nodes go on waiting for the pods.
        const woken = { ...AWAKE, [UNIDLED_AT]: rfc3339(clock.now()) }
        await client.patch(Service, splitKey(key), patch(woken)).catch(unlessGone)
      },
    },
    signal,
  )
}

const serviceOf = ({ involvedObject: { kind, namespace, name } }: Event): readonly string[] =>
  kind === 'Service' ? [`${namespace}/${name}`] : []

function unlessGone(error: unknown): void {
  if (!isNotFound(error)) throw error
}
