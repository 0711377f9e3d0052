import type { InferMessage } from '../../schema/field.ts'
import { int32, list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { ConfigMapNameReference } from '../config/reference.ts'
import { Toleration } from '../core/pod/parts.ts'
import { LabelSelector } from '../meta/selector.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface NodePlacement extends InferMessage<typeof NodePlacement> {}
export const NodePlacement = message(`${GROUP}.NodePlacement`, '', {
  nodeSelector: one(0, ref<LabelSelector>(LabelSelector), ''),
  tolerations: list(0, ref<Toleration>(Toleration), ''),
})

export interface ClientTLS extends InferMessage<typeof ClientTLS> {}
export const ClientTLS = message(`${GROUP}.ClientTLS`, '', {
  clientCertificatePolicy: string(0, '', { required: true, enum: ['Required', 'Optional'] }),
  clientCA: one(0, ref<ConfigMapNameReference>(ConfigMapNameReference), '', { required: true }),
  allowedSubjectPatterns: list(0, STRING, ''),
})

export interface RouteAdmissionPolicy extends InferMessage<typeof RouteAdmissionPolicy> {}
export const RouteAdmissionPolicy = message(`${GROUP}.RouteAdmissionPolicy`, '', {
  namespaceOwnership: string(0, '', { enum: ['InterNamespaceAllowed', 'Strict'] }),
  wildcardPolicy: string(0, '', { enum: ['WildcardsAllowed', 'WildcardsDisallowed'] }),
})

export interface IngressControllerTuningOptions extends InferMessage<typeof IngressControllerTuningOptions> {}
export const IngressControllerTuningOptions = message(`${GROUP}.IngressControllerTuningOptions`, '', {
  headerBufferBytes: int32(0, '', { minimum: 16384 }),
  headerBufferMaxRewriteBytes: int32(0, '', { minimum: 4096 }),
  threadCount: int32(0, '', { minimum: 1, maximum: 64 }),
  clientTimeout: string(0, '', { explicit: true }),
  clientFinTimeout: string(0, '', { explicit: true }),
  serverTimeout: string(0, '', { explicit: true }),
  serverFinTimeout: string(0, '', { explicit: true }),
  tunnelTimeout: string(0, '', { explicit: true }),
  connectTimeout: string(0, '', { explicit: true }),
  httpKeepAliveTimeout: string(0, '', { explicit: true }),
  tlsInspectDelay: string(0, '', { explicit: true }),
  healthCheckInterval: string(0, '', { explicit: true }),
  maxConnections: int32(0, ''),
  reloadInterval: string(0, ''),
  configurationManagement: string(0, '', { enum: ['Dynamic', 'ForkAndReload'] }),
})

export interface HTTPCompressionPolicy extends InferMessage<typeof HTTPCompressionPolicy> {}
export const HTTPCompressionPolicy = message(`${GROUP}.HTTPCompressionPolicy`, '', {
  mimeTypes: list(0, STRING, '', { listType: 'set' }),
})
