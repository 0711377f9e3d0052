import type { IngressController, IngressControllerSpec } from '../../api/operator/ingress-controller.ts'
import type { AccessLogging } from '../../api/operator/ingress-logging.ts'
import { HEADER, isFormat, isMimeType, parseDuration } from './router-settings.ts'
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
    ...headers(spec),
    ...(spec.httpCompression?.mimeTypes ?? [])
      .filter(type => !isMimeType(type))
      .map(type => `spec.httpCompression.mimeTypes: ${quoted(type)} is not a type`),
    ...tuning(spec),
    ...Object.keys((spec.unsupportedConfigOverrides as object | null | undefined) ?? {}).map(
      name => `spec.unsupportedConfigOverrides.${name.slice(0, 64)}: not known here`,
    ),
    ...(spec.haproxyVersion ? [`spec.haproxyVersion: the HAProxy of the machine is used`] : []),
  ]
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 64))

const publishing = ({ endpointPublishingStrategy: strategy }: IngressControllerSpec): readonly string[] =>
  strategy?.loadBalancer?.providerParameters
    ? ['spec.endpointPublishingStrategy.loadBalancer.providerParameters: there is no cloud']
    : []

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
  if (!access) return []
  const { httpCaptureHeaders: captured, httpCaptureCookies: cookies = [], httpLogFormat = '' } = access
  const names = [...(captured?.request ?? []), ...(captured?.response ?? [])].map(({ name }) => name)
  return [
    ...(httpLogFormat !== '' && !isFormat(httpLogFormat)
      ? ['spec.logging.access.httpLogFormat: only printable ASCII is taken']
      : []),
    ...names.filter(isNoHeader).map(name => `spec.logging.access.httpCaptureHeaders: ${quoted(name)} is not a header`),
    ...(cookies.length > 1 ? ['spec.logging.access.httpCaptureCookies: only the first is captured'] : []),
  ]
}

const isNoHeader = (name: string): boolean => !HEADER.test(name)

function headers({ httpHeaders }: IngressControllerSpec): readonly string[] {
  const { uniqueId, headerNameCaseAdjustments = [] } = httpHeaders ?? {}
  return [
    ...(uniqueId?.name && isNoHeader(uniqueId.name)
      ? [`spec.httpHeaders.uniqueId.name: ${quoted(uniqueId.name)} is not a header`]
      : []),
    ...(uniqueId?.format && !isFormat(uniqueId.format)
      ? ['spec.httpHeaders.uniqueId.format: only printable ASCII is taken']
      : []),
    ...headerNameCaseAdjustments
      .filter(isNoHeader)
      .map(name => `spec.httpHeaders.headerNameCaseAdjustments: ${quoted(name)} is not a header`),
  ]
}

const TIMES = [
  'clientTimeout',
  'clientFinTimeout',
  'serverTimeout',
  'serverFinTimeout',
  'tunnelTimeout',
  'connectTimeout',
  'httpKeepAliveTimeout',
  'tlsInspectDelay',
  'healthCheckInterval',
] as const

function tuning({ tuningOptions = {} }: IngressControllerSpec): readonly string[] {
  const { reloadInterval, configurationManagement } = tuningOptions
  return [
    ...TIMES.filter(name => tuningOptions[name] && parseDuration(tuningOptions[name]) === undefined).map(
      name => `spec.tuningOptions.${name}: ${quoted(tuningOptions[name]!)} is not a duration`,
    ),
    ...(reloadInterval
      ? ['spec.tuningOptions.reloadInterval: most changes need no reload, and the others are not put off']
      : []),
    ...(configurationManagement === 'ForkAndReload'
      ? ['spec.tuningOptions.configurationManagement: changes are always made at run time']
      : []),
  ]
}
