import { groupResource } from '../../schema/kind.ts'

/** How a type's storage differs from the rule, by what the upstream strategies of each type say. */
export interface Behaviour {
  /** metadata.generation counts changes of all but metadata and status. */
  readonly generation: boolean
  /** An update without resourceVersion replaces whatever is there. */
  readonly unconditionalUpdate: boolean
  /** An update of what does not exist creates it. */
  readonly createOnUpdate: boolean
  /** A delete answers with the object, not with a Status. */
  readonly returnsDeleted: boolean
  /** A create may set status. */
  readonly statusOnCreate: boolean
}

export const CUSTOM_BEHAVIOUR: Behaviour = {
  generation: true,
  unconditionalUpdate: false,
  createOnUpdate: false,
  returnsDeleted: false,
  statusOnCreate: false,
}

const NO_GENERATION = new Set([
  'bindings',
  'configmaps',
  'endpoints',
  'events',
  'events.events.k8s.io',
  'limitranges',
  'namespaces',
  'nodes',
  'persistentvolumeclaims',
  'persistentvolumes',
  'resourcequotas',
  'secrets',
  'serviceaccounts',
  'services',
  'controllerrevisions.apps',
  'leases.coordination.k8s.io',
  'roles.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
  'storageclasses.storage.k8s.io',
  'priorityclasses.scheduling.k8s.io',
  'certificatesigningrequests.certificates.k8s.io',
])
const CONDITIONAL_UPDATE = new Set([
  'leases.coordination.k8s.io',
  'poddisruptionbudgets.policy',
  'customresourcedefinitions.apiextensions.k8s.io',
  'routes.route.openshift.io',
])
const CREATE_ON_UPDATE = new Set([
  'endpoints',
  'events',
  'events.events.k8s.io',
  'leases.coordination.k8s.io',
  'limitranges',
  'resourcequotas',
  'services',
  'roles.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
])
const RETURNS_DELETED = new Set([
  'namespaces',
  'persistentvolumeclaims',
  'persistentvolumes',
  'pods',
  'podtemplates',
  'resourcequotas',
  'serviceaccounts',
  'services',
  'storageclasses.storage.k8s.io',
])
const STATUS_ON_CREATE = new Set(['nodes'])
/** Groups that OpenShift serves as custom resources, with the rules of those. */
const CUSTOM_GROUPS = new Set(['config.openshift.io', 'operator.openshift.io'])

export function behaviourOf(kind: { readonly group: string; readonly plural: string }): Behaviour {
  if (CUSTOM_GROUPS.has(kind.group)) return CUSTOM_BEHAVIOUR
  const name = groupResource(kind)
  return {
    generation: !NO_GENERATION.has(name),
    unconditionalUpdate: !CONDITIONAL_UPDATE.has(name),
    createOnUpdate: CREATE_ON_UPDATE.has(name),
    returnsDeleted: RETURNS_DELETED.has(name),
    statusOnCreate: STATUS_ON_CREATE.has(name),
  }
}
