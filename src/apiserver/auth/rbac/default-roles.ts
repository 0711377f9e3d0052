/** What every cluster has. Source: k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy. */
import type { BindingManifest, RoleManifest, RoleManifests } from './manifest.ts'
import { aggregateTo, can, canPaths } from './manifest.ts'
import { userRoles } from './user-roles.ts'

const READ = 'get list watch'
const DISCOVERY = '/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/'

const systemRoles: readonly RoleManifest[] = [
  { name: 'cluster-admin', rules: [can('*', '*', '*'), canPaths('*', '*')] },
  { name: 'system:discovery', rules: [canPaths('get', DISCOVERY)] },
  { name: 'system:public-info-viewer', rules: [canPaths('get', '/healthz /livez /readyz /version /version/')] },
  {
    name: 'system:monitoring',
    rules: [canPaths('get', '/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*')],
  },
  {
    name: 'system:basic-user',
    rules: [
      can('create', 'selfsubjectaccessreviews selfsubjectrulesreviews', 'authorization.k8s.io'),
      can('create', 'selfsubjectreviews', 'authentication.k8s.io'),
    ],
  },
  {
    name: 'system:auth-delegator',
    rules: [
      can('create', 'tokenreviews', 'authentication.k8s.io'),
      can('create', 'subjectaccessreviews', 'authorization.k8s.io'),
    ],
  },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [
      canPaths(
        'get',
        '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
      ),
    ],
  },
  {
    name: 'system:kubelet-api-admin',
    rules: [can(READ, 'nodes'), can('proxy', 'nodes'), can('*', 'nodes/log nodes/metrics nodes/proxy nodes/stats')],
  },
  {
    name: 'system:node',
    rules: [
      can('create', 'tokenreviews', 'authentication.k8s.io'),
      can('create', 'subjectaccessreviews localsubjectaccessreviews', 'authorization.k8s.io'),
      can('create get list watch', 'nodes'),
      can('patch update', 'nodes/status nodes'),
      can('create patch update', 'events'),
      can(`${READ} create delete`, 'pods'),
      can('patch update', 'pods/status'),
      can('create', 'pods/eviction'),
      can(READ, 'services'),
      can(READ, 'configmaps secrets'),
      can('get', 'persistentvolumeclaims persistentvolumes'),
      can('create get list watch', 'certificatesigningrequests', 'certificates.k8s.io'),
      can('get create update patch delete', 'leases', 'coordination.k8s.io'),
      can('create', 'serviceaccounts/token'),
      can(READ, 'runtimeclasses', 'node.k8s.io'),
    ],
  },
  {
    name: 'system:node-proxier',
    rules: [
      can('list watch', 'services endpoints'),
      can('get list watch', 'nodes'),
      can('create patch update', 'events'),
      can('list watch', 'endpointslices', 'discovery.k8s.io'),
    ],
  },
  {
    name: 'system:kube-dns',
    rules: [can('list watch', 'endpoints services'), can('list watch', 'endpointslices', 'discovery.k8s.io')],
  },
  { name: 'system:aggregate-to-admin', labels: { [aggregateTo('admin')]: 'true' }, rules: userRoles.admin },
  { name: 'system:aggregate-to-edit', labels: { [aggregateTo('edit')]: 'true' }, rules: userRoles.edit },
  { name: 'system:aggregate-to-view', labels: { [aggregateTo('view')]: 'true' }, rules: userRoles.view },
  { name: 'admin', aggregates: aggregateTo('admin'), rules: [] },
  { name: 'edit', labels: { [aggregateTo('admin')]: 'true' }, aggregates: aggregateTo('edit'), rules: [] },
  { name: 'view', labels: { [aggregateTo('edit')]: 'true' }, aggregates: aggregateTo('view'), rules: [] },
  ...signerApprovers(),
  ...['nodeclient', 'selfnodeclient'].map(how => ({
    name: `system:certificates.k8s.io:certificatesigningrequests:${how}`,
    rules: [can('create', `certificatesigningrequests/${how}`, 'certificates.k8s.io')],
  })),
]

/** May approve requests for each signer of Kubernetes' own. */
function signerApprovers(): readonly RoleManifest[] {
  const signers = ['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'kubelet-serving', 'legacy-unknown']
  return signers.map(signer => ({
    name: `system:certificates.k8s.io:${signer}-approver`,
    rules: [can('approve', 'signers', 'certificates.k8s.io', `kubernetes.io/${signer}`)],
  }))
}

const bindings: readonly BindingManifest[] = [
  { name: 'cluster-admin', groups: ['system:masters'] },
  { name: 'system:discovery', groups: ['system:authenticated'] },
  { name: 'system:basic-user', groups: ['system:authenticated'] },
  { name: 'system:public-info-viewer', groups: ['system:authenticated', 'system:unauthenticated'] },
  { name: 'system:monitoring', groups: ['system:monitoring'] },
  { name: 'system:service-account-issuer-discovery', groups: ['system:serviceaccounts'] },
  { name: 'system:node-proxier', users: ['system:kube-proxy'] },
]

export const defaultRoles: RoleManifests = { roles: systemRoles, bindings }
