import { Endpoints } from '../../api/core/endpoints.ts'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import { isNotFound } from '../../client/mod.ts'
import type { SliceSizes } from '../endpointslice/controller.ts'
import { MANAGED_BY, SERVICE_NAME } from '../endpointslice/decide.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { CONTROLLER, decide, isMirrored, type MirrorPlan } from './decide.ts'

/** Makes EndpointSlices of the Endpoints that users write for Services without a selector: proxies read only slices. */
export function startEndpointSliceMirroring(
  deps: ControllerDeps,
  { mirroringMaxEndpointsPerSubset: max }: SliceSizes,
  signal: AbortSignal,
): Promise<Controller> {
  const { informers } = deps
  const events = deps.events('endpoint-slice-mirroring-controller')
  const endpoints = informers.of(Endpoints)
  const services = informers.of(Service)
  const slices = informers.of(EndpointSlice, { indexes: { mirror: mirrorOf } })
  return startKeyed(
    deps,
    {
      name: 'endpointslice-mirroring',
      triggers: [
        trigger(endpoints, one => [keyOf(one)]),
        trigger(services, one => [keyOf(one)]),
        trigger(slices, mirrorOf),
      ],
      async handle(key) {
        const found = endpoints.get(splitKey(key))
        const present = slices.by('mirror', key).filter(slice => !slice.metadata.deletionTimestamp)
        const isWanted = found && !found.metadata.deletionTimestamp && isMirrored(found, services.get(splitKey(key)))
        const plan: MirrorPlan = isWanted
          ? decide(found, present, max)
          : { create: [], update: [], remove: present, warnings: [] }
        await apply(deps, plan)
        for (const [reason, message] of plan.warnings) events.record(found!, 'Warning', reason, message)
      },
    },
    signal,
  )
}

async function apply({ client }: ControllerDeps, { create, update, remove }: MirrorPlan): Promise<void> {
  await Promise.all([
    ...create.map(slice => client.create(EndpointSlice, slice)),
    ...update.map(slice => client.update(EndpointSlice, slice)),
    ...remove.map(({ metadata: { namespace, name } }) =>
      client.delete(EndpointSlice, { namespace: namespace!, name }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error
      }),
    ),
  ])
}

const mirrorOf = ({ metadata }: EndpointSlice): readonly string[] => {
  const service = metadata.labels?.[SERVICE_NAME]
  return service && metadata.labels?.[MANAGED_BY] === CONTROLLER ? [`${metadata.namespace}/${service}`] : []
}
