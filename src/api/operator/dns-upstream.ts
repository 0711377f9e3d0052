import type { InferMessage } from '../../schema/field.ts'
import { int64, list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { ConfigMapNameReference } from '../config/reference.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface DNSOverTLSConfig extends InferMessage<typeof DNSOverTLSConfig> {}
export const DNSOverTLSConfig = message(`${GROUP}.DNSOverTLSConfig`, 'TLS to a DNS server.', {
  serverName: string(0, "The server's name.", { required: true }),
  caBundle: one(
    0,
    ref<ConfigMapNameReference>(ConfigMapNameReference),
    'The authorities its certificate may come from, a ConfigMap.',
  ),
})

export interface DNSTransportConfig extends InferMessage<typeof DNSTransportConfig> {}
export const DNSTransportConfig = message(`${GROUP}.DNSTransportConfig`, 'How DNS servers are asked.', {
  transport: string(0, 'TLS, Cleartext, or empty for the default, Cleartext.', { enum: ['TLS', 'Cleartext'] }),
  tls: one(0, ref<DNSOverTLSConfig>(DNSOverTLSConfig), 'Settings for TLS.'),
})

export interface ForwardPlugin extends InferMessage<typeof ForwardPlugin> {}
export const ForwardPlugin = message(`${GROUP}.ForwardPlugin`, 'Where queries are sent.', {
  upstreams: list(0, STRING, 'The servers, as address or address:port; at most 15.', { required: true }),
  policy: string(0, 'In which order they are asked.', {
    enum: ['Random', 'RoundRobin', 'Sequential'],
    default: 'Random',
  }),
  transportConfig: one(0, ref<DNSTransportConfig>(DNSTransportConfig), 'How they are asked.'),
  protocolStrategy: string(0, 'TCP, or empty for the default.'),
})

export interface Server extends InferMessage<typeof Server> {}
export const Server = message(`${GROUP}.Server`, 'A DNS zone that others answer.', {
  name: string(0, 'A name for this entry.', { required: true }),
  zones: list(0, STRING, 'The zones.', { required: true }),
  forwardPlugin: one(0, ref<ForwardPlugin>(ForwardPlugin), 'Who answers.', { required: true }),
})

export interface Upstream extends InferMessage<typeof Upstream> {}
export const Upstream = message(`${GROUP}.Upstream`, 'A DNS server.', {
  type: string(0, "SystemResolvConf for the node's own, or Network.", {
    required: true,
    enum: ['SystemResolvConf', 'Network'],
  }),
  address: string(0, 'Its address.'),
  port: int64(0, 'Its port.', { minimum: 1, maximum: 65535, default: 53 }),
})

export interface UpstreamResolvers extends InferMessage<typeof UpstreamResolvers> {}
export const UpstreamResolvers = message(`${GROUP}.UpstreamResolvers`, 'Who answers all other zones.', {
  upstreams: list(0, ref<Upstream>(Upstream), 'The servers; at most 15.', { default: [{ type: 'SystemResolvConf' }] }),
  policy: string(0, 'In which order they are asked.', {
    enum: ['Random', 'RoundRobin', 'Sequential'],
    default: 'Sequential',
  }),
  transportConfig: one(0, ref<DNSTransportConfig>(DNSTransportConfig), 'How they are asked.'),
  protocolStrategy: string(0, 'TCP, or empty for the default.'),
})
