import { CustomResourceDefinition } from '../../api/apiextensions/custom-resource-definition.ts'
import type { ApiObject, Kind } from '../../api/meta/meta.ts'

/** A custom kind as far as generic controllers need it: where its objects are, not what they look like. */
export function customKind({ spec }: CustomResourceDefinition): Kind<ApiObject> {
  const version = spec.versions.find(candidate => candidate.storage) ?? spec.versions[0]!
  return {
    // What it lacks here (its own schema, columns, selectable fields) only the server that stores it knows.
    ...CustomResourceDefinition,
    group: spec.group,
    version: version.name,
    kind: spec.names.kind,
    listKind: spec.names.listKind ?? `${spec.names.kind}List`,
    plural: spec.names.plural,
    singular: spec.names.singular ?? spec.names.kind.toLowerCase(),
    namespaced: spec.scope === 'Namespaced',
    columns: [],
    selectable: {},
  } as unknown as Kind<ApiObject>
}

export const isEstablished = ({ status, metadata }: CustomResourceDefinition): boolean =>
  !metadata.deletionTimestamp &&
  (status?.conditions ?? []).some(condition => condition.type === 'Established' && condition.status === 'True')

/** "pods" or "routes.route.openshift.io". */
export const resourceName = ({ group, plural }: Kind<ApiObject>): string => (group ? `${plural}.${group}` : plural)

/** As long as the object itself. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** A trim for informers that need no more: all of them share one watch of a kind. */
export const metadataOnly = ({ apiVersion, kind, metadata }: ApiObject): ApiObject => {
  const { managedFields: _, annotations, ...rest } = metadata as ApiObject['metadata'] & { managedFields?: unknown }
  if (annotations?.[LAST_APPLIED] === undefined)
    return { apiVersion, kind, metadata: annotations ? { ...rest, annotations } : rest }
  const { [LAST_APPLIED]: __, ...others } = annotations
  return { apiVersion, kind, metadata: { ...rest, annotations: others } }
}
