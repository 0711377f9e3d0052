import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, int64, json, list, message, one, ref, string } from '../../schema/field.ts'
import { ConfigMapNameReference } from '../config/reference.ts'
import { TLSProfileSpec, TLSSecurityProfile } from '../config/tls-profile.ts'
import { LocalObjectReference } from '../core/reference.ts'
import { AGE, NAME } from '../meta/columns.ts'
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
import { ingressControllerErrors } from './ingress-rules.ts'
import { OperatorCondition } from './operator.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface IngressControllerSpec extends InferMessage<typeof IngressControllerSpec> {}
export const IngressControllerSpec = message(`${GROUP}.IngressControllerSpec`, 'What the routers should be.', {
  domain: string(0, 'The domain of their Routes; unique in the cluster.', { maxLength: 244 }),
  httpErrorCodePages: one(
    0,
    ref<ConfigMapNameReference>(ConfigMapNameReference),
    'Pages for 503 and 404, a ConfigMap in openshift-config.',
  ),
  replicas: int32(0, 'How many.', { explicit: true }),
  endpointPublishingStrategy: one(
    0,
    ref<EndpointPublishingStrategy>(EndpointPublishingStrategy),
    'How they are reached; it can hardly change.',
  ),
  defaultCertificate: one(
    0,
    ref<LocalObjectReference>(LocalObjectReference),
    "The certificate for Routes without one, a Secret in the routers' namespace.",
  ),
  namespaceSelector: one(0, ref<LabelSelector>(LabelSelector), 'Routes of these namespaces.'),
  routeSelector: one(0, ref<LabelSelector>(LabelSelector), 'Routes with these labels.'),
  nodePlacement: one(0, ref<NodePlacement>(NodePlacement), 'Where they run.'),
  tlsSecurityProfile: one(0, ref<TLSSecurityProfile>(TLSSecurityProfile), 'What TLS may use.'),
  clientTLS: one(0, ref<ClientTLS>(ClientTLS), 'Certificates of clients.'),
  routeAdmission: one(0, ref<RouteAdmissionPolicy>(RouteAdmissionPolicy), 'Which Routes are admitted.'),
  logging: one(0, ref<IngressControllerLogging>(IngressControllerLogging), 'What is logged.'),
  httpHeaders: one(0, ref<IngressControllerHTTPHeaders>(IngressControllerHTTPHeaders), 'What happens to headers.'),
  httpEmptyRequestsPolicy: string(0, 'Whether connections without a request get a response.', {
    enum: ['Respond', 'Ignore'],
    default: 'Respond',
  }),
  tuningOptions: one(
    0,
    ref<IngressControllerTuningOptions>(IngressControllerTuningOptions),
    'Buffers, threads and times.',
  ),
  unsupportedConfigOverrides: json(0, 'Settings without support.'),
  httpCompression: one(0, ref<HTTPCompressionPolicy>(HTTPCompressionPolicy), 'Which responses are compressed.'),
  idleConnectionTerminationPolicy: string(0, 'When idle connections end after a reload.', {
    enum: ['Immediate', 'Deferred'],
    default: 'Immediate',
  }),
  closedClientConnectionPolicy: string(0, 'Whether a request goes on when its client has gone.', {
    enum: ['Abort', 'Continue'],
    default: 'Continue',
  }),
  haproxyVersion: string(0, 'The version of HAProxy.', { enum: ['2.8', '3.2'] }),
})

export interface IngressControllerStatus extends InferMessage<typeof IngressControllerStatus> {}
export const IngressControllerStatus = message(`${GROUP}.IngressControllerStatus`, 'What the routers are at present.', {
  availableReplicas: int32(0, 'How many are available.'),
  selector: string(0, 'Their pods, as text.'),
  domain: string(0, 'The domain in use.'),
  endpointPublishingStrategy: one(
    0,
    ref<EndpointPublishingStrategy>(EndpointPublishingStrategy),
    'How they are reached.',
  ),
  conditions: list(0, ref<OperatorCondition>(OperatorCondition), 'Aspects of their state.', {
    listType: 'map',
    listKeys: ['type'],
  }),
  tlsProfile: one(0, ref<TLSProfileSpec>(TLSProfileSpec), 'What TLS may use.'),
  observedGeneration: int64(0, 'The generation it speaks of.'),
  namespaceSelector: one(0, ref<LabelSelector>(LabelSelector), 'The namespaces in force.'),
  routeSelector: one(0, ref<LabelSelector>(LabelSelector), 'The labels in force.'),
  effectiveHAProxyVersion: string(0, 'The version of HAProxy in use.', { enum: ['2.8', '3.2'] }),
})

const ingressControllerFields = {
  spec: one(0, ref<IngressControllerSpec>(IngressControllerSpec), 'What it should be.', { present: true }),
  status: one(0, ref<IngressControllerStatus>(IngressControllerStatus), 'What it is at present; the system writes it.'),
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
  doc: 'A group of routers.',
  fields: ingressControllerFields,
  validate: ingressControllerErrors,
  columns: [NAME, AGE],
})
