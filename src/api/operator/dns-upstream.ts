import type { InferMessage } from '../../schema/field.ts'
import { int64, list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { ConfigMapNameReference } from '../config/reference.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface DNSOverTLSConfig extends InferMessage<typeof DNSOverTLSConfig> {}
export const DNSOverTLSConfig = message(`${GROUP}.DNSOverTLSConfig`, '', {
  serverName: string(0, '', { required: true }),
  caBundle: one(0, ref<ConfigMapNameReference>(ConfigMapNameReference), ''),
})

export interface DNSTransportConfig extends InferMessage<typeof DNSTransportConfig> {}
export const DNSTransportConfig = message(`${GROUP}.DNSTransportConfig`, '', {
  transport: string(0, '', { enum: ['TLS', 'Cleartext'] }),
  tls: one(0, ref<DNSOverTLSConfig>(DNSOverTLSConfig), ''),
})

export interface ForwardPlugin extends InferMessage<typeof ForwardPlugin> {}
export const ForwardPlugin = message(`${GROUP}.ForwardPlugin`, '', {
  upstreams: list(0, STRING, '', { required: true }),
  policy: string(0, '', { enum: ['Random', 'RoundRobin', 'Sequential'], default: 'Random' }),
  transportConfig: one(0, ref<DNSTransportConfig>(DNSTransportConfig), ''),
  protocolStrategy: string(0, ''),
})

export interface Server extends InferMessage<typeof Server> {}
export const Server = message(`${GROUP}.Server`, '', {
  name: string(0, '', { required: true }),
  zones: list(0, STRING, '', { required: true }),
  forwardPlugin: one(0, ref<ForwardPlugin>(ForwardPlugin), '', { required: true }),
})

export interface Upstream extends InferMessage<typeof Upstream> {}
export const Upstream = message(`${GROUP}.Upstream`, '', {
  type: string(0, '', { required: true, enum: ['SystemResolvConf', 'Network'] }),
  address: string(0, ''),
  port: int64(0, '', { minimum: 1, maximum: 65535, default: 53 }),
})

export interface UpstreamResolvers extends InferMessage<typeof UpstreamResolvers> {}
export const UpstreamResolvers = message(`${GROUP}.UpstreamResolvers`, '', {
  upstreams: list(0, ref<Upstream>(Upstream), '', { default: [{ type: 'SystemResolvConf' }] }),
  policy: string(0, '', { enum: ['Random', 'RoundRobin', 'Sequential'], default: 'Sequential' }),
  transportConfig: one(0, ref<DNSTransportConfig>(DNSTransportConfig), ''),
  protocolStrategy: string(0, ''),
})
