/** The rules of EndpointSlices and Endpoints. Source: k8s.io/kubernetes/pkg/apis/discovery/validation. */
import { familyOf, parseIp } from '../../lib/ip.ts'
import { duplicate, invalid, required, tooMany } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import type { Endpoints } from '../core/endpoints.ts'
import { specialErrors } from '../core/service/address-rules.ts'
import { dns1123Label, dns1123Subdomain, ipAddress, portNumber, qualifiedName } from '../meta/names.ts'
import { duplicates, immutable, named } from '../meta/rules.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from './endpoint-slice.ts'

const MAX_ENDPOINTS = 1000
const MAX_ADDRESSES = 100
const MAX_PORTS = 20_000
const MAX_HINTS = 8

export function endpointSliceErrors(slice: EndpointSlice, old?: EndpointSlice): readonly FieldError[] {
  const { endpoints, ports = [], addressType } = slice
  return [
    ...portsErrors(ports),
    ...(endpoints.length > MAX_ENDPOINTS ? [tooMany('endpoints', endpoints.length, MAX_ENDPOINTS)] : []),
    ...endpoints.flatMap((one, index) => endpointErrors(one, addressType, `endpoints[${index}]`)),
    ...(old ? immutable('addressType', addressType, old.addressType) : []),
  ]
}

function endpointErrors(endpoint: Endpoint, type: EndpointSlice['addressType'], path: string): readonly FieldError[] {
  const { addresses, hostname, nodeName, hints } = endpoint
  const zones = hints?.forZones?.length ?? 0
  return [
    ...(addresses.length === 0 ? [required(`${path}.addresses`, 'must contain at least 1 address')] : []),
    ...(addresses.length > MAX_ADDRESSES ? [tooMany(`${path}.addresses`, addresses.length, MAX_ADDRESSES)] : []),
    ...addresses.flatMap((text, index) => addressErrors(text, type, `${path}.addresses`, index)),
    ...(hostname === undefined ? [] : named(`${path}.hostname`, hostname, dns1123Label)),
    ...(nodeName === undefined ? [] : named(`${path}.nodeName`, nodeName, dns1123Subdomain)),
    ...(zones > MAX_HINTS ? [tooMany(`${path}.hints.forZones`, zones, MAX_HINTS)] : []),
  ]
}

function addressErrors(
  text: string,
  type: EndpointSlice['addressType'],
  path: string,
  index: number,
): readonly FieldError[] {
  const field = `${path}[${index}]`
  if (type === 'FQDN') return named(field, text, dns1123Subdomain)
  const address = parseIp(text)
  if (address && familyOf(address) === (type === 'IPv4' ? 4 : 6)) return specialErrors(address, field)
  // Upstream names the list.
  return address ? [invalid(path, text, `must be an ${type} address`)] : named(field, text, ipAddress)
}

const portsErrors = (ports: readonly EndpointPort[]): readonly FieldError[] => [
  ...(ports.length > MAX_PORTS ? [tooMany('ports', ports.length, MAX_PORTS)] : []),
  ...ports.flatMap(({ name, port, appProtocol }, index) => [
    ...(name ? named(`ports[${index}].name`, name, dns1123Label) : []),
    ...(port === undefined ? [] : portNumber(port).map(detail => invalid(`ports[${index}].port`, port, detail))),
    ...(appProtocol === undefined ? [] : named(`ports[${index}].appProtocol`, appProtocol, qualifiedName)),
  ]),
  ...duplicateNames(ports).map(index => duplicate(`ports[${index}].name`, ports[index]!.name)),
]

/** Ports without a name have the empty one: it too is used once. */
const duplicateNames = (ports: readonly EndpointPort[]): readonly number[] =>
  duplicates(ports, ({ name = '' }) => `name:${name}`)

export const endpointsErrors = ({ subsets = [] }: Endpoints): readonly FieldError[] =>
  subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }, index) => {
    const path = `subsets[${index}]`
    const check = (list: typeof addresses, name: string): readonly FieldError[] =>
      list.flatMap(({ ip }, at) => {
        const field = `${path}.${name}[${at}].ip`
        const address = parseIp(ip)
        return address ? specialErrors(address, field) : named(field, ip, ipAddress)
      })
    return [
      ...(addresses.length + notReadyAddresses.length === 0
        ? [required(path, 'must specify `addresses` or `notReadyAddresses`')]
        : []),
      ...check(addresses, 'addresses'),
      ...check(notReadyAddresses, 'notReadyAddresses'),
      ...ports.flatMap(({ name, port }, at) => [
        ...(ports.length > 1 && !name ? [required(`${path}.ports[${at}].name`)] : []),
        ...(name ? named(`${path}.ports[${at}].name`, name, dns1123Label) : []),
        ...portNumber(port).map(detail => invalid(`${path}.ports[${at}].port`, port, detail)),
      ]),
    ]
  })
