import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, int64, json, list, message, one, ref, string } from '../../schema/field.ts'
import { ConfigMapNameReference } from '../config/reference.ts'
import { TLSProfileSpec, TLSSecurityProfile } from '../config/tls-profile.ts'
import { LocalObjectReference } from '../core/reference.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'
import { IngressControllerHTTPHeaders } from './ingress-headers.ts'
import { IngressControllerLogging } from './ingress-logging.ts'
import {
  ClientTLS,
  HTTPCompressionPolicy,
  IngressControllerTuningOptions,
  NodePlacement,
  RouteAdmissionPolicy,
} from './ingress-parts.ts'
import { EndpointPublishingStrategy } from './ingress-publishing.ts'
import { OperatorCondition } from './operator.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface IngressControllerSpec extends InferMessage<typeof IngressControllerSpec> {}
export const IngressControllerSpec = message(`${GROUP}.IngressControllerSpec`, '', {
  domain: string(0, ''),
  httpErrorCodePages: one(0, ref<ConfigMapNameReference>(ConfigMapNameReference), ''),
  replicas: int32(0, '', { explicit: true }),
  endpointPublishingStrategy: one(0, ref<EndpointPublishingStrategy>(EndpointPublishingStrategy), ''),
  defaultCertificate: one(0, ref<LocalObjectReference>(LocalObjectReference), ''),
  namespaceSelector: one(0, ref<LabelSelector>(LabelSelector), ''),
  routeSelector: one(0, ref<LabelSelector>(LabelSelector), ''),
  nodePlacement: one(0, ref<NodePlacement>(NodePlacement), ''),
  tlsSecurityProfile: one(0, ref<TLSSecurityProfile>(TLSSecurityProfile), ''),
  clientTLS: one(0, ref<ClientTLS>(ClientTLS), ''),
  routeAdmission: one(0, ref<RouteAdmissionPolicy>(RouteAdmissionPolicy), ''),
  logging: one(0, ref<IngressControllerLogging>(IngressControllerLogging), ''),
  httpHeaders: one(0, ref<IngressControllerHTTPHeaders>(IngressControllerHTTPHeaders), ''),
  httpEmptyRequestsPolicy: string(0, '', { enum: ['Respond', 'Ignore'], default: 'Respond' }),
  tuningOptions: one(0, ref<IngressControllerTuningOptions>(IngressControllerTuningOptions), ''),
  unsupportedConfigOverrides: json(0, ''),
  httpCompression: one(0, ref<HTTPCompressionPolicy>(HTTPCompressionPolicy), ''),
  idleConnectionTerminationPolicy: string(0, '', { enum: ['Immediate', 'Deferred'], default: 'Immediate' }),
  closedClientConnectionPolicy: string(0, '', { enum: ['Abort', 'Continue'], default: 'Continue' }),
  haproxyVersion: string(0, '', { enum: ['2.8', '3.2'] }),
})

export interface IngressControllerStatus extends InferMessage<typeof IngressControllerStatus> {}
export const IngressControllerStatus = message(`${GROUP}.IngressControllerStatus`, '', {
  availableReplicas: int32(0, ''),
  selector: string(0, ''),
  domain: string(0, ''),
  endpointPublishingStrategy: one(0, ref<EndpointPublishingStrategy>(EndpointPublishingStrategy), ''),
  conditions: list(0, ref<OperatorCondition>(OperatorCondition), '', { listType: 'map', listKeys: ['type'] }),
  tlsProfile: one(0, ref<TLSProfileSpec>(TLSProfileSpec), ''),
  observedGeneration: int64(0, ''),
  namespaceSelector: one(0, ref<LabelSelector>(LabelSelector), ''),
  routeSelector: one(0, ref<LabelSelector>(LabelSelector), ''),
  effectiveHAProxyVersion: string(0, '', { enum: ['2.8', '3.2'] }),
})

const ingressControllerFields = {
  spec: one(0, ref<IngressControllerSpec>(IngressControllerSpec), '', { present: true }),
  status: one(0, ref<IngressControllerStatus>(IngressControllerStatus), ''),
}

export interface IngressController extends KubeObject, Infer<typeof ingressControllerFields> {}
export const IngressController = defineKind<IngressController>({
  group: 'operator.openshift.io',
  version: 'v1',
  kind: 'IngressController',
  plural: 'ingresscontrollers',
  subresources: {
    status: true,
    scale: { replicas: '.spec.replicas', statusReplicas: '.status.availableReplicas', selector: '.status.selector' },
  },
  namespaced: true,
  definition: 'com.github.openshift.api.operator.v1.IngressController',
  doc: '',
  fields: ingressControllerFields,
})
