import type { IngressController, IngressControllerSpec } from '../../api/operator/ingress-controller.ts'
import type { AccessLogging } from '../../api/operator/ingress-logging.ts'
import { isFormat, MAX_CAPTURED, overridesOf, parseBool } from './router-settings.ts'
import { isKnownCipher, isKnownGroup } from './tls-profiles.ts'

/**
 * Fields that are set and not carried out, each with the reason, in the order of the spec. `missing`: what they name and is not
 * there; `haproxy`: the version in use, as in 3.2.
 */
export function withoutEffect(
  { spec }: Pick<IngressController, 'spec'>,
  missing: readonly string[],
  haproxy: string | undefined,
): readonly string[] {
  return [
    ...missing,
    ...publishing(spec),
    ...tls(spec),
    ...logging(spec.logging?.access),
    ...tuning(spec),
    ...overrides(spec),
    ...(spec.haproxyVersion && spec.haproxyVersion !== haproxy
      ? [
          `spec.haproxyVersion: the HAProxy of the machine is used${haproxy === undefined ? '' : `, which is ${haproxy}`}`,
        ]
      : []),
  ]
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 64))

function publishing({ endpointPublishingStrategy: strategy }: IngressControllerSpec): readonly string[] {
  const path = 'spec.endpointPublishingStrategy.loadBalancer'
  const { providerParameters, scope } = strategy?.loadBalancer ?? {}
  return [
    ...(providerParameters ? [`${path}.providerParameters: there is no cloud`] : []),
    ...(scope === 'Internal' ? [`${path}.scope: there is one network outside, which reaches all load balancers`] : []),
  ]
}

function tls({ tlsSecurityProfile: profile }: IngressControllerSpec): readonly string[] {
  if (profile?.type !== 'Custom') return []
  const told = (field: string, names: readonly string[]): readonly string[] =>
    names.map(name => `spec.tlsSecurityProfile.custom.${field}: ${quoted(name)} is not known`)
  return [
    ...told(
      'ciphers',
      (profile.custom?.ciphers ?? []).filter(name => !isKnownCipher(name)),
    ),
    ...told(
      'groups',
      (profile.custom?.groups ?? []).filter(name => !isKnownGroup(name)),
    ),
  ]
}

function logging(access: AccessLogging | undefined): readonly string[] {
  const path = 'spec.logging.access'
  const { httpLogFormat = '', httpCaptureHeaders } = access ?? {}
  return [
    ...(httpLogFormat !== '' && !isFormat(httpLogFormat)
      ? [`${path}.httpLogFormat: 1500 characters of printable ASCII are taken at most`]
      : []),
    ...(['request', 'response'] as const)
      .filter(way => (httpCaptureHeaders?.[way]?.length ?? 0) > MAX_CAPTURED)
      .map(way => `${path}.httpCaptureHeaders.${way}: only the first ${MAX_CAPTURED} are captured`),
  ]
}

const tuning = ({ tuningOptions }: IngressControllerSpec): readonly string[] =>
  tuningOptions?.configurationManagement === 'ForkAndReload'
    ? ['spec.tuningOptions.configurationManagement: changes are always made at run time']
    : []

/** Why an override is not carried out; undefined where it is. Those that are not here OKD's operator does not know either. */
const OVERRIDES: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  loadBalancingAlgorithm: value =>
    value === 'leastconn' || value === 'random' ? undefined : 'is neither leastconn nor random',
  dynamicConfigManager: value => (parseBool(value) ? undefined : 'changes are always made at run time'),
  contStats: value => (parseBool(value) === undefined ? 'is neither "true" nor "false"' : undefined),
  maxDynamicServers: () => 'servers come and go at run time, however many',
  mutualTLSHeaderFilter: value =>
    parseBool(value) ? undefined : 'what clients say in headers about their certificates is never passed on',
  localWithFallback: value =>
    parseBool(value) === false ? undefined : 'clients of a load balancer are not led to routers of other nodes',
}

const overrides = (spec: IngressControllerSpec): readonly string[] =>
  Object.entries(overridesOf(spec)).flatMap(([name, value]) => {
    const why = Object.hasOwn(OVERRIDES, name) ? OVERRIDES[name]!(value) : 'not known here'
    return why === undefined ? [] : [`spec.unsupportedConfigOverrides.${name.slice(0, 64)}: ${why}`]
  })
