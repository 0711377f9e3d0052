import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, int32, intOrString, list, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import { AGE, labelsText, loadBalancerText, NAME } from '../meta/columns.ts'
import { Condition } from '../meta/condition.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { completeService } from './service/complete.ts'
import { serviceErrors } from './service/rules.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface ClientIPConfig extends InferMessage<typeof ClientIPConfig> {}
export const ClientIPConfig = message(`${GROUP}.ClientIPConfig`, 'How long a client stays with one pod.', {
  timeoutSeconds: int32(1, 'Seconds after the last connection; 10800 where absent.', { explicit: true }),
})

export interface SessionAffinityConfig extends InferMessage<typeof SessionAffinityConfig> {}
export const SessionAffinityConfig = message(`${GROUP}.SessionAffinityConfig`, 'Settings of session affinity.', {
  clientIP: one(1, ref<ClientIPConfig>(ClientIPConfig), 'For affinity by client address.'),
})

export interface ServicePort extends InferMessage<typeof ServicePort> {}
export const ServicePort = message(`${GROUP}.ServicePort`, 'A port of a Service.', {
  name: string(1, 'Needed where there are several ports; unique.'),
  protocol: string(2, 'TCP, UDP or SCTP.', { enum: ['SCTP', 'TCP', 'UDP'], default: 'TCP' }),
  appProtocol: string(6, 'What is spoken on the port, such as http or kubernetes.io/h2c.', { explicit: true }),
  port: int32(3, "The port on the Service's address.", { required: true }),
  targetPort: intOrString(
    4,
    "The pods' port, by number or by the name their containers give it; the port itself where absent.",
  ),
  nodePort: int32(5, 'The port on every node; allocated where absent and needed.'),
})

