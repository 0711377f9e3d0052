import { parse } from 'yaml'
import { Service } from '../api/core/service.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import { Ingress } from '../api/networking/ingress.ts'
import { Route } from '../api/route/route.ts'
import { policyOf, ROUTER_DEFAULTS, type RouterOptions } from '../model/routes/options.ts'
import { serviceKeyOf } from '../model/services/fronts.ts'
import type { ApiObject } from '../schema/kind.ts'
import { createPlanner, type Planner } from './layout/planner.ts'
import type { Listeners } from './layout/types.ts'

/** The objects a router sees, for tests: set and removed one by one, and planned from. */
export interface World {
  readonly planner: Planner
  set(object: ApiObject): void
  remove(object: ApiObject): void
}

export const testListeners: Listeners = {
  httpPort: 80,
  httpsPort: 443,
  threads: 1,
  maxConnections: 1000,
  openFiles: 20_000,
  domain: ROUTER_DEFAULTS.domain,
  accessLog: true,
  forwarded: 'append',
  settings: {},
}

export function createWorld(options: Partial<RouterOptions> = {}, listeners: Partial<Listeners> = {}): World {
  const services = new Map<string, Service>()
  const slices = new Map<string, EndpointSlice>()
  const view = {
    service: (key: string) => services.get(key),
    slices: (key: string) => [...slices.values()].filter(slice => serviceKeyOf(slice) === key),
  }
  const policy = policyOf({ ...ROUTER_DEFAULTS, ...options })
  const planner = createPlanner(policy, { ...testListeners, ...listeners }, view)
  const change = (object: ApiObject, isThere: boolean): void => {
    const key = `${object.metadata.namespace}/${object.metadata.name}`
    const put = <T>(store: Map<string, T>): unknown => (isThere ? store.set(key, object as T) : store.delete(key))
    if (object.kind === 'Route' && isThere) planner.put(object as Route)
    else if (object.kind === 'Route') planner.remove(key)
    else if (object.kind === 'Ingress' && isThere) planner.putIngress(object as Ingress, 'nginx')
    else if (object.kind === 'Ingress') planner.removeIngress(key)
    else if (object.kind === 'Service') {
      put(services)
      planner.touch(key)
    } else {
      put(slices)
      planner.touch(serviceKeyOf(object as EndpointSlice) ?? '')
    }
  }
  return { planner, set: object => change(object, true), remove: object => change(object, false) }
}

type Draft = Omit<ApiObject, 'metadata'> & {
  readonly metadata: Partial<ApiObject['metadata']> & { readonly name: string }
}

/** Objects in YAML, one document each, with what the API server would have added. */
export function readObjects(
  text: string,
  kinds: Readonly<Record<string, { group: string; version: string }>> = KINDS,
): ApiObject[] {
  return text
    .split(/^---$/m)
    .map(document => parse(document) as Draft | null)
    .filter(object => object !== null)
    .map((object, index) => ({
      ...object,
      apiVersion: [kinds[object.kind]!.group, kinds[object.kind]!.version].filter(Boolean).join('/'),
      metadata: {
        namespace: 'shop',
        uid: `uid-${object.metadata.name}`,
        resourceVersion: '1',
        creationTimestamp: `2026-01-01T00:00:${String(index).padStart(2, '0')}Z`,
        ...object.metadata,
      },
    }))
}

const KINDS = { Ingress, Route, Service, EndpointSlice }
