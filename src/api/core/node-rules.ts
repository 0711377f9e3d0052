/** The rules of Nodes. Source: ValidateNode and ValidateNodeUpdate of k8s.io/kubernetes/pkg/apis/core/validation. */
import { parseCidr } from '../../lib/cidr.ts'
import { duplicate, forbidden, invalid, notSupported } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { labelValue, qualifiedName } from '../meta/names.ts'
import { duplicates, named, same } from '../meta/rules.ts'
import type { Node, Taint } from './node.ts'

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export const nodeErrors = ({ spec }: Node, old?: Node): readonly FieldError[] => [
  // Upstream too says that taints were metadata.
  ...taintsErrors(spec?.taints ?? [], 'metadata.taints'),
  ...(spec?.podCIDRs ?? []).flatMap((text, index) =>
    parseCidr(text)
      ? []
      : [invalid(`spec.podCIDRs[${index}]`, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')],
  ),
  ...(old ? changeErrors(spec, old.spec) : []),
]

const taintsErrors = (taints: readonly Taint[], path: string): readonly FieldError[] => [
  ...taints.flatMap(({ key, value = '', effect }, index) => [
    ...named(`${path}[${index}].key`, key, qualifiedName),
    ...named(`${path}[${index}].value`, value, labelValue),
    ...(EFFECTS.includes(effect) ? [] : [notSupported(`${path}[${index}].effect`, effect, EFFECTS)]),
  ]),
  ...duplicates(taints, ({ key, effect }) => `${effect}:${key}`).map(index => ({
    ...duplicate(`${path}[${index}]`, taints[index]),
    detail: 'taints must be unique by key and effect pair',
  })),
]

/** Addresses of pods come from a node's ranges: those it once has stay. */
function changeErrors(spec: Node['spec'], old: Node['spec']): readonly FieldError[] {
  const before = old?.podCIDRs ?? []
  if (before.length === 0 || (same(spec?.podCIDRs, before) && (spec?.podCIDR ?? before[0]) === before[0])) return []
  return [forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid')]
}
