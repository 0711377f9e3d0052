import type { Node } from '../../api/core/node.ts'
import { hostLabel } from '../../model/egress/services.ts'
import { splitKey } from '../shared/controller.ts'

const HOST_LABELS = 'egress-service.k8s.ovn.org/'

/** Some EgressService's pods leave by this node, or did. */
export const isHost = ({ metadata }: Node): boolean => labelsOf(metadata.labels).length > 0

const labelsOf = (labels: Node['metadata']['labels']): readonly string[] =>
  Object.keys(labels ?? {}).filter(key => key.startsWith(HOST_LABELS))

/** What a merge patch says of a node's labels, null for those that go; undefined: they are right. */
export function labelChange(
  { metadata }: Node,
  hosts: ReadonlyMap<string, string | undefined>,
): Readonly<Record<string, string | null>> | undefined {
  const own = [...hosts].filter(([, host]) => host === metadata.name).map(([key]) => splitKey(key))
  const wanted = new Set(own.map(({ namespace, name }) => hostLabel(namespace, name)))
  const has = new Set(labelsOf(metadata.labels))
  const come = [...wanted].filter(key => !has.has(key)).map(key => [key, ''] as const)
  const gone = [...has].filter(key => !wanted.has(key)).map(key => [key, null] as const)
  return come.length + gone.length > 0 ? Object.fromEntries([...come, ...gone]) : undefined
}