export interface ServiceSpec extends InferMessage<typeof ServiceSpec> {}
export const ServiceSpec = message(`${GROUP}.ServiceSpec`, 'What a Service should be.', {
  ports: list(1, ref<ServicePort>(ServicePort), 'Its ports.', {
    listType: 'map',
    listKeys: ['port', 'protocol'],
    patchKey: 'port',
  }),
  selector: map(2, STRING, 'The pods behind it; none where absent.', { atomic: true }),
  clusterIP: string(3, 'Its address; allocated where absent, None for a headless Service.'),
  clusterIPs: list(18, STRING, 'Its addresses, one for each family; the first equals clusterIP.'),
  type: string(
    4,
    'Where it can be reached: in the cluster, at every node, at a load balancer, or only as a DNS name.',
    { enum: ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'], default: 'ClusterIP' },
  ),
  externalIPs: list(5, STRING, 'Further addresses that lead to it once packets reach a node.'),
  sessionAffinity: string(7, 'Whether a client stays with one pod.', { enum: ['ClientIP', 'None'], default: 'None' }),
  loadBalancerIP: string(8, "The wished address of the load balancer; use the implementation's own way instead."),
  loadBalancerSourceRanges: list(9, STRING, 'Who may use the load balancer.'),
  externalName: string(10, 'The name that DNS answers with, for ExternalName.'),
  externalTrafficPolicy: string(11, "Local keeps the client's address and uses pods of the receiving node only.", {
    enum: ['Cluster', 'Local'],
  }),
  healthCheckNodePort: int32(12, 'Where a node says if it has pods, for load balancers and Local.'),
  publishNotReadyAddresses: boolean(13, 'DNS and slices treat pods as ready always.'),
  sessionAffinityConfig: one(14, ref<SessionAffinityConfig>(SessionAffinityConfig), 'Settings of session affinity.'),
  ipFamilies: list(19, STRING, 'Its address families.'),
  ipFamilyPolicy: string(17, 'Whether it has one family or two.', {
    enum: ['PreferDualStack', 'RequireDualStack', 'SingleStack'],
    explicit: true,
  }),
  allocateLoadBalancerNodePorts: boolean(20, 'Whether a load balancer Service has node ports.', { explicit: true }),
  loadBalancerClass: string(21, 'Who makes the load balancer.', { explicit: true }),
  internalTrafficPolicy: string(22, "Local uses pods of the client's node only.", {
    enum: ['Cluster', 'Local'],
    explicit: true,
  }),
  trafficDistribution: string(23, 'Which pods are preferred, such as PreferClose.', { explicit: true }),
})

export interface PortStatus extends InferMessage<typeof PortStatus> {}
export const PortStatus = message(`${GROUP}.PortStatus`, "The state of a load balancer's port.", {
  port: int32(1, 'The port.', { required: true }),
  protocol: string(2, 'TCP, UDP or SCTP.', { required: true, enum: ['TCP', 'UDP', 'SCTP'] }),
  error: string(3, 'What is wrong with it.'),
})

export interface LoadBalancerIngress extends InferMessage<typeof LoadBalancerIngress> {}
export const LoadBalancerIngress = message(`${GROUP}.LoadBalancerIngress`, 'Where a load balancer can be reached.', {
  ip: string(1, 'Its address.'),
  hostname: string(2, 'Its name.'),
  ipMode: string(3, 'VIP where packets keep this destination, Proxy where they do not.', { explicit: true }),
  ports: list(4, ref<PortStatus>(PortStatus), 'The state of its ports.'),
})

export interface LoadBalancerStatus extends InferMessage<typeof LoadBalancerStatus> {}
export const LoadBalancerStatus = message(`${GROUP}.LoadBalancerStatus`, 'What a load balancer is at present.', {
  ingress: list(1, ref<LoadBalancerIngress>(LoadBalancerIngress), 'Where it can be reached.'),
})

export interface ServiceStatus extends InferMessage<typeof ServiceStatus> {}
export const ServiceStatus = message(`${GROUP}.ServiceStatus`, 'What a Service is at present.', {
  loadBalancer: one(1, ref<LoadBalancerStatus>(LoadBalancerStatus), 'The state of its load balancer.'),
  conditions: list(2, ref<Condition>(Condition), 'Aspects of its state.', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
})

const serviceFields = {
  spec: one(2, ref<ServiceSpec>(ServiceSpec), 'What it should be.', { present: true }),
  status: one(3, ref<ServiceStatus>(ServiceStatus), 'What it is at present; the system writes it.'),
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
  doc: 'A stable address and name in front of pods.',
  fields: serviceFields,
  complete: completeService,
  validate: serviceErrors,
  columns: [
    NAME,
    {
      name: 'Type',
      type: 'string',
      description: 'Where it can be reached.',
      cell: service => service.spec.type ?? NONE,
    },
    {
      name: 'Cluster-IP',
      type: 'string',
      description: 'Its address in the cluster.',
      cell: service => service.spec.clusterIPs?.[0] ?? NONE,
    },
    {
      name: 'External-IP',
      type: 'string',
      description: 'Its addresses outside.',
      cell: service => externalText(service),
    },
    { name: 'Port(s)', type: 'string', description: 'Its ports.', cell: service => portsText(service.spec.ports) },
    AGE,
    {
      name: 'Selector',
      type: 'string',
      description: 'The pods behind it.',
      priority: 1,
      cell: service => labelsText(service.spec.selector),
    },
  ],
  selectable: {
    'spec.clusterIP': service => service.spec.clusterIP ?? '',
    'spec.type': service => service.spec.type ?? '',
  },
})

const NONE = '<none>'

const portsText = (ports: ServiceSpec['ports'] = []): string =>
  ports.length === 0
    ? NONE
    : ports.map(one => `${one.port}${one.nodePort ? `:${one.nodePort}` : ''}/${one.protocol ?? 'TCP'}`).join(',')

function externalText({ spec, status }: Service): string {
  const given = spec.externalIPs ?? []
  switch (spec.type) {
    case 'LoadBalancer': {
      const balancer = loadBalancerText(status?.loadBalancer?.ingress)
      const all = [...(balancer === '' ? [] : [balancer]), ...given]
      return all.length === 0 ? '<pending>' : all.join(',')
    }
    case 'ExternalName':
      return spec.externalName ?? ''
    default:
      return given.length === 0 ? NONE : given.join(',')
  }
}
