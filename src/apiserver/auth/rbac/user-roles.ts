import type { PolicyRule } from '../../../api/rbac/role.ts'
import { can } from './manifest.ts'

const READ = 'get list watch'
const WRITE = 'create delete deletecollection patch update'

const withStatus = (names: string): string => names.replace(/\S+/g, '$& $&/status')

/** What people may do in a namespace, each role with what it adds to the one before. Same source as default-roles.ts. */
export const userRoles: Readonly<Record<'admin' | 'edit' | 'view', readonly PolicyRule[]>> = {
  view: [
    can(
      READ,
      'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
    ),
    can(
      READ,
      'bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
    ),
    can(READ, 'namespaces'),
    can(READ, 'endpointslices', 'discovery.k8s.io'),
    can(
      READ,
      `controllerrevisions ${withStatus('daemonsets deployments replicasets statefulsets')} deployments/scale replicasets/scale statefulsets/scale`,
      'apps',
    ),
    can(READ, withStatus('horizontalpodautoscalers'), 'autoscaling'),
    can(READ, withStatus('cronjobs jobs'), 'batch'),
    can(READ, withStatus('poddisruptionbudgets'), 'policy'),
    can(READ, `${withStatus('ingresses')} networkpolicies`, 'networking.k8s.io'),
  ],
  edit: [
    can(READ, 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
    can('impersonate', 'serviceaccounts'),
    can(WRITE, 'pods pods/attach pods/exec pods/portforward pods/proxy'),
    can('create', 'pods/eviction'),
    can(
      WRITE,
      'configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
    ),
    can('create', 'serviceaccounts/token'),
    can(
      WRITE,
      'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale',
      'apps',
    ),
    can(WRITE, 'horizontalpodautoscalers', 'autoscaling'),
    can(WRITE, 'cronjobs jobs', 'batch'),
    can(WRITE, 'poddisruptionbudgets', 'policy'),
    can(WRITE, 'ingresses networkpolicies', 'networking.k8s.io'),
    can(`${READ} ${WRITE}`, 'leases', 'coordination.k8s.io'),
  ],
  admin: [
    can('create', 'localsubjectaccessreviews', 'authorization.k8s.io'),
    can(`${READ} ${WRITE}`, 'rolebindings roles', 'rbac.authorization.k8s.io'),
  ],
}
