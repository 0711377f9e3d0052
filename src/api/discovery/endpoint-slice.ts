import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, int32, list, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import { ObjectReference } from '../core/reference.ts'
import { AGE, firstThree, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { endpointSliceErrors } from './rules.ts'

const GROUP = 'io.k8s.api.discovery.v1'

export interface EndpointConditions extends InferMessage<typeof EndpointConditions> {}
export const EndpointConditions = message(`${GROUP}.EndpointConditions`, 'Whether an endpoint may be used.', {
  ready: boolean(1, 'It takes traffic; absent counts as true.', { explicit: true }),
  serving: boolean(2, 'It would take traffic, even while it is being ended; absent counts as ready.', {
    explicit: true,
  }),
  terminating: boolean(3, 'It is being ended; absent counts as false.', { explicit: true }),
})

export interface ForZone extends InferMessage<typeof ForZone> {}
export const ForZone = message(`${GROUP}.ForZone`, 'A zone that should use an endpoint.', {
  name: string(1, 'The zone.', { required: true }),
})

export interface ForNode extends InferMessage<typeof ForNode> {}
export const ForNode = message(`${GROUP}.ForNode`, 'A node that should use an endpoint.', {
  name: string(1, 'The node.', { required: true }),
})

export interface EndpointHints extends InferMessage<typeof EndpointHints> {}
export const EndpointHints = message(`${GROUP}.EndpointHints`, 'Who should use an endpoint.', {
  forZones: list(1, ref<ForZone>(ForZone), 'The zones; at most 8.'),
  forNodes: list(2, ref<ForNode>(ForNode), 'The nodes; at most 8.'),
})

export interface Endpoint extends InferMessage<typeof Endpoint> {}
export const Endpoint = message(`${GROUP}.Endpoint`, 'One backend of a Service.', {
  addresses: list(1, STRING, 'Its addresses; consumers use the first.', { required: true, listType: 'set' }),
  conditions: one(2, ref<EndpointConditions>(EndpointConditions), 'Whether it may be used.'),
  hostname: string(3, 'The name DNS gives it under the Service.', { explicit: true }),
  targetRef: one(4, ref<ObjectReference>(ObjectReference), 'The pod it belongs to.'),
  deprecatedTopology: map(5, STRING, 'No longer used.'),
  nodeName: string(6, 'Its node.', { explicit: true }),
  zone: string(7, 'Its zone.', { explicit: true }),
  hints: one(8, ref<EndpointHints>(EndpointHints), 'Who should use it.'),
})

export interface EndpointPort extends InferMessage<typeof EndpointPort> {}
export const EndpointPort = message(
  `${GROUP}.EndpointPort`,
  'One port of the endpoints.',
  {
    name: string(1, "The Service port's name; unique in the slice.", { explicit: true, default: '' }),
    protocol: string(2, 'TCP, UDP or SCTP.', { enum: ['SCTP', 'TCP', 'UDP'], explicit: true, default: 'TCP' }),
    port: int32(3, 'The number; absent means all ports.', { explicit: true }),
    appProtocol: string(4, 'What is spoken on the port.', { explicit: true }),
  },
  { atomic: true },
)

const endpointSliceFields = {
  addressType: string(4, 'IPv4, IPv6 or FQDN; it cannot change.', { required: true, enum: ['IPv4', 'IPv6', 'FQDN'] }),
  endpoints: list(2, ref<Endpoint>(Endpoint), 'The backends; at most 1000.', { required: true }),
  ports: list(3, ref<EndpointPort>(EndpointPort), 'The ports of all of them; at most 100.'),
}

export interface EndpointSlice extends KubeObject, Infer<typeof endpointSliceFields> {}
export const EndpointSlice = defineKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
  definition: 'io.k8s.api.discovery.v1.EndpointSlice',
  doc: 'A part of what stands behind a Service.',
  fields: endpointSliceFields,
  validate: endpointSliceErrors,
  columns: [
    NAME,
    { name: 'AddressType', type: 'string', description: 'IPv4, IPv6 or FQDN.', cell: slice => slice.addressType },
    {
      name: 'Ports',
      type: 'string',
      description: 'Its ports.',
      cell: slice =>
        firstThree(
          (slice.ports ?? []).map(one => String(one.port ?? '*')),
          '<unset>',
        ),
    },
    {
      name: 'Endpoints',
      type: 'string',
      description: 'Its addresses.',
      cell: slice =>
        firstThree(
          slice.endpoints.flatMap(one => one.addresses),
          '<unset>',
        ),
    },
    AGE,
  ],
})
