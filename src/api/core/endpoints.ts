import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, list, message, one, ref, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { ObjectReference } from './reference.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface EndpointAddress extends InferMessage<typeof EndpointAddress> {}
export const EndpointAddress = message(
  `${GROUP}.EndpointAddress`,
  '',
  {
    ip: string(1, '', { required: true }),
    hostname: string(3, ''),
    nodeName: string(4, '', { explicit: true }),
    targetRef: one(2, ref<ObjectReference>(ObjectReference), ''),
  },
  { atomic: true },
)

export interface EndpointPort extends InferMessage<typeof EndpointPort> {}
export const EndpointPort = message(
  `${GROUP}.EndpointPort`,
  '',
  {
    name: string(1, ''),
    port: int32(2, '', { required: true }),
    protocol: string(3, '', { enum: ['TCP', 'UDP', 'SCTP'] }),
    appProtocol: string(4, '', { explicit: true }),
  },
  { atomic: true },
)

export interface EndpointSubset extends InferMessage<typeof EndpointSubset> {}
export const EndpointSubset = message(`${GROUP}.EndpointSubset`, '', {
  addresses: list(1, ref<EndpointAddress>(EndpointAddress), ''),
  notReadyAddresses: list(2, ref<EndpointAddress>(EndpointAddress), ''),
  ports: list(3, ref<EndpointPort>(EndpointPort), ''),
})

const endpointsFields = {
  subsets: list(2, ref<EndpointSubset>(EndpointSubset), ''),
}

export interface Endpoints extends KubeObject, Infer<typeof endpointsFields> {}
export const Endpoints = defineKind<Endpoints>({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  singular: 'endpoints',
  shortNames: ['ep'],
  namespaced: true,
  definition: 'io.k8s.api.core.v1.Endpoints',
  doc: '',
  fields: endpointsFields,
})
