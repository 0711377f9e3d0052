import type { Kind } from '../schema/kind.ts'
import { MutatingWebhookConfiguration } from './admissionregistration/mutating-webhook-configuration.ts'
import { ValidatingAdmissionPolicy } from './admissionregistration/validating-admission-policy.ts'
import { ValidatingAdmissionPolicyBinding } from './admissionregistration/validating-admission-policy-binding.ts'
import { ValidatingWebhookConfiguration } from './admissionregistration/validating-webhook-configuration.ts'
import { CustomResourceDefinition } from './apiextensions/custom-resource-definition.ts'
import { ControllerRevision } from './apps/controller-revision.ts'
import { DaemonSet } from './apps/daemon-set.ts'
import { Deployment } from './apps/deployment.ts'
import { ReplicaSet } from './apps/replica-set.ts'
import { StatefulSet } from './apps/stateful-set.ts'
import { SelfSubjectReview } from './authentication/self-subject-review.ts'
import { TokenRequest } from './authentication/token-request.ts'
import { TokenReview } from './authentication/token-review.ts'
import { LocalSubjectAccessReview } from './authorization/local-subject-access-review.ts'
import { SelfSubjectAccessReview } from './authorization/self-subject-access-review.ts'
import { SelfSubjectRulesReview } from './authorization/self-subject-rules-review.ts'
import { SubjectAccessReview } from './authorization/subject-access-review.ts'
import { Scale } from './autoscaling/scale.ts'
import { CronJob } from './batch/cron-job.ts'
import { Job } from './batch/job.ts'
import { CertificateSigningRequest } from './certificates/certificate-signing-request.ts'
import { AdminNetworkPolicy } from './cluster-policy/admin-network-policy.ts'
import { BaselineAdminNetworkPolicy } from './cluster-policy/baseline-admin-network-policy.ts'
import { ClusterNetworkPolicy } from './cluster-policy/cluster-network-policy.ts'
import { APIServer } from './config/api-server.ts'
import { ClusterOperator } from './config/cluster-operator.ts'
import { ClusterVersion } from './config/cluster-version.ts'
import { DNS as ConfigDNS } from './config/dns.ts'
import { Infrastructure } from './config/infrastructure.ts'
import { Ingress as ConfigIngress } from './config/ingress.ts'
import { Network as ConfigNetwork } from './config/network.ts'
import { Lease } from './coordination/lease.ts'
import { Binding } from './core/binding.ts'
import { ConfigMap } from './core/config-map.ts'
import { Endpoints } from './core/endpoints.ts'
import { Event } from './core/event.ts'
import { LimitRange } from './core/limit-range.ts'
import { Namespace } from './core/namespace.ts'
import { Node } from './core/node.ts'
import { PersistentVolumeClaim } from './core/persistent-volume-claim.ts'
import { Pod } from './core/pod.ts'
import { ResourceQuota } from './core/resource-quota.ts'
import { Secret } from './core/secret.ts'
import { Service } from './core/service.ts'
import { ServiceAccount } from './core/service-account.ts'
import { ReplicationController } from './core/workload/replication-controller.ts'
import { EndpointSlice } from './discovery/endpoint-slice.ts'
import { Event as NewerEvent } from './events/event.ts'
import { DNSRecord } from './ingress-operator/dns-record.ts'
import { EgressNetworkPolicy } from './network/egress-network-policy.ts'
import { EgressRouter } from './network-operator/egress-router.ts'
import { Ingress } from './networking/ingress.ts'
import { IngressClass } from './networking/ingress-class.ts'
import { IPAddress } from './networking/ip-address.ts'
import { NetworkPolicy } from './networking/network-policy.ts'
import { ServiceCIDR } from './networking/service-cidr.ts'
import { OAuthAccessToken } from './oauth/access-token.ts'
import { ACCESS_REVIEWS } from './openshift-authorization/access-reviews.ts'
import { DNS as OperatorDNS } from './operator/dns.ts'
import { IngressController } from './operator/ingress-controller.ts'
import { Network as OperatorNetwork } from './operator/network.ts'
import { EgressFirewall } from './ovn/egress-firewall.ts'
import { EgressIP } from './ovn/egress-ip.ts'
import { EgressService } from './ovn/egress-service.ts'
import { Eviction } from './policy/eviction.ts'
import { PodDisruptionBudget } from './policy/pod-disruption-budget.ts'
import { Project } from './project/project.ts'
import { ProjectRequest } from './project/project-request.ts'
import { ClusterRole } from './rbac/cluster-role.ts'
import { ClusterRoleBinding } from './rbac/cluster-role-binding.ts'
import { Role } from './rbac/role.ts'
import { RoleBinding } from './rbac/role-binding.ts'
import { Route } from './route/route.ts'
import { PriorityClass } from './scheduling/priority-class.ts'
import { POD_REVIEWS } from './security/pod-reviews.ts'
import { SecurityContextConstraints } from './security/security-context-constraints.ts'
import { Group } from './user/group.ts'
import { User } from './user/user.ts'

/** Every stored kind the embedded API serves from its own schema, in discovery order (which decides short names). Project is a view of Namespace. */
export const KINDS: readonly Kind[] = [
  ConfigMap,
  Endpoints,
  Event,
  LimitRange,
  Namespace,
  Node,
  PersistentVolumeClaim,
  Pod,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
  CronJob,
  Job,
  Ingress,
  IngressClass,
  IPAddress,
  ServiceCIDR,
  NetworkPolicy,
  AdminNetworkPolicy,
  BaselineAdminNetworkPolicy,
  ClusterNetworkPolicy,
  EgressFirewall,
  EgressIP,
  EgressService,
  EgressNetworkPolicy,
  PodDisruptionBudget,
  PriorityClass,
  ClusterRole,
  ClusterRoleBinding,
  Role,
  RoleBinding,
  CertificateSigningRequest,
  CustomResourceDefinition,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
  Lease,
  EndpointSlice,
  NewerEvent,
  Route,
  Project,
  Group,
  User,
  OAuthAccessToken,
  APIServer,
  ClusterOperator,
  ClusterVersion,
  ConfigDNS,
  Infrastructure,
  ConfigIngress,
  ConfigNetwork,
  OperatorDNS,
  DNSRecord,
  IngressController,
  EgressRouter,
  OperatorNetwork,
  SecurityContextConstraints,
]

/** Kinds that are posted and answered, never stored. Scale, Eviction, Binding and TokenRequest are bodies of subresources. */
export const VIRTUAL_KINDS: readonly Kind[] = [
  Binding,
  SelfSubjectReview,
  TokenRequest,
  TokenReview,
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  Scale,
  Eviction,
  ProjectRequest,
  ...ACCESS_REVIEWS,
  ...POD_REVIEWS,
]
