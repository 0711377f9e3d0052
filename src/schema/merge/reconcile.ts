import type { MergeType } from '../merge-type.ts'
import type { Element } from './element.ts'
import type { FieldNode, FieldSet } from './field-set.ts'
import { EMPTY, isEmpty } from './field-set.ts'

/**
 * A stored field set as the present schema would have it: where a list, map or struct has become atomic since, its
 * owner comes to own the whole instead of its parts. Returns the same set when there is nothing to do.
 */
export function reconcileWithSchema(set: FieldSet, type: MergeType): FieldSet {
  let changed = false
  const result = new Map<Element, FieldNode>()
  for (const [element, node] of set) {
    const below = element.startsWith('f:') ? type.field(element.slice(2)) : type.item()
    const next = below ? reconcileNode(node, below) : node
    if (next !== node) changed = true
    result.set(element, next)
  }
  return changed ? result : set
}

function reconcileNode(node: FieldNode, type: MergeType): FieldNode {
  if (isEmpty(node.children) || type.kind === 'scalar' || (type.kind === 'any' && !type.atomic)) return node
  if (type.atomic) return { owned: true, children: EMPTY }
  const children = reconcileWithSchema(node.children, type)
  return children === node.children ? node : { owned: node.owned, children }
}
