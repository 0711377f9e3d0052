import { forbidden, invalid } from '../../../../schema/field-error.ts'
import type { FieldError } from '../../../../schema/kind.ts'
import { same } from '../../../meta/rules.ts'
import type { Pod } from '../../pod.ts'
import type { PodSpec } from '../spec.ts'
import { podSpecErrors } from './spec.ts'

export const podErrors = (pod: Pod, old?: Pod): readonly FieldError[] => [
  ...podSpecErrors(pod.spec, 'spec'),
  ...(old ? changeErrors(pod, old) : newErrors(pod)),
]

const newErrors = ({ spec }: Pod): readonly FieldError[] =>
  spec.ephemeralContainers?.length ? [forbidden('spec.ephemeralContainers', 'cannot be set on create')] : []

export const POD_MAY_CHANGE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

/** A pod is placed, sized and looked at through subresources; all else of it stays. */
function changeErrors({ spec }: Pod, { spec: old }: Pod): readonly FieldError[] {
  const errors: FieldError[] = []
  const deadline = spec.activeDeadlineSeconds
  const before = old.activeDeadlineSeconds
  if (before !== undefined && (deadline === undefined || deadline > before))
    return [
      invalid(
        'spec.activeDeadlineSeconds',
        deadline ?? null,
        deadline === undefined
          ? 'must not update from a positive integer to nil value'
          : 'must be less than or equal to previous value',
      ),
    ]
  if (spec.containers.length !== old.containers.length)
    errors.push(forbidden('spec.containers', 'pod updates may not add or remove containers'))
  else if ((spec.initContainers?.length ?? 0) !== (old.initContainers?.length ?? 0))
    errors.push(forbidden('spec.initContainers', 'pod updates may not add or remove containers'))
  else if (!same(fixed(spec, old), fixed(old, old))) errors.push(forbidden('spec', POD_MAY_CHANGE))
  const kept = (old.tolerations ?? []).every(one => spec.tolerations?.some(other => same(one, other)))
  if (!kept)
    errors.push(forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'))
  return errors
}

function fixed(spec: PodSpec, old: PodSpec): unknown {
  const {
    activeDeadlineSeconds: _deadline,
    tolerations: _tolerations,
    terminationGracePeriodSeconds: grace,
    ephemeralContainers: _ephemeral,
    schedulingGates: _gates,
    containers,
    initContainers,
    nodeName,
    ...rest
  } = spec
  const withoutImage = ({ image: _image, resources: _resources, ...container }: PodSpec['containers'][number]) =>
    container
  const before = old.terminationGracePeriodSeconds
  return {
    ...rest,
    grace: (before ?? 0) < 0 && grace === 1 ? before : grace,
    nodeName: old.nodeName ? nodeName : undefined,
    containers: containers.map(withoutImage),
    initContainers: initContainers?.map(withoutImage),
  }
}
