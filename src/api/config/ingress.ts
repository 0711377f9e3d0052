import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, json, list, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import { Condition } from '../meta/condition.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'
import { ingressConfigErrors } from './ingress-rules.ts'
import { ObjectReference, SecretNameReference } from './reference.ts'

const GROUP = 'com.github.openshift.api.config.v1'

export interface MaxAgePolicy extends InferMessage<typeof MaxAgePolicy> {}
export const MaxAgePolicy = message(`${GROUP}.MaxAgePolicy`, 'Bounds of max-age.', {
  largestMaxAge: int32(0, 'The most, in seconds.', { explicit: true, minimum: 0, maximum: 2147483647 }),
  smallestMaxAge: int32(0, 'The least, in seconds.', { explicit: true, minimum: 0, maximum: 2147483647 }),
})

export interface RequiredHSTSPolicy extends InferMessage<typeof RequiredHSTSPolicy> {}
export const RequiredHSTSPolicy = message(`${GROUP}.RequiredHSTSPolicy`, 'What HSTS header Routes must have.', {
  namespaceSelector: one(0, ref<LabelSelector>(LabelSelector), 'The namespaces it applies to.'),
  domainPatterns: list(0, STRING, 'The hosts it applies to.', { required: true }),
  maxAge: one(0, ref<MaxAgePolicy>(MaxAgePolicy), 'Bounds of max-age.', { required: true }),
  preloadPolicy: string(0, 'Whether preload must be there.', {
    enum: ['RequirePreload', 'RequireNoPreload', 'NoOpinion'],
  }),
  includeSubDomainsPolicy: string(0, 'Whether includeSubDomains must be there.', {
    enum: ['RequireIncludeSubDomains', 'RequireNoIncludeSubDomains', 'NoOpinion'],
  }),
})

export interface ComponentRouteSpec extends InferMessage<typeof ComponentRouteSpec> {}
export const ComponentRouteSpec = message(`${GROUP}.ComponentRouteSpec`, 'A host for a component of the cluster.', {
  namespace: string(0, "The component's namespace.", { required: true }),
  name: string(0, "The component's route.", { required: true }),
  hostname: string(0, 'The host it should have.', { required: true }),
  servingCertKeyPairSecret: one(
    0,
    ref<SecretNameReference>(SecretNameReference),
    'Its certificate, a Secret in openshift-config.',
  ),
  labels: map(0, STRING, 'Labels its Route should have.', { maxProperties: 8 }),
})

export interface ComponentRouteStatus extends InferMessage<typeof ComponentRouteStatus> {}
export const ComponentRouteStatus = message(`${GROUP}.ComponentRouteStatus`, 'The hosts a component has.', {
  namespace: string(0, "The component's namespace.", { required: true }),
  name: string(0, "The component's route.", { required: true }),
  defaultHostname: string(0, 'The host it has by default.', { required: true }),
  consumingUsers: list(0, STRING, 'Service accounts that read its certificate.'),
  currentHostnames: list(0, STRING, 'The hosts it has.'),
  conditions: list(0, ref<Condition>(Condition), 'Aspects of its state.', { listType: 'map', listKeys: ['type'] }),
  relatedObjects: list(0, ref<ObjectReference>(ObjectReference), 'Objects that belong to it.', { required: true }),
})

export interface LoadBalancer extends InferMessage<typeof LoadBalancer> {}
export const LoadBalancer = message(`${GROUP}.LoadBalancer`, "Settings of the platform's load balancers.", {
  platform: json(0, 'The settings.'),
})

export interface IngressSpec extends InferMessage<typeof IngressSpec> {}
export const IngressSpec = message(`${GROUP}.IngressSpec`, "What the cluster's ingress should be.", {
  domain: string(0, 'The domain of generated hosts; once set it cannot change.'),
  appsDomain: string(0, 'Another domain for generated hosts of users.'),
  componentRoutes: list(0, ref<ComponentRouteSpec>(ComponentRouteSpec), 'Hosts for components of the cluster.', {
    listType: 'map',
    listKeys: ['namespace', 'name'],
  }),
  requiredHSTSPolicies: list(
    0,
    ref<RequiredHSTSPolicy>(RequiredHSTSPolicy),
    'What HSTS headers Routes must have; the first that applies counts.',
  ),
  loadBalancer: one(0, ref<LoadBalancer>(LoadBalancer), "Settings of the platform's load balancers."),
})

export interface IngressStatus extends InferMessage<typeof IngressStatus> {}
export const IngressStatus = message(`${GROUP}.IngressStatus`, "What the cluster's ingress is at present.", {
  componentRoutes: list(0, ref<ComponentRouteStatus>(ComponentRouteStatus), 'The hosts components have.', {
    listType: 'map',
    listKeys: ['namespace', 'name'],
  }),
  defaultPlacement: string(0, 'Where routers run by default: Workers or ControlPlane.'),
})

const ingressFields = {
  spec: one(0, ref<IngressSpec>(IngressSpec), 'What it should be.', { present: true }),
  status: one(0, ref<IngressStatus>(IngressStatus), 'What it is at present; the system writes it.'),
}

export interface Ingress extends KubeObject, Infer<typeof ingressFields> {}
export const Ingress = defineKind<Ingress>({
  group: 'config.openshift.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  subresources: { status: true },
  namespaced: false,
  definition: 'com.github.openshift.api.config.v1.Ingress',
  doc: "The cluster's ingress. Its name is cluster.",
  fields: ingressFields,
  validate: ingressConfigErrors,
  columns: [NAME, AGE],
})
