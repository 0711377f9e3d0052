import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, intOrString, list, message, one, ref, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { RouteHTTPHeaders } from './route-headers.ts'
import { RouteStatus } from './route-status.ts'

const GROUP = 'com.github.openshift.api.route.v1'

export interface RouteTargetReference extends InferMessage<typeof RouteTargetReference> {}
export const RouteTargetReference = message(`${GROUP}.RouteTargetReference`, '', {
  kind: string(1, '', { required: true, enum: ['Service'], default: 'Service' }),
  name: string(2, '', { required: true }),
  weight: int32(3, '', { explicit: true, minimum: 0, maximum: 256, default: 100 }),
})

export interface RoutePort extends InferMessage<typeof RoutePort> {}
export const RoutePort = message(`${GROUP}.RoutePort`, '', {
  targetPort: intOrString(1, '', { required: true }),
})

export interface LocalObjectReference extends InferMessage<typeof LocalObjectReference> {}
export const LocalObjectReference = message(
  `${GROUP}.LocalObjectReference`,
  '',
  {
    name: string(1, ''),
  },
  { atomic: true },
)

export interface TLSConfig extends InferMessage<typeof TLSConfig> {}
export const TLSConfig = message(`${GROUP}.TLSConfig`, '', {
  termination: string(1, '', { required: true, enum: ['edge', 'reencrypt', 'passthrough'] }),
  certificate: string(2, ''),
  key: string(3, ''),
  caCertificate: string(4, ''),
  destinationCACertificate: string(5, ''),
  insecureEdgeTerminationPolicy: string(6, '', { enum: ['Allow', 'None', 'Redirect'] }),
  externalCertificate: one(7, ref<LocalObjectReference>(LocalObjectReference), ''),
})

export interface RouteSpec extends InferMessage<typeof RouteSpec> {}
export const RouteSpec = message(`${GROUP}.RouteSpec`, '', {
  host: string(1, ''),
  subdomain: string(8, ''),
  path: string(2, ''),
  to: one(3, ref<RouteTargetReference>(RouteTargetReference), '', { required: true }),
  alternateBackends: list(4, ref<RouteTargetReference>(RouteTargetReference), '', {
    listType: 'map',
    listKeys: ['name', 'kind'],
  }),
  port: one(5, ref<RoutePort>(RoutePort), ''),
  tls: one(6, ref<TLSConfig>(TLSConfig), ''),
  wildcardPolicy: string(7, '', { enum: ['None', 'Subdomain'], default: 'None' }),
  httpHeaders: one(9, ref<RouteHTTPHeaders>(RouteHTTPHeaders), ''),
})

const routeFields = {
  spec: one(2, ref<RouteSpec>(RouteSpec), '', { present: true }),
  status: one(3, ref<RouteStatus>(RouteStatus), ''),
}

export interface Route extends KubeObject, Infer<typeof routeFields> {}
export const Route = defineKind<Route>({
  group: 'route.openshift.io',
  version: 'v1',
  kind: 'Route',
  plural: 'routes',
  categories: ['all'],
  subresources: { status: true },
  namespaced: true,
  definition: 'com.github.openshift.api.route.v1.Route',
  doc: '',
  fields: routeFields,
})
