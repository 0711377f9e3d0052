import type { Infer, InferMessage } from '../../schema/field.ts'
import { STRING, boolean, int32, list, map, message, one, ref, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { ObjectReference } from '../core/reference.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.discovery.v1'

export interface EndpointConditions extends InferMessage<typeof EndpointConditions> {}
export const EndpointConditions = message(`${GROUP}.EndpointConditions`, '', {
  ready: boolean(1, '', { explicit: true }),
  serving: boolean(2, '', { explicit: true }),
  terminating: boolean(3, '', { explicit: true }),
})

export interface ForZone extends InferMessage<typeof ForZone> {}
export const ForZone = message(`${GROUP}.ForZone`, '', {
  name: string(1, '', { required: true }),
})

export interface ForNode extends InferMessage<typeof ForNode> {}
export const ForNode = message(`${GROUP}.ForNode`, '', {
  name: string(1, '', { required: true }),
})

export interface EndpointHints extends InferMessage<typeof EndpointHints> {}
export const EndpointHints = message(`${GROUP}.EndpointHints`, '', {
  forZones: list(1, ref<ForZone>(ForZone), ''),
  forNodes: list(2, ref<ForNode>(ForNode), ''),
})

export interface Endpoint extends InferMessage<typeof Endpoint> {}
export const Endpoint = message(`${GROUP}.Endpoint`, '', {
  addresses: list(1, STRING, '', { required: true, listType: 'set' }),
  conditions: one(2, ref<EndpointConditions>(EndpointConditions), ''),
  hostname: string(3, '', { explicit: true }),
  targetRef: one(4, ref<ObjectReference>(ObjectReference), ''),
  deprecatedTopology: map(5, STRING, ''),
  nodeName: string(6, '', { explicit: true }),
  zone: string(7, '', { explicit: true }),
  hints: one(8, ref<EndpointHints>(EndpointHints), ''),
})

export interface EndpointPort extends InferMessage<typeof EndpointPort> {}
export const EndpointPort = message(`${GROUP}.EndpointPort`, '', {
  name: string(1, '', { explicit: true }),
  protocol: string(2, '', { enum: ['TCP', 'UDP', 'SCTP'], explicit: true }),
  port: int32(3, '', { explicit: true }),
  appProtocol: string(4, '', { explicit: true }),
}, { atomic: true })

const endpointSliceFields = {
  addressType: string(4, '', { required: true, enum: ['IPv4', 'IPv6', 'FQDN'] }),
  endpoints: list(2, ref<Endpoint>(Endpoint), '', { required: true }),
  ports: list(3, ref<EndpointPort>(EndpointPort), ''),
}

export interface EndpointSlice extends KubeObject, Infer<typeof endpointSliceFields> {}
export const EndpointSlice = defineKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
  definition: 'io.k8s.api.discovery.v1.EndpointSlice',
  doc: '',
  fields: endpointSliceFields,
})
