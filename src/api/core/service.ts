import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, int32, intOrString, list, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import { Condition } from '../meta/condition.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface ClientIPConfig extends InferMessage<typeof ClientIPConfig> {}
export const ClientIPConfig = message(`${GROUP}.ClientIPConfig`, '', {
  timeoutSeconds: int32(1, '', { explicit: true }),
})

export interface SessionAffinityConfig extends InferMessage<typeof SessionAffinityConfig> {}
export const SessionAffinityConfig = message(`${GROUP}.SessionAffinityConfig`, '', {
  clientIP: one(1, ref<ClientIPConfig>(ClientIPConfig), ''),
})

export interface ServicePort extends InferMessage<typeof ServicePort> {}
export const ServicePort = message(`${GROUP}.ServicePort`, '', {
  name: string(1, ''),
  protocol: string(2, '', { enum: ['TCP', 'UDP', 'SCTP'], default: 'TCP' }),
  appProtocol: string(6, '', { explicit: true }),
  port: int32(3, '', { required: true }),
  targetPort: intOrString(4, ''),
  nodePort: int32(5, ''),
})

export interface ServiceSpec extends InferMessage<typeof ServiceSpec> {}
export const ServiceSpec = message(`${GROUP}.ServiceSpec`, '', {
  ports: list(1, ref<ServicePort>(ServicePort), '', {
    listType: 'map',
    listKeys: ['port', 'protocol'],
    patchKey: 'port',
  }),
  selector: map(2, STRING, '', { atomic: true }),
  clusterIP: string(3, ''),
  clusterIPs: list(18, STRING, ''),
  type: string(4, '', { enum: ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'] }),
  externalIPs: list(5, STRING, ''),
  sessionAffinity: string(7, '', { enum: ['ClientIP', 'None'] }),
  loadBalancerIP: string(8, ''),
  loadBalancerSourceRanges: list(9, STRING, ''),
  externalName: string(10, ''),
  externalTrafficPolicy: string(11, '', { enum: ['Cluster', 'Local'] }),
  healthCheckNodePort: int32(12, ''),
  publishNotReadyAddresses: boolean(13, ''),
  sessionAffinityConfig: one(14, ref<SessionAffinityConfig>(SessionAffinityConfig), ''),
  ipFamilies: list(19, STRING, ''),
  ipFamilyPolicy: string(17, '', { enum: ['SingleStack', 'PreferDualStack', 'RequireDualStack'], explicit: true }),
  allocateLoadBalancerNodePorts: boolean(20, '', { explicit: true }),
  loadBalancerClass: string(21, '', { explicit: true }),
  internalTrafficPolicy: string(22, '', { enum: ['Cluster', 'Local'], explicit: true }),
  trafficDistribution: string(23, '', { explicit: true }),
})

export interface PortStatus extends InferMessage<typeof PortStatus> {}
export const PortStatus = message(`${GROUP}.PortStatus`, '', {
  port: int32(1, '', { required: true }),
  protocol: string(2, '', { required: true, enum: ['TCP', 'UDP', 'SCTP'] }),
  error: string(3, '', { required: true }),
})

export interface LoadBalancerIngress extends InferMessage<typeof LoadBalancerIngress> {}
export const LoadBalancerIngress = message(`${GROUP}.LoadBalancerIngress`, '', {
  ip: string(1, ''),
  hostname: string(2, ''),
  ipMode: string(3, '', { explicit: true }),
  ports: list(4, ref<PortStatus>(PortStatus), ''),
})

export interface LoadBalancerStatus extends InferMessage<typeof LoadBalancerStatus> {}
export const LoadBalancerStatus = message(`${GROUP}.LoadBalancerStatus`, '', {
  ingress: list(1, ref<LoadBalancerIngress>(LoadBalancerIngress), ''),
})

export interface ServiceStatus extends InferMessage<typeof ServiceStatus> {}
export const ServiceStatus = message(`${GROUP}.ServiceStatus`, '', {
  loadBalancer: one(1, ref<LoadBalancerStatus>(LoadBalancerStatus), ''),
  conditions: list(2, ref<Condition>(Condition), '', { listType: 'map', listKeys: ['type'], patchKey: 'type' }),
})

const serviceFields = {
  spec: one(2, ref<ServiceSpec>(ServiceSpec), '', { present: true }),
  status: one(3, ref<ServiceStatus>(ServiceStatus), ''),
}

export interface Service extends KubeObject, Infer<typeof serviceFields> {}
export const Service = defineKind<Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  subresources: { status: true, connect: ['proxy'] },
  namespaced: true,
  definition: 'io.k8s.api.core.v1.Service',
  doc: '',
  fields: serviceFields,
})
