import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, intOrString, list, message, one, ref, string } from '../../schema/field.ts'
import { NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { completeRoute } from './complete.ts'
import { RouteHTTPHeaders } from './route-headers.ts'
import { RouteStatus } from './route-status.ts'
import { routeErrors } from './rules.ts'

const GROUP = 'com.github.openshift.api.route.v1'

export interface RouteTargetReference extends InferMessage<typeof RouteTargetReference> {}
export const RouteTargetReference = message(`${GROUP}.RouteTargetReference`, 'A Service and its share of requests.', {
  kind: string(1, 'Service.', { required: true, enum: ['Service'], default: 'Service' }),
  name: string(2, "The Service's name.", { required: true }),
  weight: int32(3, 'Its share, from 0 to 256, beside the other weights.', {
    explicit: true,
    default: 100,
  }),
})

export interface RoutePort extends InferMessage<typeof RoutePort> {}
export const RoutePort = message(`${GROUP}.RoutePort`, 'The port of the pods.', {
  targetPort: intOrString(1, "The target port's number, or the name of the Service's port.", { required: true }),
})

export interface LocalObjectReference extends InferMessage<typeof LocalObjectReference> {}
export const LocalObjectReference = message(
  `${GROUP}.LocalObjectReference`,
  'An object of the same namespace, by name.',
  {
    name: string(1, "The object's name."),
  },
  { atomic: true },
)

export interface TLSConfig extends InferMessage<typeof TLSConfig> {}
export const TLSConfig = message(`${GROUP}.TLSConfig`, 'How connections are encrypted.', {
  termination: string(1, 'Where TLS ends: edge at the router, passthrough at the pod, reencrypt at both.', {
    required: true,
    enum: ['edge', 'reencrypt', 'passthrough'],
  }),
  certificate: string(2, 'The certificate shown to clients, PEM.'),
  key: string(3, 'Its private key, PEM.'),
  caCertificate: string(4, 'The chain above the certificate, PEM.'),
  destinationCACertificate: string(5, "The authority that the pods' certificates must come from, PEM; for reencrypt."),
  insecureEdgeTerminationPolicy: string(6, 'What happens to plain requests: None, Allow or Redirect.', {
    enum: ['Allow', 'None', 'Redirect'],
  }),
  externalCertificate: one(
    7,
    ref<LocalObjectReference>(LocalObjectReference),
    'A Secret with certificate and key, in place of the fields above.',
  ),
})

export interface RouteSpec extends InferMessage<typeof RouteSpec> {}
export const RouteSpec = message(`${GROUP}.RouteSpec`, 'What a Route should be.', {
  host: string(1, 'The host; generated where absent, and then it cannot change.'),
  subdomain: string(8, "The name under each router's own domain; unused where host is set."),
  path: string(2, 'Requests whose path begins so, by path segments.'),
  to: one(3, ref<RouteTargetReference>(RouteTargetReference), 'The Service that takes requests.', { required: true }),
  alternateBackends: list(
    4,
    ref<RouteTargetReference>(RouteTargetReference),
    'Further Services that take a share; at most 3.',
    { listType: 'map', listKeys: ['name', 'kind'] },
  ),
  port: one(5, ref<RoutePort>(RoutePort), "The pods' port; all ports of the Service where absent."),
  tls: one(6, ref<TLSConfig>(TLSConfig), 'How connections are encrypted; none where absent.'),
  wildcardPolicy: string(7, "None, or Subdomain to take all hosts of the host's domain.", {
    enum: ['None', 'Subdomain'],
    default: 'None',
  }),
  httpHeaders: one(9, ref<RouteHTTPHeaders>(RouteHTTPHeaders), 'Changes to headers.'),
})

const routeFields = {
  spec: one(2, ref<RouteSpec>(RouteSpec), 'What it should be.', { present: true }),
  status: one(3, ref<RouteStatus>(RouteStatus), 'What it is at present; the system writes it.'),
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
  doc: 'Leads requests from outside to Services, by host and path.',
  fields: routeFields,
  complete: completeRoute,
  validate: routeErrors,
  columns: [
    NAME,
    { name: 'Host/Port', type: 'string', description: 'Where it can be reached.', cell: route => hostText(route) },
    { name: 'Path', type: 'string', description: 'The path it takes.', cell: route => route.spec.path ?? '' },
    {
      name: 'Services',
      type: 'string',
      description: 'The Services that take requests.',
      cell: route => servicesText(route.spec),
    },
    {
      name: 'Port',
      type: 'string',
      description: "The pods' port.",
      cell: route => String(route.spec.port?.targetPort ?? '<all>'),
    },
    {
      name: 'Termination',
      type: 'string',
      description: 'How connections are encrypted.',
      cell: route => terminationText(route.spec.tls),
    },
    {
      name: 'Wildcard',
      type: 'string',
      description: 'Whether it takes all hosts of the domain.',
      cell: route => route.spec.wildcardPolicy ?? '',
    },
  ],
  selectable: {
    'spec.host': route => route.spec.host ?? '',
    'spec.path': route => route.spec.path ?? '',
    'spec.to.name': route => route.spec.to.name,
  },
})

function hostText({ spec, status }: Route): string {
  const conditions = (status?.ingress ?? []).map(one => ({
    host: one.host,
    admitted: one.conditions?.find(condition => condition.type === 'Admitted'),
  }))
  const admitted = conditions.filter(one => one.admitted?.status === 'True')
  const rejected = conditions.filter(one => one.admitted?.status === 'False')
  const host = (admitted.find(one => one.host === spec.host) ?? admitted.at(-1))?.host ?? spec.host ?? ''
  if (admitted.length === 0 && rejected.length > 0) return rejected.at(-1)?.admitted?.reason ?? ''
  if (rejected.length > 0) return `${host} ... ${rejected.length} rejected`
  if (admitted.length === 0) return 'Pending'
  return admitted.length > 1 ? `${host} ... ${admitted.length - 1} more` : host
}

function servicesText({ to, alternateBackends = [] }: RouteSpec): string {
  const total = [to, ...alternateBackends].reduce((sum, one) => sum + (one.weight ?? 0), 0)
  const textOf = ({ name, weight }: RouteTargetReference): string =>
    weight === undefined || alternateBackends.length === 0
      ? name
      : `${name}(${total === 0 ? 0 : Math.floor((weight * 100) / total)}%)`
  return [to, ...alternateBackends].map(textOf).join(',')
}

function terminationText(tls: TLSConfig | undefined): string {
  const { termination, insecureEdgeTerminationPolicy: insecure } = tls ?? {}
  return insecure ? `${termination ?? 'default'}/${insecure}` : (termination ?? '')
}
