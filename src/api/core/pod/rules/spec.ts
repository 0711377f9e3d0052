/** The rules of pods and of what makes them. Source: ValidatePodSpec of k8s.io/kubernetes/pkg/apis/core/validation. */
import { invalid, notSupported, required } from '../../../../schema/field-error.ts'
import type { FieldError } from '../../../../schema/kind.ts'
import { dns1123Label, dns1123Subdomain, ipAddress, qualifiedName } from '../../../meta/names.ts'
import { labelErrors, metadataErrors, named, notNegative, selectorErrors } from '../../../meta/rules.ts'
import type { Affinity, PodAffinityTerm } from '../affinity.ts'
import type { Toleration } from '../parts.ts'
import type { PodSpec } from '../spec.ts'
import type { PodTemplateSpec } from '../template.ts'
import { containersErrors } from './container.ts'
import { podSecurityErrors } from './security.ts'
import { volumesErrors } from './volume.ts'

export const templateErrors = ({ metadata, spec }: PodTemplateSpec, path: string): readonly FieldError[] => [
  ...(metadata ? metadataErrors(metadata, `${path}.metadata`) : []),
  ...podSpecErrors(spec ?? { containers: [] }, `${path}.spec`),
]

export const podSpecErrors = (spec: PodSpec, path: string): readonly FieldError[] => [
  ...volumesErrors(spec.volumes ?? [], `${path}.volumes`),
  ...containersErrors(spec, path),
  ...labelErrors(spec.nodeSelector, `${path}.nodeSelector`),
  ...nameErrors(spec, path),
  ...secondsErrors(spec, path),
  ...(spec.tolerations ?? []).flatMap((one, index) => tolerationErrors(one, `${path}.tolerations[${index}]`)),
  ...hostErrors(spec, path),
  ...dnsErrors(spec, path),
  ...spreadErrors(spec, `${path}.topologySpreadConstraints`),
  ...affinityErrors(spec.affinity, `${path}.affinity`),
  ...nodeAffinityErrors(spec.affinity, `${path}.affinity.nodeAffinity`),
  ...podSecurityErrors(spec.securityContext, `${path}.securityContext`),
  ...gateErrors(spec, path),
]

const nameErrors = (spec: PodSpec, path: string): readonly FieldError[] => [
  ...optional(`${path}.serviceAccountName`, spec.serviceAccountName, dns1123Subdomain),
  ...optional(`${path}.nodeName`, spec.nodeName, dns1123Subdomain),
  ...optional(`${path}.hostname`, spec.hostname, dns1123Label),
  ...optional(`${path}.subdomain`, spec.subdomain, dns1123Label),
  ...optional(`${path}.priorityClassName`, spec.priorityClassName, dns1123Subdomain),
]

const optional = (field: string, value: string | undefined, rule: typeof dns1123Label): readonly FieldError[] =>
  value ? named(field, value, rule) : []

