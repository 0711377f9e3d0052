import type { InferMessage } from '../../schema/field.ts'
import { int32, list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { ConfigMapNameReference } from '../config/reference.ts'
import { Toleration } from '../core/pod/parts.ts'
import { LabelSelector } from '../meta/selector.ts'

const GROUP = 'com.github.openshift.api.operator.v1'
const DURATION = '^(0|([0-9]+(\\.[0-9]+)?(ns|us|µs|μs|ms|s|m|h))+)$'
const TOKEN = '[^][ ()\\\\<>@,;:"/?.=\\x00-\\x1f\\x7f]'
/** RFC 1341 section 7, without quoted parameters of more than one line. */
const MIME_TYPE = `^(?i)(x-${TOKEN}+|application|audio|image|message|multipart|text|video)/${TOKEN.replace('.', '')}+(; *${TOKEN}+=(${TOKEN}+|"[^"]*"))?$`

export interface NodePlacement extends InferMessage<typeof NodePlacement> {}
export const NodePlacement = message(`${GROUP}.NodePlacement`, 'Where routers run.', {
  nodeSelector: one(0, ref<LabelSelector>(LabelSelector), 'The nodes, by label.'),
  tolerations: list(0, ref<Toleration>(Toleration), 'Taints tolerated.'),
})

export interface ClientTLS extends InferMessage<typeof ClientTLS> {}
export const ClientTLS = message(`${GROUP}.ClientTLS`, 'Certificates of clients.', {
  clientCertificatePolicy: string(0, 'Required or Optional; empty: none are asked for.', {
    enum: ['', 'Required', 'Optional'],
  }),
  clientCA: one(
    0,
    ref<ConfigMapNameReference>(ConfigMapNameReference),
    'The authorities they may come from, a ConfigMap in openshift-config.',
  ),
  allowedSubjectPatterns: list(0, STRING, 'Regular expressions, one of which the subject must match.'),
})

export interface RouteAdmissionPolicy extends InferMessage<typeof RouteAdmissionPolicy> {}
export const RouteAdmissionPolicy = message(`${GROUP}.RouteAdmissionPolicy`, 'Which Routes are admitted.', {
  namespaceOwnership: string(0, 'Whether namespaces may share a host.', { enum: ['InterNamespaceAllowed', 'Strict'] }),
  wildcardPolicy: string(0, 'Whether wildcard Routes are admitted.', {
    enum: ['WildcardsAllowed', 'WildcardsDisallowed'],
  }),
})

export interface IngressControllerTuningOptions extends InferMessage<typeof IngressControllerTuningOptions> {}
export const IngressControllerTuningOptions = message(
  `${GROUP}.IngressControllerTuningOptions`,
  'Buffers, threads and times of HAProxy.',
  {
    headerBufferBytes: int32(0, 'The buffer for headers; at least 16384.', { minimum: 16384 }),
    headerBufferMaxRewriteBytes: int32(0, 'What of it is kept for added headers; at least 4096.', { minimum: 4096 }),
    threadCount: int32(0, 'How many threads.', { minimum: 1, maximum: 64 }),
    clientTimeout: string(0, 'How long a client may be silent.', { explicit: true, pattern: DURATION }),
    clientFinTimeout: string(0, 'How long a closing client may be silent.', { explicit: true, pattern: DURATION }),
    serverTimeout: string(0, 'How long a pod may be silent.', { explicit: true, pattern: DURATION }),
    serverFinTimeout: string(0, 'How long a closing pod may be silent.', { explicit: true, pattern: DURATION }),
    tunnelTimeout: string(0, 'How long a tunnel, such as a WebSocket, may be silent.', {
      explicit: true,
      pattern: DURATION,
    }),
    connectTimeout: string(0, 'How long connecting to a pod may take.', { explicit: true, pattern: DURATION }),
    httpKeepAliveTimeout: string(0, 'How long an idle connection waits for the next request.', { explicit: true }),
    tlsInspectDelay: string(0, 'How long a TLS client may take to say its server name.', {
      explicit: true,
      pattern: DURATION,
    }),
    healthCheckInterval: string(0, 'How often pods are checked.', { explicit: true, pattern: DURATION }),
    maxConnections: int32(0, 'How many connections; -1 to compute it.'),
    reloadInterval: string(0, 'The least time between reloads.', { pattern: DURATION }),
    configurationManagement: string(0, 'Whether changes are made without a reload.', {
      enum: ['Dynamic', 'ForkAndReload'],
    }),
  },
)

export interface HTTPCompressionPolicy extends InferMessage<typeof HTTPCompressionPolicy> {}
export const HTTPCompressionPolicy = message(`${GROUP}.HTTPCompressionPolicy`, 'Which responses are compressed.', {
  mimeTypes: list(0, STRING, 'Those of these types.', { listType: 'set', items: { pattern: MIME_TYPE } }),
})
