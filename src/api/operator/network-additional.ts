import type { InferMessage } from '../../schema/field.ts'
import { int64, list, message, one, ref, STRING, string } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface StaticIPAMAddresses extends InferMessage<typeof StaticIPAMAddresses> {}
export const StaticIPAMAddresses = message(`${GROUP}.StaticIPAMAddresses`, 'An address.', {
  address: string(0, 'The address, with its prefix length.'),
  gateway: string(0, 'The gateway.'),
})

export interface StaticIPAMRoutes extends InferMessage<typeof StaticIPAMRoutes> {}
export const StaticIPAMRoutes = message(`${GROUP}.StaticIPAMRoutes`, 'A route.', {
  destination: string(0, 'The range.', { required: true }),
  gateway: string(0, 'The gateway.'),
})

export interface StaticIPAMDNS extends InferMessage<typeof StaticIPAMDNS> {}
export const StaticIPAMDNS = message(`${GROUP}.StaticIPAMDNS`, 'DNS.', {
  nameservers: list(0, STRING, 'The servers.'),
  domain: string(0, 'The domain.'),
  search: list(0, STRING, 'Search domains.'),
})

export interface StaticIPAMConfig extends InferMessage<typeof StaticIPAMConfig> {}
export const StaticIPAMConfig = message(`${GROUP}.StaticIPAMConfig`, 'Fixed addresses.', {
  addresses: list(0, ref<StaticIPAMAddresses>(StaticIPAMAddresses), 'The addresses.'),
  routes: list(0, ref<StaticIPAMRoutes>(StaticIPAMRoutes), 'The routes.'),
  dns: one(0, ref<StaticIPAMDNS>(StaticIPAMDNS), 'DNS.'),
})

export interface IPAMConfig extends InferMessage<typeof IPAMConfig> {}
export const IPAMConfig = message(`${GROUP}.IPAMConfig`, 'How addresses are given.', {
  type: string(0, 'DHCP or Static.', { required: true }),
  staticIPAMConfig: one(0, ref<StaticIPAMConfig>(StaticIPAMConfig), 'Fixed addresses.'),
})

export interface SimpleMacvlanConfig extends InferMessage<typeof SimpleMacvlanConfig> {}
export const SimpleMacvlanConfig = message(`${GROUP}.SimpleMacvlanConfig`, 'A macvlan network.', {
  master: string(0, "The node's interface."),
  ipamConfig: one(0, ref<IPAMConfig>(IPAMConfig), 'How addresses are given.'),
  mode: string(0, 'Bridge, Private, VEPA or Passthru.'),
  mtu: int64(0, 'The MTU.', { minimum: 0 }),
})

export interface AdditionalNetworkDefinition extends InferMessage<typeof AdditionalNetworkDefinition> {}
export const AdditionalNetworkDefinition = message(`${GROUP}.AdditionalNetworkDefinition`, 'A further network.', {
  type: string(0, 'Raw or SimpleMacvlan.', { required: true }),
  name: string(0, 'Its name.', { required: true }),
  namespace: string(0, 'Its namespace.'),
  rawCNIConfig: string(0, 'The configuration, as JSON text.'),
  simpleMacvlanConfig: one(0, ref<SimpleMacvlanConfig>(SimpleMacvlanConfig), 'Settings for SimpleMacvlan.'),
})
