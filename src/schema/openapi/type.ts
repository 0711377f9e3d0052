import type { Subresources } from '../kind.ts'
import type { StructNode } from '../node.ts'

/** A served type, built in or custom, as far as OpenAPI speaks of it. */
export interface ApiType {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly listKind: string
  readonly plural: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly node: StructNode
  readonly subresources: Subresources
}

/** Messages that belong to no kind. */
export interface SharedTypes {
  readonly listMeta: StructNode
  readonly status: StructNode
  readonly deleteOptions: StructNode
}

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** io.k8s.api.apps.v1.Deployment; of a custom resource com.example.v1.Thing, from the group example.com. */
export const definitionName = ({
  node,
  group,
  version,
  kind,
}: Pick<ApiType, 'node' | 'group' | 'version' | 'kind'>): string =>
  node.name ?? [...group.split('.').reverse(), version, kind].join('.')

export const prefixOf = ({ group, version }: Pick<ApiType, 'group' | 'version'>): string =>
  group === '' ? `/api/${version}` : `/apis/${group}/${version}`