function secondsErrors(spec: PodSpec, path: string): readonly FieldError[] {
  const { activeDeadlineSeconds: deadline, terminationGracePeriodSeconds: grace } = spec
  return [
    ...notNegative(`${path}.terminationGracePeriodSeconds`, grace),
    ...(deadline !== undefined && deadline < 1
      ? [invalid(`${path}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive')]
      : []),
  ]
}

function tolerationErrors(toleration: Toleration, path: string): readonly FieldError[] {
  const { key, operator = 'Equal', value, effect, tolerationSeconds } = toleration
  const errors: FieldError[] = []
  if (key) errors.push(...named(`${path}.key`, key, qualifiedName))
  else if (operator !== 'Exists')
    errors.push(
      invalid(
        `${path}.operator`,
        toleration.operator ?? '',
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    )
  if (tolerationSeconds !== undefined && effect !== 'NoExecute')
    errors.push(invalid(`${path}.effect`, effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"))
  if (operator === 'Exists' && value)
    errors.push(invalid(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'"))
  return errors
}

const hostErrors = ({ hostAliases = [] }: PodSpec, path: string): readonly FieldError[] =>
  hostAliases.flatMap(({ ip, hostnames = [] }, index) => [
    ...named(`${path}.hostAliases[${index}].ip`, ip, ipAddress),
    ...hostnames.flatMap((name, at) => named(`${path}.hostAliases[${index}].hostnames[${at}]`, name, dns1123Subdomain)),
  ])

const MAX_NAMESERVERS = 3
const MAX_SEARCHES = 32

function dnsErrors({ dnsPolicy, dnsConfig }: PodSpec, path: string): readonly FieldError[] {
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {}
  const where = `${path}.dnsConfig`
  const errors: FieldError[] = []
  if (dnsPolicy === 'None' && !dnsConfig)
    errors.push(required(where, 'must provide `dnsConfig` when `dnsPolicy` is None'))
  else if (dnsPolicy === 'None' && nameservers.length === 0)
    errors.push(required(`${where}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'))
  if (nameservers.length > MAX_NAMESERVERS)
    errors.push(invalid(`${where}.nameservers`, nameservers, `must not have more than ${MAX_NAMESERVERS} nameservers`))
  if (searches.length > MAX_SEARCHES)
    errors.push(invalid(`${where}.searches`, searches, `must not have more than ${MAX_SEARCHES} search paths`))
  nameservers.forEach((text, index) => {
    errors.push(...named(`${where}.nameservers[${index}]`, text, ipAddress))
  })
  searches.forEach((text, index) => {
    if (text !== '.') errors.push(...named(`${where}.searches[${index}]`, text.replace(/\.$/, ''), searchPath))
  })
  options.forEach(({ name }, index) => {
    if (!name) errors.push(required(`${where}.options[${index}]`, 'must not be empty'))
  })
  return errors
}

/** A search path may have underscores, as SRV names do. */
const searchPath: typeof dns1123Subdomain = text =>
  dns1123Subdomain(text.replaceAll('_', 'a')).map(why =>
    why.replace("characters, '-' or '.'", "characters, '_', '-' or '.'"),
  )

function spreadErrors({ topologySpreadConstraints = [] }: PodSpec, path: string): readonly FieldError[] {
  return topologySpreadConstraints.flatMap(({ maxSkew, topologyKey, labelSelector, minDomains }, index) => {
    const where = `${path}[${index}]`
    return [
      ...(maxSkew > 0 ? [] : [invalid(`${where}.maxSkew`, maxSkew, 'must be greater than zero')]),
      ...(topologyKey === ''
        ? [required(`${where}.topologyKey`, 'can not be empty')]
        : named(`${where}.topologyKey`, topologyKey, qualifiedName)),
      ...(minDomains !== undefined && minDomains <= 0
        ? [invalid(`${where}.minDomains`, minDomains, 'must be greater than zero')]
        : []),
      ...selectorErrors(labelSelector, `${where}.labelSelector`),
    ]
  })
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'

function affinityErrors(affinity: Affinity | undefined, path: string): readonly FieldError[] {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap(name => {
    const { [REQUIRED]: demands = [], [PREFERRED]: wishes = [] } = affinity?.[name] ?? {}
    return [
      ...demands.flatMap((term, index) => termErrors(term, `${path}.${name}.${REQUIRED}[${index}]`)),
      ...wishes.flatMap(({ weight, podAffinityTerm }, index) => {
        const where = `${path}.${name}.${PREFERRED}[${index}]`
        return [
          ...(weight >= 1 && weight <= 100 ? [] : [invalid(`${where}.weight`, weight, 'must be in the range 1-100')]),
          ...termErrors(podAffinityTerm, `${where}.podAffinityTerm`),
        ]
      }),
    ]
  })
}

function nodeAffinityErrors(affinity: Affinity | undefined, path: string): readonly FieldError[] {
  const { [REQUIRED]: demand, [PREFERRED]: wishes = [] } = affinity?.nodeAffinity ?? {}
  return [
    ...(demand && demand.nodeSelectorTerms.length === 0
      ? [required(`${path}.${REQUIRED}.nodeSelectorTerms`, 'must have at least one node selector term')]
      : []),
    ...wishes.flatMap(({ weight }, index) =>
      weight >= 1 && weight <= 100
        ? []
        : [invalid(`${path}.${PREFERRED}[${index}].weight`, weight, 'must be in the range 1-100')],
    ),
  ]
}

const OPERATING_SYSTEMS = ['linux', 'windows']

const gateErrors = (
  { readinessGates = [], schedulingGates = [], os }: PodSpec,
  path: string,
): readonly FieldError[] => [
  ...readinessGates.flatMap(({ conditionType }, index) =>
    named(`${path}.readinessGates[${index}].conditionType`, conditionType, qualifiedName),
  ),
  ...schedulingGates.flatMap(({ name }, index) => named(`${path}.schedulingGates[${index}]`, name, qualifiedName)),
  ...(os?.name && !OPERATING_SYSTEMS.includes(os.name) ? [notSupported(`${path}.os`, os.name, OPERATING_SYSTEMS)] : []),
]

const termErrors = ({ topologyKey, labelSelector, namespaceSelector }: PodAffinityTerm, path: string): FieldError[] => [
  ...(topologyKey === ''
    ? [required(`${path}.topologyKey`, 'can not be empty')]
    : named(`${path}.topologyKey`, topologyKey, qualifiedName)),
  ...selectorErrors(labelSelector, `${path}.labelSelector`),
  ...selectorErrors(namespaceSelector, `${path}.namespaceSelector`),
]
