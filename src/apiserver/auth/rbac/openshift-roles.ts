/** What OpenShift adds. Source: openshift/openshift-apiserver and origin's bootstrap policy. */
import { ACCESS_REVIEWS } from '../../../api/openshift-authorization/access-reviews.ts'
import { POD_REVIEWS } from '../../../api/security/pod-reviews.ts'
import { BUNDLED } from '../../admission/scc/bundled.ts'
import type { RoleManifests } from './manifest.ts'
import { aggregateTo, can } from './manifest.ts'

const READ = 'get list watch'
const WRITE = 'create delete deletecollection patch update'
const ROUTE = 'route.openshift.io'
const AUTHORIZATION = 'authorization.openshift.io'
const PROJECT = 'project.openshift.io'

export const openshiftRoles: RoleManifests = {
  roles: [
    // `oc adm policy add-scc-to-user` binds these.
    ...BUNDLED.map(({ metadata: { name } }) => ({
      name: `system:openshift:scc:${name}`,
      rules: [can('use', 'securitycontextconstraints', 'security.openshift.io', name)],
    })),
    {
      name: 'basic-user',
      rules: [
        can('get', 'users', 'user.openshift.io', '~'),
        can('list', 'projectrequests', PROJECT),
        can('get list', 'clusterroles', 'rbac.authorization.k8s.io'),
        can('list watch', 'projects', PROJECT),
        can(READ, 'storageclasses', 'storage.k8s.io'),
        can('create', 'selfsubjectaccessreviews selfsubjectrulesreviews', 'authorization.k8s.io'),
      ],
    },
    { name: 'self-provisioner', rules: [can('create', 'projectrequests', PROJECT)] },
    { name: 'cluster-status', rules: [can('get', 'clusterversions', 'config.openshift.io')] },
    {
      name: 'cluster-reader',
      aggregates: aggregateTo('cluster-reader'),
      rules: [],
    },
    {
      name: 'system:openshift:cluster-reader',
      labels: { [aggregateTo('cluster-reader')]: 'true' },
      rules: [
        can(READ, 'nodes persistentvolumes namespaces pods services endpoints events configmaps serviceaccounts'),
        can(READ, '*', 'config.openshift.io operator.openshift.io route.openshift.io project.openshift.io'),
        can(READ, '*', 'apps batch networking.k8s.io discovery.k8s.io policy rbac.authorization.k8s.io'),
        can(READ, '*', 'apiextensions.k8s.io coordination.k8s.io gateway.networking.k8s.io policy.networking.k8s.io'),
        can(READ, '*', 'k8s.ovn.org k8s.cni.cncf.io metallb.io user.openshift.io security.openshift.io'),
        can('create', ACCESS_REVIEWS.map(({ plural }) => plural).join(' '), AUTHORIZATION),
      ],
    },
    {
      name: 'system:openshift:aggregate-to-view',
      labels: { [aggregateTo('view')]: 'true' },
      rules: [can('get', 'projects', PROJECT), can(READ, 'routes', ROUTE)],
    },
    {
      name: 'system:openshift:aggregate-to-edit',
      labels: { [aggregateTo('edit')]: 'true' },
      rules: [can(WRITE, 'routes', ROUTE), can('create', 'routes/custom-host', ROUTE)],
    },
    {
      name: 'system:openshift:aggregate-to-admin',
      labels: { [aggregateTo('admin')]: 'true' },
      rules: [
        can('delete get patch update', 'projects', PROJECT),
        can('update', 'routes/status', ROUTE),
        can('create', 'localresourceaccessreviews localsubjectaccessreviews', AUTHORIZATION),
        can('create', POD_REVIEWS.map(({ plural }) => plural).join(' '), 'security.openshift.io'),
      ],
    },
  ],
  bindings: [
    { name: 'system:openshift:scc:restricted-v2', groups: ['system:authenticated'] },
    { name: 'system:openshift:scc:restricted-v3', groups: ['system:authenticated'] },
    { name: 'basic-users', role: 'basic-user', groups: ['system:authenticated'] },
    { name: 'self-provisioners', role: 'self-provisioner', groups: ['system:authenticated:oauth'] },
    { name: 'cluster-status-binding', role: 'cluster-status', groups: ['system:authenticated'] },
    { name: 'cluster-admins', role: 'cluster-admin', groups: ['system:cluster-admins'], users: ['system:admin'] },
    { name: 'cluster-readers', role: 'cluster-reader', groups: ['system:cluster-readers'] },
  ],
}
