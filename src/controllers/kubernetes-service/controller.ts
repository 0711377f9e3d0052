import { Endpoints } from '../../api/core/endpoints.ts'
import { Namespace } from '../../api/core/namespace.ts'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import { runLoop } from '../../client/loop.ts'
import type { Controller, ControllerDeps } from '../shared/controller.ts'
import { sameValue } from '../shared/values.ts'
import { type KubernetesServiceOptions, wantedEndpoints, wantedService, wantedSlice } from './decide.ts'

const KEY = { namespace: 'default', name: 'kubernetes' }

/** Keeps the Service by which pods reach the API, and what stands behind it. */
export async function startKubernetesService(
  deps: ControllerDeps,
  options: KubernetesServiceOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers } = deps
  const namespaces = informers.of(Namespace)
  const services = informers.of(Service)
  const endpoints = informers.of(Endpoints)
  const slices = informers.of(EndpointSlice)
  const step = async (): Promise<void> => {
    const namespace = namespaces.get({ name: KEY.namespace })
    if (!namespace || namespace.metadata.deletionTimestamp) return
    const service = services.get(KEY)
    if (!service) await client.create(Service, wantedService(options))
    const [subsets, oldEndpoints] = [wantedEndpoints(options).subsets!, endpoints.get(KEY)]
    if (!oldEndpoints) await client.create(Endpoints, wantedEndpoints(options))
    else if (!sameValue(oldEndpoints.subsets, subsets)) await client.update(Endpoints, { ...oldEndpoints, subsets })
    const [slice, oldSlice] = [wantedSlice(options), slices.get(KEY)]
    if (!oldSlice) await client.create(EndpointSlice, slice)
    else if (!sameValue([oldSlice.endpoints, oldSlice.ports], [slice.endpoints, slice.ports]))
      await client.update(EndpointSlice, { ...oldSlice, endpoints: slice.endpoints, ports: slice.ports! })
  }
  await informers.sync(signal)
  const sources = [namespaces, services, endpoints, slices].map(only)
  return runLoop(deps, { name: 'kubernetes-service', informers: sources, step }, signal)
}

type Watched = {
  onChange(
    handler: (change: {
      readonly object: { readonly metadata: { readonly name: string; readonly namespace?: string } }
    }) => void,
  ): () => void
}

/** Of all that changes only the namespace and the objects in question. */
const only = (informer: Watched) => ({
  onChange: (handler: () => void) =>
    informer.onChange(({ object: { metadata } }) => {
      const isOurs = metadata.namespace === KEY.namespace ? metadata.name === KEY.name : metadata.name === KEY.namespace
      if (isOurs) handler()
    }),
})
