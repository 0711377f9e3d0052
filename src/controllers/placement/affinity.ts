import type { Node } from '../../api/core/node.ts'
import type { NodeSelectorRequirement, NodeSelectorTerm } from '../../api/core/pod/affinity.ts'
import type { Pod } from '../../api/core/pod.ts'
import { matchesLabels } from '../../api/meta/matches.ts'

/** Whether nodeSelector and required node affinity let the pod onto the node. */
export function matchesNode(spec: Pod['spec'], node: Node): boolean {
  if (!matchesLabels(spec.nodeSelector, node.metadata.labels)) return false
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return required === undefined || required.nodeSelectorTerms.some(term => matchesTerm(term, node))
}

/** The weights of the preferred terms that hold. */
export const preferenceFor = (spec: Pod['spec'], node: Node): number =>
  (spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
    .filter(({ preference }) => matchesTerm(preference, node))
    .reduce((total, { weight }) => total + weight, 0)

/** An empty term matches nothing. */
function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false
  const labels = node.metadata.labels ?? {}
  const fields: Readonly<Record<string, string>> = { 'metadata.name': node.metadata.name }
  return (
    matchExpressions.every(need => holds(need, Object.hasOwn(labels, need.key) ? labels[need.key] : undefined)) &&
    matchFields.every(need => holds(need, fields[need.key]))
  )
}

function holds({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return isInteger(value) && Number(value) > Number(values[0])
    case 'Lt':
      return isInteger(value) && Number(value) < Number(values[0])
  }
}

const isInteger = (value: string | undefined): boolean => value !== undefined && /^-?\d+$/.test(value)
