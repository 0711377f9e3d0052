import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, json, list, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import { Condition } from '../meta/condition.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'
import { ObjectReference, SecretNameReference } from './reference.ts'

const GROUP = 'com.github.openshift.api.config.v1'

export interface MaxAgePolicy extends InferMessage<typeof MaxAgePolicy> {}
export const MaxAgePolicy = message(`${GROUP}.MaxAgePolicy`, '', {
  largestMaxAge: int32(0, '', { explicit: true, minimum: 0, maximum: 2147483647 }),
  smallestMaxAge: int32(0, '', { explicit: true, minimum: 0, maximum: 2147483647 }),
})

export interface RequiredHSTSPolicy extends InferMessage<typeof RequiredHSTSPolicy> {}
export const RequiredHSTSPolicy = message(`${GROUP}.RequiredHSTSPolicy`, '', {
  namespaceSelector: one(0, ref<LabelSelector>(LabelSelector), ''),
  domainPatterns: list(0, STRING, '', { required: true }),
  maxAge: one(0, ref<MaxAgePolicy>(MaxAgePolicy), '', { required: true }),
  preloadPolicy: string(0, '', { enum: ['RequirePreload', 'RequireNoPreload', 'NoOpinion'] }),
  includeSubDomainsPolicy: string(0, '', {
    enum: ['RequireIncludeSubDomains', 'RequireNoIncludeSubDomains', 'NoOpinion'],
  }),
})

export interface ComponentRouteSpec extends InferMessage<typeof ComponentRouteSpec> {}
export const ComponentRouteSpec = message(`${GROUP}.ComponentRouteSpec`, '', {
  namespace: string(0, '', { required: true }),
  name: string(0, '', { required: true }),
  hostname: string(0, '', { required: true }),
  servingCertKeyPairSecret: one(0, ref<SecretNameReference>(SecretNameReference), ''),
  labels: map(0, STRING, ''),
})

export interface ComponentRouteStatus extends InferMessage<typeof ComponentRouteStatus> {}
export const ComponentRouteStatus = message(`${GROUP}.ComponentRouteStatus`, '', {
  namespace: string(0, '', { required: true }),
  name: string(0, '', { required: true }),
  defaultHostname: string(0, '', { required: true }),
  consumingUsers: list(0, STRING, ''),
  currentHostnames: list(0, STRING, ''),
  conditions: list(0, ref<Condition>(Condition), '', { listType: 'map', listKeys: ['type'] }),
  relatedObjects: list(0, ref<ObjectReference>(ObjectReference), '', { required: true }),
})

export interface LoadBalancer extends InferMessage<typeof LoadBalancer> {}
export const LoadBalancer = message(`${GROUP}.LoadBalancer`, '', {
  platform: json(0, ''),
})

export interface IngressSpec extends InferMessage<typeof IngressSpec> {}
export const IngressSpec = message(`${GROUP}.IngressSpec`, '', {
  domain: string(0, '', { required: true }),
  appsDomain: string(0, ''),
  componentRoutes: list(0, ref<ComponentRouteSpec>(ComponentRouteSpec), '', {
    listType: 'map',
    listKeys: ['namespace', 'name'],
  }),
  requiredHSTSPolicies: list(0, ref<RequiredHSTSPolicy>(RequiredHSTSPolicy), ''),
  loadBalancer: one(0, ref<LoadBalancer>(LoadBalancer), ''),
})

export interface IngressStatus extends InferMessage<typeof IngressStatus> {}
export const IngressStatus = message(`${GROUP}.IngressStatus`, '', {
  componentRoutes: list(0, ref<ComponentRouteStatus>(ComponentRouteStatus), '', {
    listType: 'map',
    listKeys: ['namespace', 'name'],
  }),
  defaultPlacement: string(0, ''),
})

const ingressFields = {
  spec: one(0, ref<IngressSpec>(IngressSpec), '', { present: true }),
  status: one(0, ref<IngressStatus>(IngressStatus), ''),
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
  doc: '',
  fields: ingressFields,
})
