import type { Kind } from '../../schema/kind.ts'
import { apiVersionOf, groupResource } from '../../schema/kind.ts'
import { emptyOf } from '../../schema/merge/empty.ts'
import type { MergeType } from '../../schema/merge-type.ts'
import { mergeTypeOf } from '../../schema/merge-type.ts'
import { messageNode } from '../../schema/message-node.ts'
import type { PatchTarget } from './mod.ts'

/** What the status endpoints of these ignore beside spec, by what the upstream strategies of each type say. */
const STATUS_IGNORES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  pods: [
    ['metadata', 'deletionTimestamp'],
    ['metadata', 'ownerReferences'],
  ],
  'deployments.apps': [['metadata', 'labels']],
  'customresourcedefinitions.apiextensions.k8s.io': [['metadata']],
}

/** The endpoint of a built-in kind; `subresource` is empty for the object itself. */
export const kindTarget = (kind: Kind, subresource = ''): PatchTarget => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  subresource,
  type: mergeTypeOf(kind.schema),
  custom: false,
  resetFields: resetFields(kind.subresources.status === true, subresource, STATUS_IGNORES[groupResource(kind)] ?? []),
  empty: emptyOf(messageNode(kind.schema)),
})

export interface CustomEndpoint {
  readonly apiVersion: string
  readonly kind: string
  readonly subresource: string
  readonly hasStatus: boolean
  /** Of each served version. */
  readonly typeOf: (apiVersion: string) => MergeType | undefined
}

/** The endpoint of a custom resource; throws where its own version has no type. */
export function customTarget(endpoint: CustomEndpoint): PatchTarget {
  const type = endpoint.typeOf(endpoint.apiVersion)
  if (!type) throw new Error(`no schema for ${endpoint.apiVersion} ${endpoint.kind}`)
  const { apiVersion, kind, subresource, typeOf } = endpoint
  return {
    apiVersion,
    kind,
    subresource,
    type,
    typeOf,
    custom: true,
    resetFields: resetFields(endpoint.hasStatus, subresource, [['metadata']]),
  }
}

/** The main endpoint of a type with a status endpoint ignores status; the status endpoint ignores spec. */
function resetFields(
  hasStatus: boolean,
  subresource: string,
  more: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  if (subresource === 'status' || subresource === 'approval') return [['spec'], ...more]
  return hasStatus ? [['status']] : []
}
