import type { Infer, InferMessage } from '../../schema/field.ts'
import { inline, int32, list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { TypedLocalObjectReference } from '../core/reference.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.networking.v1'

export interface ServiceBackendPort extends InferMessage<typeof ServiceBackendPort> {}
export const ServiceBackendPort = message(
  `${GROUP}.ServiceBackendPort`,
  '',
  {
    name: string(1, ''),
    number: int32(2, ''),
  },
  { atomic: true },
)

export interface IngressServiceBackend extends InferMessage<typeof IngressServiceBackend> {}
export const IngressServiceBackend = message(`${GROUP}.IngressServiceBackend`, '', {
  name: string(1, '', { required: true }),
  port: one(2, ref<ServiceBackendPort>(ServiceBackendPort), ''),
})

export interface IngressBackend extends InferMessage<typeof IngressBackend> {}
export const IngressBackend = message(`${GROUP}.IngressBackend`, '', {
  service: one(4, ref<IngressServiceBackend>(IngressServiceBackend), ''),
  resource: one(3, ref<TypedLocalObjectReference>(TypedLocalObjectReference), ''),
})

export interface HTTPIngressPath extends InferMessage<typeof HTTPIngressPath> {}
export const HTTPIngressPath = message(`${GROUP}.HTTPIngressPath`, '', {
  path: string(1, ''),
  pathType: string(3, '', { required: true, enum: ['Exact', 'Prefix', 'ImplementationSpecific'] }),
  backend: one(2, ref<IngressBackend>(IngressBackend), '', { required: true }),
})

export interface HTTPIngressRuleValue extends InferMessage<typeof HTTPIngressRuleValue> {}
export const HTTPIngressRuleValue = message(`${GROUP}.HTTPIngressRuleValue`, '', {
  paths: list(1, ref<HTTPIngressPath>(HTTPIngressPath), '', { required: true }),
})

export interface IngressRuleValue extends InferMessage<typeof IngressRuleValue> {}
export const IngressRuleValue = message(`${GROUP}.IngressRuleValue`, '', {
  http: one(1, ref<HTTPIngressRuleValue>(HTTPIngressRuleValue), ''),
})

export interface IngressRule extends InferMessage<typeof IngressRule>, IngressRuleValue {}
export const IngressRule = message(`${GROUP}.IngressRule`, '', {
  host: string(1, ''),
  ingressRuleValue: inline(2, IngressRuleValue),
})

export interface IngressTLS extends InferMessage<typeof IngressTLS> {}
export const IngressTLS = message(`${GROUP}.IngressTLS`, '', {
  hosts: list(1, STRING, ''),
  secretName: string(2, ''),
})

export interface IngressSpec extends InferMessage<typeof IngressSpec> {}
export const IngressSpec = message(`${GROUP}.IngressSpec`, '', {
  ingressClassName: string(4, '', { explicit: true }),
  defaultBackend: one(1, ref<IngressBackend>(IngressBackend), ''),
  tls: list(2, ref<IngressTLS>(IngressTLS), ''),
  rules: list(3, ref<IngressRule>(IngressRule), ''),
})

export interface IngressPortStatus extends InferMessage<typeof IngressPortStatus> {}
export const IngressPortStatus = message(`${GROUP}.IngressPortStatus`, '', {
  port: int32(1, '', { required: true }),
  protocol: string(2, '', { required: true, enum: ['TCP', 'UDP', 'SCTP'] }),
  error: string(3, '', { required: true }),
})

export interface IngressLoadBalancerIngress extends InferMessage<typeof IngressLoadBalancerIngress> {}
export const IngressLoadBalancerIngress = message(`${GROUP}.IngressLoadBalancerIngress`, '', {
  ip: string(1, ''),
  hostname: string(2, ''),
  ports: list(4, ref<IngressPortStatus>(IngressPortStatus), ''),
})

export interface IngressLoadBalancerStatus extends InferMessage<typeof IngressLoadBalancerStatus> {}
export const IngressLoadBalancerStatus = message(`${GROUP}.IngressLoadBalancerStatus`, '', {
  ingress: list(1, ref<IngressLoadBalancerIngress>(IngressLoadBalancerIngress), ''),
})

export interface IngressStatus extends InferMessage<typeof IngressStatus> {}
export const IngressStatus = message(`${GROUP}.IngressStatus`, '', {
  loadBalancer: one(1, ref<IngressLoadBalancerStatus>(IngressLoadBalancerStatus), ''),
})

const ingressFields = {
  spec: one(2, ref<IngressSpec>(IngressSpec), '', { present: true }),
  status: one(3, ref<IngressStatus>(IngressStatus), ''),
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
  doc: '',
  fields: ingressFields,
})
