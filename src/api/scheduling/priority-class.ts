import type { Infer } from '../../schema/field.ts'
import { boolean, int32, string } from '../../schema/field.ts'
import { forbidden, notSupported } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { immutable } from '../meta/rules.ts'

const priorityClassFields = {
  value: int32(2, 'The priority of pods of the class; higher ones come first.', { required: true }),
  globalDefault: boolean(3, 'Pods that name no class are of this one.'),
  description: string(4, 'What it is for.'),
  preemptionPolicy: string(5, 'Never, or PreemptLowerPriority: whether its pods may take the place of lesser ones.', {
    explicit: true,
    default: 'PreemptLowerPriority',
  }),
}

export interface PriorityClass extends KubeObject, Infer<typeof priorityClassFields> {}

/** Classes of the system itself, by name. Source: k8s.io/kubernetes/pkg/apis/scheduling. */
export const SYSTEM_CLASSES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
}
const HIGHEST_OF_USERS = 1_000_000_000
const POLICIES = ['Never', 'PreemptLowerPriority']

export const PriorityClass = defineKind<PriorityClass>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  namespaced: false,
  definition: 'io.k8s.api.scheduling.v1.PriorityClass',
  doc: 'How important pods are, by name.',
  fields: priorityClassFields,
  validate: priorityClassErrors,
  columns: [
    NAME,
    {
      name: 'Value',
      type: 'integer',
      description: 'The priority of pods of the class.',
      cell: object => object.value,
    },
    {
      name: 'Global-Default',
      type: 'boolean',
      description: 'Whether pods that name no class are of this one.',
      cell: object => object.globalDefault ?? false,
    },
    AGE,
    {
      name: 'PreemptionPolicy',
      type: 'string',
      description: 'Whether its pods may take the place of lesser ones.',
      cell: object => object.preemptionPolicy ?? '',
    },
  ],
})

/** Source: k8s.io/kubernetes/pkg/apis/scheduling/validation. */
function priorityClassErrors(object: PriorityClass, old?: PriorityClass): readonly FieldError[] {
  const { metadata, value = 0, preemptionPolicy } = object
  if (old)
    return [
      ...(value === (old.value ?? 0) ? [] : [forbidden('value', 'may not be changed in an update.')]),
      ...immutable('preemptionPolicy', preemptionPolicy, old.preemptionPolicy),
    ]
  const isOurs = metadata.name.startsWith('system-')
  const isKnown = SYSTEM_CLASSES[metadata.name] === value && !object.globalDefault
  return [
    ...(isOurs && !isKnown
      ? [
          forbidden(
            'metadata.name',
            `priority class names with 'system-' prefix are reserved for system use only. error: ${metadata.name} is not a known system priority class`,
          ),
        ]
      : []),
    ...(!isOurs && value > HIGHEST_OF_USERS
      ? [forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST_OF_USERS}`)]
      : []),
    ...(preemptionPolicy === undefined || POLICIES.includes(preemptionPolicy)
      ? []
      : [notSupported('preemptionPolicy', preemptionPolicy, POLICIES)]),
  ]
}
