import { Node } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import { isNotFound } from '../../client/mod.ts'
import {
  type Controller,
  type ControllerDeps,
  keyOf,
  rest,
  splitKey,
  startKeyed,
  trigger,
} from '../shared/controller.ts'
import { podCondition } from '../shared/pods.ts'
import { changesEndpoint, isSelecting, type Selection, selectionOf } from '../shared/selection.ts'
import { CONTROLLER, decide, MANAGED_BY, type Plan, SERVICE_NAME } from './decide.ts'
import { isTopologyAware } from './endpoints.ts'
import { blackHoleWarning } from './warnings.ts'

const ZONE = 'topology.kubernetes.io/zone'

/** Upstream's flags of the same names, 1 to 1000 each. */
export interface SliceSizes {
  /** 100 where absent. */
  readonly maxEndpointsPerSlice?: number
  /** 1000 where absent. */
  readonly mirroringMaxEndpointsPerSubset?: number
}

/** Keeps the EndpointSlices of every Service with a selector. */
export async function startEndpointSlice(
  deps: ControllerDeps,
  { maxEndpointsPerSlice }: SliceSizes,
  signal: AbortSignal,
): Promise<Controller> {
  const { informers } = deps
  const events = deps.events('endpoint-slice-controller')
  const selection = selectionOf(informers)
  const { services } = selection
  const onNode = informers.of(selection.pods.kind, { indexes: { node: byNode } })
  const nodes = informers.of(Node)
  const slices = informers.of(EndpointSlice, { indexes: { service: managedFor } })
  const causes = createCauses(selection)

  const servicesOn = (node: Node): readonly string[] => {
    const keys = onNode.by('node', node.metadata.name).flatMap(pod => selection.servicesOf(pod).map(keyOf))
    return [...new Set(keys)]
  }
  const started = await startKeyed(
    deps,
    {
      name: 'endpointslice',
      triggers: [
        trigger(services, service => [keyOf(service)]),
        trigger(selection.pods, pod => selection.servicesOf(pod).map(keyOf), changesEndpoint),
        trigger(slices, managedFor),
        trigger(nodes, servicesOn, (node, old) => node.metadata.labels?.[ZONE] !== old.metadata.labels?.[ZONE]),
        trigger(nodes, () => services.list().filter(isTopologyAware).map(keyOf), sharesChange),
      ],
      async handle(key, queue) {
        const service = services.get(splitKey(key))
        const cause = causes.take(key)
        // Slices of a Service that is gone go with it, by their owner reference.
        if (!service || !isSelecting(service) || service.metadata.deletionTimestamp) return
        const present = slices.by('service', key).filter(slice => !slice.metadata.deletionTimestamp)
        const born = present.length === 0 ? service.metadata.creationTimestamp : undefined
        const pods = selection.podsOf(service)
        const plan = decide({
          service,
          pods,
          node: name => nodes.get({ name }),
          nodes: () => nodes.list(),
          slices: present,
          triggerTime: cause ?? born ?? undefined,
          ...(maxEndpointsPerSlice === undefined ? {} : { max: maxEndpointsPerSlice }),
        })
        try {
          await apply(deps, service, plan)
        } catch (error) {
          if (cause) causes.add(key, cause)
          throw error
        }
        for (const [reason, message] of plan.warnings) events.record(service, 'Warning', reason, message)
        const hole = blackHoleWarning(service, pods, deps.clock.now())
        if (hole?.waitMs) queue.addAfter(key, hole.waitMs)
        else if (hole) events.record(service, 'Warning', ...hole.warning)
        await rest(deps, pods.length, signal)
      },
    },
    signal,
  )
  causes.follow()
  return started
}

async function apply({ client }: ControllerDeps, service: Service, plan: Plan): Promise<void> {
  const namespace = service.metadata.namespace!
  const remove = (slice: EndpointSlice): Promise<unknown> =>
    client.delete(EndpointSlice, { namespace, name: slice.metadata.name }).catch(error => {
      if (!isNotFound(error)) throw error
    })
  await Promise.all([
    ...plan.create.map(slice => client.create(EndpointSlice, slice)),
    ...plan.update.map(slice => client.update(EndpointSlice, slice)),
    ...plan.remove.map(remove),
  ])
}

/** What zones can carry follows from the nodes' processors, zones and readiness. */
const sharesChange = (node: Node, old: Node): boolean => {
  const facts = ({ metadata, status }: Node): string =>
    JSON.stringify([
      metadata.labels,
      status?.allocatable?.cpu,
      status?.conditions?.find(one => one.type === 'Ready')?.status,
    ])
  return facts(node) !== facts(old)
}

const byNode = (pod: Pod): readonly string[] => (pod.spec.nodeName ? [pod.spec.nodeName] : [])

const managedFor = ({ metadata }: EndpointSlice): readonly string[] => {
  const service = metadata.labels?.[SERVICE_NAME]
  return service && metadata.labels?.[MANAGED_BY] === CONTROLLER ? [`${metadata.namespace}/${service}`] : []
}

/** For each Service the earliest thing that happened to its pods since its slices were last written. */
interface Causes {
  follow(): void
  add(key: string, time: string): void
  take(key: string): string | undefined
}

function createCauses({ pods, servicesOf }: Selection): Causes {
  const times = new Map<string, string>()
  const add = (key: string, time: string): void => {
    const known = times.get(key)
    if (known === undefined || Date.parse(time) < Date.parse(known)) times.set(key, time)
  }
  const timeOf = (pod: Pod): string | undefined =>
    pod.metadata.deletionTimestamp ?? podCondition(pod, 'Ready')?.lastTransitionTime ?? undefined
  return {
    add,
    take(key) {
      const time = times.get(key)
      times.delete(key)
      return time
    },
    follow() {
      pods.onChange(({ type, object, old }) => {
        const time = timeOf(object)
        if (time === undefined || (type === 'changed' && old && !changesEndpoint(object, old))) return
        for (const service of servicesOf(object)) add(keyOf(service), time)
      })
    },
  }
}
