/** What expressions about requests may speak of. Source: k8s.io/apiserver/pkg/admission/plugin/cel. */
import type { Variables } from '../../schema/cel/check/scope.ts'
import { checkSource } from '../../schema/cel/check/source.ts'
import type { Type } from '../../schema/cel/check/type.ts'
import {
  BOOL,
  DYN,
  listOf,
  mapOf,
  objectOf,
  readType,
  runtimeName,
  STRING,
  TIMESTAMP,
  typeText,
} from '../../schema/cel/check/type.ts'
import { invalid, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import type { MatchCondition } from './rule.ts'

const TEXTS = listOf(STRING)
const texts = (...names: readonly string[]): Readonly<Record<string, Type>> =>
  Object.fromEntries(names.map(name => [name, STRING]))

const KIND = objectOf('kubernetes.GroupVersionKind', texts('group', 'version', 'kind'))
const RESOURCE = objectOf('kubernetes.GroupVersionResource', texts('group', 'version', 'resource'))
const REQUEST = objectOf('kubernetes.AdmissionRequest', {
  ...texts('subResource', 'requestSubResource', 'name', 'namespace', 'operation'),
  kind: KIND,
  requestKind: KIND,
  resource: RESOURCE,
  requestResource: RESOURCE,
  userInfo: objectOf('kubernetes.UserInfo', {
    ...texts('username', 'uid'),
    groups: TEXTS,
    extra: mapOf(STRING, TEXTS),
  }),
  dryRun: BOOL,
  options: DYN,
})

const NAMESPACE = objectOf('kubernetes.Namespace', {
  metadata: objectOf('kubernetes.NamespaceMetadata', {
    ...texts('name', 'generateName', 'namespace', 'UID', 'resourceVersion'),
    labels: mapOf(STRING, STRING),
    annotations: mapOf(STRING, STRING),
    creationTimestamp: TIMESTAMP,
    deletionTimestamp: TIMESTAMP,
    deletionGracePeriodSeconds: readType('int'),
    generation: readType('int'),
    finalizers: TEXTS,
  }),
  spec: objectOf('kubernetes.NamespaceSpec', { finalizers: TEXTS }),
  status: objectOf('kubernetes.NamespaceStatus', {
    phase: STRING,
    conditions: listOf(
      objectOf('kubernetes.NamespaceCondition', {
        ...texts('status', 'type', 'message', 'reason'),
        lastTransitionTime: TIMESTAMP,
      }),
    ),
  }),
})

export interface Around {
  readonly params: boolean
  readonly authorizer: boolean
  /** By name, for those who may use them. */
  readonly variables?: Readonly<Record<string, Type>>
}

export const variablesOf = ({ params, authorizer, variables }: Around): Variables =>
  new Map<string, Type>([
    ['object', DYN],
    ['oldObject', DYN],
    ['request', REQUEST],
    ['namespaceObject', NAMESPACE],
    ...(params ? ([['params', DYN]] as const) : []),
    ...(authorizer
      ? ([
          ['authorizer', readType('kubernetes.authorization.Authorizer')],
          ['authorizer.requestResource', readType('kubernetes.authorization.ResourceCheck')],
        ] as const)
      : []),
    ...(variables ? ([['variables', objectOf('kubernetes.variables', variables)]] as const) : []),
  ])

/** `wanted`: types, one of which it must give; none of them: any. */
export function expressionErrors(
  source: string,
  field: string,
  wanted: readonly Type[],
  names: Variables,
): readonly FieldError[] {
  const { type, problem } = checkSource(source, names)
  if (problem !== undefined) return [invalid(field, source, problem)]
  const given = shown(type)
  if (wanted.length === 0 || wanted.some(one => shown(one) === given)) return []
  const which = wanted.length === 1 ? shown(wanted[0]!) : `one of [${wanted.map(shown).join(' ')}]`
  return [invalid(field, source, `must evaluate to ${which} but got ${given}`)]
}

/** As values tell it, where that is another name. */
const shown = (type: Type): string => runtimeName(type) ?? typeText(type)

export function conditionErrors(
  conditions: readonly MatchCondition[],
  field: string,
  params: boolean,
): readonly FieldError[] {
  const names = variablesOf({ params, authorizer: true })
  return conditions.flatMap(({ expression }, index) => {
    const path = `${field}[${index}].expression`
    const source = expression.trim()
    return source === '' ? [required(path)] : expressionErrors(source, path, [BOOL], names)
  })
}
