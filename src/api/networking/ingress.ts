import type { Infer, InferMessage } from '../../schema/field.ts'
import { inline, int32, list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { TypedLocalObjectReference } from '../core/reference.ts'
import { AGE, firstThree, loadBalancerText, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { ingressErrors } from './rules.ts'

const GROUP = 'io.k8s.api.networking.v1'

export interface ServiceBackendPort extends InferMessage<typeof ServiceBackendPort> {}
export const ServiceBackendPort = message(
  `${GROUP}.ServiceBackendPort`,
  'A port of a Service, by name or number.',
  {
    name: string(1, "The port's name."),
    number: int32(2, "The port's number."),
  },
  { atomic: true },
)

export interface IngressServiceBackend extends InferMessage<typeof IngressServiceBackend> {}
export const IngressServiceBackend = message(`${GROUP}.IngressServiceBackend`, 'A Service that takes requests.', {
  name: string(1, "The Service's name.", { required: true }),
  port: one(2, ref<ServiceBackendPort>(ServiceBackendPort), 'Its port.'),
})

export interface IngressBackend extends InferMessage<typeof IngressBackend> {}
export const IngressBackend = message(`${GROUP}.IngressBackend`, 'What takes requests; exactly one is set.', {
  service: one(4, ref<IngressServiceBackend>(IngressServiceBackend), 'A Service.'),
  resource: one(3, ref<TypedLocalObjectReference>(TypedLocalObjectReference), 'Another object of the namespace.'),
})

export interface HTTPIngressPath extends InferMessage<typeof HTTPIngressPath> {}
export const HTTPIngressPath = message(`${GROUP}.HTTPIngressPath`, 'A path, and what takes its requests.', {
  path: string(1, 'The path; it begins with a slash.'),
  pathType: string(3, 'Exact, Prefix by path segments, or ImplementationSpecific.', {
    required: true,
    enum: ['Exact', 'ImplementationSpecific', 'Prefix'],
  }),
  backend: one(2, ref<IngressBackend>(IngressBackend), 'What takes the requests.', { required: true }),
})

export interface HTTPIngressRuleValue extends InferMessage<typeof HTTPIngressRuleValue> {}
export const HTTPIngressRuleValue = message(`${GROUP}.HTTPIngressRuleValue`, 'Paths of a host.', {
  paths: list(1, ref<HTTPIngressPath>(HTTPIngressPath), 'The paths; the longest match wins.', { required: true }),
})

export interface IngressRuleValue extends InferMessage<typeof IngressRuleValue> {}
export const IngressRuleValue = message(`${GROUP}.IngressRuleValue`, 'What a rule speaks of.', {
  http: one(1, ref<HTTPIngressRuleValue>(HTTPIngressRuleValue), 'HTTP requests.'),
})

export interface IngressRule extends InferMessage<typeof IngressRule>, IngressRuleValue {}
export const IngressRule = message(`${GROUP}.IngressRule`, 'What happens to requests for a host.', {
  host: string(1, 'The host; *. in front stands for one label, absent for all hosts.'),
  ingressRuleValue: inline(2, IngressRuleValue),
})

export interface IngressTLS extends InferMessage<typeof IngressTLS> {}
export const IngressTLS = message(`${GROUP}.IngressTLS`, 'A certificate for some hosts.', {
  hosts: list(1, STRING, 'The hosts.'),
  secretName: string(2, 'The Secret with the certificate and key.'),
})

export interface IngressSpec extends InferMessage<typeof IngressSpec> {}
export const IngressSpec = message(`${GROUP}.IngressSpec`, 'What an Ingress should be.', {
  ingressClassName: string(4, 'The class, which says who carries it out.', { explicit: true }),
  defaultBackend: one(1, ref<IngressBackend>(IngressBackend), 'What takes requests that no rule takes.'),
  tls: list(2, ref<IngressTLS>(IngressTLS), 'Certificates.'),
  rules: list(3, ref<IngressRule>(IngressRule), 'What happens to requests, by host.'),
})

export interface IngressPortStatus extends InferMessage<typeof IngressPortStatus> {}
export const IngressPortStatus = message(`${GROUP}.IngressPortStatus`, "The state of a load balancer's port.", {
  port: int32(1, 'The port.', { required: true }),
  protocol: string(2, 'TCP, UDP or SCTP.', { required: true, enum: ['TCP', 'UDP', 'SCTP'] }),
  error: string(3, 'What is wrong with it.', { required: true }),
})

export interface IngressLoadBalancerIngress extends InferMessage<typeof IngressLoadBalancerIngress> {}
export const IngressLoadBalancerIngress = message(
  `${GROUP}.IngressLoadBalancerIngress`,
  'Where a load balancer can be reached.',
  {
    ip: string(1, 'Its address.'),
    hostname: string(2, 'Its name.'),
    ports: list(4, ref<IngressPortStatus>(IngressPortStatus), 'The state of its ports.'),
  },
)

export interface IngressLoadBalancerStatus extends InferMessage<typeof IngressLoadBalancerStatus> {}
export const IngressLoadBalancerStatus = message(
  `${GROUP}.IngressLoadBalancerStatus`,
  'What a load balancer is at present.',
  {
    ingress: list(1, ref<IngressLoadBalancerIngress>(IngressLoadBalancerIngress), 'Where it can be reached.'),
  },
)

export interface IngressStatus extends InferMessage<typeof IngressStatus> {}
export const IngressStatus = message(`${GROUP}.IngressStatus`, 'What an Ingress is at present.', {
  loadBalancer: one(1, ref<IngressLoadBalancerStatus>(IngressLoadBalancerStatus), 'Where it can be reached.'),
})

const ingressFields = {
  spec: one(2, ref<IngressSpec>(IngressSpec), 'What it should be.', { present: true }),
  status: one(3, ref<IngressStatus>(IngressStatus), 'What it is at present; the system writes it.'),
}

export interface Ingress extends KubeObject, Infer<typeof ingressFields> {}
export const Ingress = defineKind<Ingress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  shortNames: ['ing'],
  subresources: { status: true },
  namespaced: true,
  definition: 'io.k8s.api.networking.v1.Ingress',
  doc: 'Leads requests from outside to Services, by host and path.',
  fields: ingressFields,
  validate: ingressErrors,
  columns: [
    NAME,
    {
      name: 'Class',
      type: 'string',
      description: 'Who carries it out.',
      cell: ingress => ingress.spec.ingressClassName ?? '<none>',
    },
    { name: 'Hosts', type: 'string', description: 'Its hosts.', cell: ingress => hostsText(ingress) },
    {
      name: 'Address',
      type: 'string',
      description: 'Where it can be reached.',
      cell: ingress => loadBalancerText(ingress.status?.loadBalancer?.ingress),
    },
    {
      name: 'Ports',
      type: 'string',
      description: 'Its ports.',
      cell: ingress => (ingress.spec.tls?.length ? '80, 443' : '80'),
    },
    AGE,
  ],
})

const hostsText = ({ spec }: Ingress): string =>
  firstThree(
    (spec.rules ?? []).flatMap(rule => (rule.host ? [rule.host] : [])),
    '*',
  )
