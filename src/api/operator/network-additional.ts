import type { InferMessage } from '../../schema/field.ts'
import { int64, list, message, one, ref, STRING, string } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface StaticIPAMAddresses extends InferMessage<typeof StaticIPAMAddresses> {}
export const StaticIPAMAddresses = message(`${GROUP}.StaticIPAMAddresses`, '', {
  address: string(0, ''),
  gateway: string(0, ''),
})

export interface StaticIPAMRoutes extends InferMessage<typeof StaticIPAMRoutes> {}
export const StaticIPAMRoutes = message(`${GROUP}.StaticIPAMRoutes`, '', {
  destination: string(0, '', { required: true }),
  gateway: string(0, ''),
})

export interface StaticIPAMDNS extends InferMessage<typeof StaticIPAMDNS> {}
export const StaticIPAMDNS = message(`${GROUP}.StaticIPAMDNS`, '', {
  nameservers: list(0, STRING, ''),
  domain: string(0, ''),
  search: list(0, STRING, ''),
})

export interface StaticIPAMConfig extends InferMessage<typeof StaticIPAMConfig> {}
export const StaticIPAMConfig = message(`${GROUP}.StaticIPAMConfig`, '', {
  addresses: list(0, ref<StaticIPAMAddresses>(StaticIPAMAddresses), ''),
  routes: list(0, ref<StaticIPAMRoutes>(StaticIPAMRoutes), ''),
  dns: one(0, ref<StaticIPAMDNS>(StaticIPAMDNS), ''),
})

export interface IPAMConfig extends InferMessage<typeof IPAMConfig> {}
export const IPAMConfig = message(`${GROUP}.IPAMConfig`, '', {
  type: string(0, '', { required: true }),
  staticIPAMConfig: one(0, ref<StaticIPAMConfig>(StaticIPAMConfig), ''),
})

export interface SimpleMacvlanConfig extends InferMessage<typeof SimpleMacvlanConfig> {}
export const SimpleMacvlanConfig = message(`${GROUP}.SimpleMacvlanConfig`, '', {
  master: string(0, ''),
  ipamConfig: one(0, ref<IPAMConfig>(IPAMConfig), ''),
  mode: string(0, ''),
  mtu: int64(0, '', { minimum: 0 }),
})

export interface AdditionalNetworkDefinition extends InferMessage<typeof AdditionalNetworkDefinition> {}
export const AdditionalNetworkDefinition = message(`${GROUP}.AdditionalNetworkDefinition`, '', {
  type: string(0, '', { required: true }),
  name: string(0, '', { required: true }),
  namespace: string(0, ''),
  rawCNIConfig: string(0, ''),
  simpleMacvlanConfig: one(0, ref<SimpleMacvlanConfig>(SimpleMacvlanConfig), ''),
})
