import type { IngressController, IngressControllerSpec } from '../../api/operator/ingress-controller.ts'
import type { AccessLogging } from '../../api/operator/ingress-logging.ts'
import { isFormat, MAX_CAPTURED } from './router-settings.ts'
import { isKnownCipher, isKnownGroup } from './tls-profiles.ts'

/** Fields that are set and not carried out, each with the reason, in the order of the spec. `missing`: what they name and is not there. */
export function withoutEffect(
  { spec }: Pick<IngressController, 'spec'>,
  missing: readonly string[] = [],
): readonly string[] {
  return [
    ...missing,
    ...publishing(spec),
    ...tls(spec),
    ...logging(spec.logging?.access),
    ...tuning(spec),
    ...Object.keys((spec.unsupportedConfigOverrides as object | null | undefined) ?? {}).map(
      name => `spec.unsupportedConfigOverrides.${name.slice(0, 64)}: not known here`,
    ),
    ...(spec.haproxyVersion ? [`spec.haproxyVersion: the HAProxy of the machine is used`] : []),
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

/** As absent. */
const isZero = (text: string): boolean => /^[0.]+([a-zµμ]+|$)/.test(text)

const tuning = ({
  tuningOptions: { reloadInterval, configurationManagement } = {},
}: IngressControllerSpec): readonly string[] => [
  ...(reloadInterval && !isZero(reloadInterval)
    ? ['spec.tuningOptions.reloadInterval: most changes need no reload, and the others are not put off']
    : []),
  ...(configurationManagement === 'ForkAndReload'
    ? ['spec.tuningOptions.configurationManagement: changes are always made at run time']
    : []),
]
