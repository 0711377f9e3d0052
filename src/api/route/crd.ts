/** Routes as a CustomResourceDefinition, for APIs that do not know them. */
import { crdSchema, type JsonSchema } from '../../schema/structural/crd-schema.ts'
import { Route, RouteSpec } from './route.ts'
import { RouteStatus } from './route-status.ts'

export const ROUTES_CRD = 'routes.route.openshift.io'
/** Who may bring the definition up to date: one that another has made is left alone. */
export const CRD_LABEL = 'app.kubernetes.io/managed-by'

interface Rule {
  readonly rule: string
  readonly message: string
}

/** What the API of OKD checks in code (rules.ts), as far as the language of definitions can say it; by path below spec. */
const CHECKS: Readonly<Record<string, JsonSchema>> = {
  '': rules(
    [
      '!has(self.path) || self.path == "" || !has(self.tls) || self.tls.termination != "passthrough"',
      'passthrough termination does not support paths',
    ],
    [
      '!has(self.httpHeaders) || !has(self.tls) || self.tls.termination != "passthrough"',
      'header actions are not permitted when tls termination is passthrough.',
    ],
    [
      '!has(self.wildcardPolicy) || self.wildcardPolicy != "Subdomain" || (has(self.host) && self.host != "")',
      'host name not specified for wildcard policy',
    ],
  ),
  host: {
    maxLength: 253,
    pattern: '^([a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*)?$',
  },
  subdomain: { maxLength: 253 },
  path: { maxLength: 1024, pattern: '^(/[^# ]*)?$' },
  'to.name': { minLength: 1, maxLength: 253 },
  'to.weight': { minimum: 0, maximum: 256 },
  alternateBackends: { maxItems: 3 },
  'alternateBackends.name': { minLength: 1, maxLength: 253 },
  'alternateBackends.weight': { minimum: 0, maximum: 256 },
  tls: rules(
    [
      '!has(self.insecureEdgeTerminationPolicy) || self.termination != "passthrough" || self.insecureEdgeTerminationPolicy != "Allow"',
      'cannot have both spec.tls.termination: passthrough and spec.tls.insecureEdgeTerminationPolicy: Allow',
    ],
    [
      '!has(self.externalCertificate) || !has(self.certificate) || self.certificate == ""',
      'cannot have both spec.tls.certificate and spec.tls.externalCertificate',
    ],
    [
      'self.termination != "passthrough" || ((!has(self.certificate) || self.certificate == "") && (!has(self.key) || self.key == ""))',
      'passthrough termination does not support certificates',
    ],
  ),
  'tls.insecureEdgeTerminationPolicy': { enum: ['Allow', 'None', 'Redirect', ''] },
  'tls.certificate': { maxLength: 100_000 },
  'tls.key': { maxLength: 100_000 },
  wildcardPolicy: rules(['self == oldSelf', 'field is immutable']),
}

function rules(...list: readonly (readonly [rule: string, message: string])[]): JsonSchema {
  return { 'x-kubernetes-validations': list.map(([rule, message]): Rule => ({ rule, message })) }
}

/** The schema with the checks of each path. */
function checked(schema: JsonSchema, path: string): JsonSchema {
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`)
  const { properties, items, ...rest } = schema as {
    properties?: Readonly<Record<string, JsonSchema>>
    items?: JsonSchema
  }
  return {
    ...rest,
    ...(properties
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, one]) => [name, checked(one, below(name))]),
          ),
        }
      : {}),
    ...(items ? { items: checkedItems(items, path) } : {}),
    ...CHECKS[path],
  }
}

/** Checks of a list's path are the list's own. */
function checkedItems(items: JsonSchema, path: string): JsonSchema {
  const own = Object.keys(CHECKS[path] ?? {})
  return Object.fromEntries(Object.entries(checked(items, path)).filter(([key]) => !own.includes(key)))
}

const column = (name: string, jsonPath: string, description: string) => ({
  name,
  jsonPath,
  description,
  type: 'string',
})

/** The definition as one would apply it. */
export const routesCrd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: ROUTES_CRD, labels: { [CRD_LABEL]: 'fairlead' } },
  spec: {
    group: Route.group,
    scope: 'Namespaced',
    names: { plural: Route.plural, singular: 'route', kind: Route.kind, listKind: 'RouteList', categories: ['all'] },
    versions: [
      {
        name: Route.version,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          column('Host', '.status.ingress[0].host', 'Where it can be reached.'),
          column('Path', '.spec.path', 'The path it takes.'),
          column('Service', '.spec.to.name', 'The Service that takes requests.'),
          column('Port', '.spec.port.targetPort', "The pods' port."),
          column('Termination', '.spec.tls.termination', 'How connections are encrypted.'),
          column(
            'Admitted',
            '.status.ingress[0].conditions[?(@.type=="Admitted")].status',
            'Whether a router serves it.',
          ),
        ],
        schema: {
          openAPIV3Schema: {
            description: 'Leads requests from outside to Services, by host and path.',
            type: 'object',
            required: ['spec'],
            properties: {
              apiVersion: { type: 'string' },
              kind: { type: 'string' },
              metadata: { type: 'object' },
              spec: checked(crdSchema(RouteSpec), ''),
              status: crdSchema(RouteStatus),
            },
          },
        },
      },
    ],
  },
} as const
