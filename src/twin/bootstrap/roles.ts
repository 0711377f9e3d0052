import type { RoleManifests } from '../../apiserver/auth/rbac/manifest.ts'
import { can, canPaths } from '../../apiserver/auth/rbac/manifest.ts'
import { dnsNamespace, ROUTERS, SUPERVISOR } from '../credentials.ts'
import type { WorldPlan } from '../plan.ts'

const READ = 'get list watch'
/** Where whatever a node's network is made of is defined. */
const NETWORK_GROUPS =
  'networking.k8s.io policy.networking.k8s.io k8s.ovn.org network.openshift.io network.operator.openshift.io k8s.cni.cncf.io whereabouts.cni.cncf.io metallb.io frrk8s.metallb.io nmstate.io config.openshift.io operator.openshift.io security.openshift.io gateway.networking.k8s.io'

/** What each of the twin's own roles may do, and no more. */
export const twinRoles = (plan: WorldPlan): RoleManifests => ({
  roles: [
    { name: 'fairlead:node', rules: NODE },
    { name: 'fairlead:router', rules: ROUTER },
    { name: 'fairlead:router-secrets', rules: [can(READ, 'secrets')] },
    { name: 'fairlead:dns', rules: DNS },
    { name: 'fairlead:supervisor', rules: SUPERVISION },
  ],
  bindings: [
    { name: 'fairlead:node', groups: ['system:nodes'] },
    { name: 'system:node', groups: ['system:nodes'] },
    { name: 'fairlead:router', users: ['system:serviceaccount:openshift-ingress:router'] },
    // For Ingresses. Not the service account: a Route names only Secrets that somebody lets it read, as on OKD.
    { name: 'fairlead:router-secrets', groups: [ROUTERS] },
    { name: 'fairlead:dns', users: [`system:serviceaccount:${dnsNamespace(plan.config)}:dns`] },
    { name: 'fairlead:supervisor', users: [SUPERVISOR] },
  ],
})

const EVENTS = can('create patch update', 'events')
const LEASES = can('get create update patch delete list watch', 'leases', 'coordination.k8s.io')

/** Beside system:node: it applies Services and policies itself. */
const NODE = [
  can(READ, 'endpoints namespaces nodes pods services serviceaccounts persistentvolumeclaims'),
  can('delete', 'pods'),
  can('patch update', 'pods/status services/status nodes nodes/status'),
  can(READ, 'endpointslices', 'discovery.k8s.io'),
  can(READ, '*', NETWORK_GROUPS),
  can('patch update', '*/status', NETWORK_GROUPS),
  EVENTS,
  LEASES,
]

const ROUTER = [
  can(READ, 'configmaps endpoints namespaces nodes pods services'),
  can(READ, 'endpointslices', 'discovery.k8s.io'),
  can(READ, '*', 'gateway.networking.k8s.io networking.k8s.io route.openshift.io'),
  can('patch update', '*/status', 'gateway.networking.k8s.io networking.k8s.io route.openshift.io'),
  can(READ, 'ingresscontrollers', 'operator.openshift.io'),
  can(READ, 'ingresses', 'config.openshift.io'),
  can('create', 'tokenreviews', 'authentication.k8s.io'),
  can('create', 'subjectaccessreviews', 'authorization.k8s.io'),
  EVENTS,
  LEASES,
]

const DNS = [
  can(READ, 'configmaps endpoints namespaces nodes pods services'),
  can(READ, 'endpointslices', 'discovery.k8s.io'),
  can(READ, 'dnses', 'operator.openshift.io'),
  can('create', 'tokenreviews', 'authentication.k8s.io'),
  can('create', 'subjectaccessreviews', 'authorization.k8s.io'),
  EVENTS,
]

/** It looks, and asks the API to say how far everything is. */
const SUPERVISION = [
  can(READ, 'namespaces nodes pods services events'),
  can(READ, '*', 'apps discovery.k8s.io route.openshift.io config.openshift.io operator.openshift.io'),
  can('create patch update delete', 'nodes nodes/status'),
  canPaths('get post', '/fairlead/*'),
  EVENTS,
  LEASES,
]
