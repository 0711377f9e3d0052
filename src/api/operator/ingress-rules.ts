/** The rules of IngressControllers, as the CRD of operator.openshift.io has them; settings of clouds have none here. */
import { parseCidr } from '../../lib/cidr.ts'
import { invalid } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { dns1123Subdomain } from '../meta/names.ts'
import { actionsErrors } from '../route/header-rules.ts'
import type { IngressController, IngressControllerSpec } from './ingress-controller.ts'

const MAX_CANONICAL = 253

export function ingressControllerErrors(one: IngressController, old?: IngressController): readonly FieldError[] {
  const { spec } = one
  return [
    ...(spec.domain !== old?.spec.domain ? domainErrors(one) : []),
    ...rangeErrors(spec),
    ...headerErrors(spec),
    ...tuningErrors(spec),
  ]
}

function domainErrors({ metadata, spec: { domain = '' } }: IngressController): readonly FieldError[] {
  const wrong: readonly (readonly [isWrong: boolean, detail: string])[] = [
    [
      dns1123Subdomain(domain).length > 0,
      "domain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    ],
    [domain.split('.').some(label => label.length > 63), 'each DNS label must not exceed 63 characters'],
    [
      `router-${metadata.name}.${domain}`.length > MAX_CANONICAL,
      `The combined 'router-' + metadata.name + '.' + .spec.domain cannot exceed ${MAX_CANONICAL} characters`,
    ],
  ]
  return domain === '' ? [] : wrong.flatMap(([is, detail]) => (is ? [invalid('spec.domain', domain, detail)] : []))
}

const rangeErrors = ({ endpointPublishingStrategy: strategy }: IngressControllerSpec): readonly FieldError[] =>
  (strategy?.loadBalancer?.allowedSourceRanges ?? []).flatMap((range, index) =>
    parseCidr(range) === undefined
      ? [invalid(`spec.endpointPublishingStrategy.loadBalancer.allowedSourceRanges[${index}]`, range, 'must be a CIDR')]
      : [],
  )

const headerErrors = ({ httpHeaders }: IngressControllerSpec): readonly FieldError[] =>
  (['request', 'response'] as const).flatMap(way =>
    actionsErrors(httpHeaders?.actions?.[way] ?? [], way, `spec.httpHeaders.actions.${way}`, ['host']),
  )

function tuningErrors({ tuningOptions = {} }: IngressControllerSpec): readonly FieldError[] {
  const { maxConnections: count = 0, httpKeepAliveTimeout: text } = tuningOptions
  const isCount = count === 0 || count === -1 || (count >= 2000 && count <= 2_000_000)
  const problem = text === undefined ? undefined : keepAliveProblem(text)
  const at = (name: string, value: unknown, detail: string): FieldError =>
    invalid(`spec.tuningOptions.${name}`, value, `${name} must be ${detail}`)
  return [
    ...(problem === undefined ? [] : [at('httpKeepAliveTimeout', text, problem)]),
    ...(isCount ? [] : [at('maxConnections', count, '0, -1, or between 2000 and 2000000')]),
  ]
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }

function keepAliveProblem(text: string): string | undefined {
  if (!/^([0-9]+(\.[0-9]+)?(ms|s|m))+$/.test(text))
    return 'a valid duration string composed of an unsigned integer value, optionally followed by a decimal fraction and a unit suffix (ms, s, m)'
  let ms = 0
  for (const [, value, unit] of text.matchAll(/([0-9.]+)(ms|s|m)/g)) ms += Number(value) * UNIT_MS[unit!]!
  if (ms > 900_000) return 'less than or equal to 15 minutes'
  return ms < 1 ? 'greater than or equal to 1 millisecond' : undefined
}
