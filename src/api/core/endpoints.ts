import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, list, message, one, ref, string } from '../../schema/field.ts'
import { endpointsErrors } from '../discovery/rules.ts'
import { AGE, firstThree, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { ObjectReference } from './reference.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface EndpointAddress extends InferMessage<typeof EndpointAddress> {}
export const EndpointAddress = message(
  `${GROUP}.EndpointAddress`,
  'One address behind a Service.',
  {
    ip: string(1, 'The address.', { required: true }),
    hostname: string(3, 'The name DNS gives it under the Service.'),
    nodeName: string(4, 'Its node.', { explicit: true }),
    targetRef: one(2, ref<ObjectReference>(ObjectReference), 'The pod it belongs to.'),
  },
  { atomic: true },
)

export interface EndpointPort extends InferMessage<typeof EndpointPort> {}
export const EndpointPort = message(
  `${GROUP}.EndpointPort`,
  'One port of the addresses.',
  {
    name: string(1, "The Service port's name."),
    port: int32(2, 'The number.', { required: true }),
    protocol: string(3, 'TCP, UDP or SCTP.', { enum: ['TCP', 'UDP', 'SCTP'], default: 'TCP' }),
    appProtocol: string(4, 'What is spoken on the port.', { explicit: true }),
  },
  { atomic: true },
)

export interface EndpointSubset extends InferMessage<typeof EndpointSubset> {}
export const EndpointSubset = message(`${GROUP}.EndpointSubset`, 'Addresses that share ports.', {
  addresses: list(1, ref<EndpointAddress>(EndpointAddress), 'Ready addresses.'),
  notReadyAddresses: list(2, ref<EndpointAddress>(EndpointAddress), 'Addresses that are not ready.'),
  ports: list(3, ref<EndpointPort>(EndpointPort), 'Their ports.'),
})

const endpointsFields = {
  subsets: list(2, ref<EndpointSubset>(EndpointSubset), 'Groups of addresses with the same ports.'),
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
  doc: 'What stands behind a Service, in the older form; EndpointSlice is the newer.',
  fields: endpointsFields,
  validate: endpointsErrors,
  columns: [
    NAME,
    {
      name: 'Endpoints',
      type: 'string',
      description: 'Addresses and ports.',
      cell: endpoints => firstThree((endpoints.subsets ?? []).flatMap(socketsOf), '<none>'),
    },
    AGE,
  ],
})

function socketsOf({ addresses = [], ports = [] }: EndpointSubset): readonly string[] {
  if (ports.length === 0) return addresses.map(one => one.ip)
  return ports.flatMap(({ port }) =>
    addresses.map(({ ip }) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)),
  )
}
