import type { TLSSecurityProfile } from '../../api/config/tls-profile.ts'
import type { IngressController, IngressControllerSpec } from '../../api/operator/ingress-controller.ts'
import type { AccessLogging } from '../../api/operator/ingress-logging.ts'
import { readHeaders } from '../../model/routes/headers.ts'
import type { ClientTlsPolicy, LogSettings, RouterSettings, RouterTimes } from '../../model/routes/settings.ts'
import { isKnownCipher, tlsProfileOf } from './tls-profiles.ts'

/** Where an administrator puts what IngressControllers name. */
export const CONFIG_NAMESPACE = 'openshift-config'

/** The fields of an IngressController that its routers carry out, checked; what is wrong in one is said by `settingsProblem`. */
export function routerSettingsOf(
  { spec }: IngressController,
  acceptProxy: boolean,
  profile: TLSSecurityProfile | undefined,
): RouterSettings {
  const actions = headersOf(spec)
  const tls = tlsProfileOf(profile)
  return compact({
    namespaceSelector: spec.namespaceSelector,
    routeSelector: spec.routeSelector,
    acceptProxy: acceptProxy || undefined,
    tls,
    clientTls: clientTlsOf(spec),
    times: timesOf(spec),
    buffers: buffersOf(spec),
    uniqueId: uniqueIdOf(spec),
    caseAdjustments: filled(spec.httpHeaders?.headerNameCaseAdjustments?.filter(name => HEADER.test(name))),
    actions: typeof actions === 'string' ? undefined : actions,
    compress: filled(spec.httpCompression?.mimeTypes?.filter(isMimeType)),
    errorPages: spec.httpErrorCodePages?.name ? `${CONFIG_NAMESPACE}/${spec.httpErrorCodePages.name}` : undefined,
    ignoreEmpty: spec.httpEmptyRequestsPolicy === 'Ignore' || undefined,
    deferIdle: spec.idleConnectionTerminationPolicy === 'Deferred' || undefined,
    abortClosed: spec.closedClientConnectionPolicy === 'Abort' || undefined,
    log: spec.logging?.access ? logOf(spec.logging.access) : undefined,
    reloadMs: reloadMsOf(spec),
    balance: overridesOf(spec).loadBalancingAlgorithm === 'leastconn' ? 'leastconn' : undefined,
    countAlways: parseBool(overridesOf(spec).contStats) || undefined,
  })
}

/** What is beyond the bounds is taken as the bound, as on OKD. */
function reloadMsOf({ tuningOptions }: IngressControllerSpec): number | undefined {
  const ms = parseDuration(tuningOptions?.reloadInterval ?? '')
  return ms === undefined ? undefined : Math.min(120_000, Math.max(1000, ms))
}

/** Settings without support, of which OKD's operator reads texts alone. */
export function overridesOf({
  unsupportedConfigOverrides: given,
}: IngressControllerSpec): Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as Record<string, unknown>) : {}
}

/** As Go's strconv reads texts; undefined for all others. */
export function parseBool(value: unknown): boolean | undefined {
  if (typeof value !== 'string') return undefined
  if (/^(1|t|T|true|TRUE|True)$/.test(value)) return true
  return /^(0|f|F|false|FALSE|False)$/.test(value) ? false : undefined
}

/** Why an IngressController cannot be admitted; undefined when it can. Messages are ours, reasons OKD's. */
export function settingsProblem({ spec }: IngressController): string | undefined {
  const { headerBufferBytes = 32_768, headerBufferMaxRewriteBytes = 8192 } = spec.tuningOptions ?? {}
  if (headerBufferMaxRewriteBytes >= headerBufferBytes && headerBufferBytes > 0)
    return 'spec.tuningOptions.headerBufferMaxRewriteBytes must be less than headerBufferBytes'
  const actions = headersOf(spec)
  if (typeof actions === 'string') return `spec.httpHeaders ${actions}`
  const { type, custom } = spec.tlsSecurityProfile ?? {}
  if (type === 'Custom' && !custom?.ciphers?.some(isKnownCipher))
    return 'spec.tlsSecurityProfile.custom.ciphers: none of them is known'
  if (spec.clientTLS?.clientCertificatePolicy && !spec.clientTLS.clientCA?.name)
    return 'spec.clientTLS.clientCA names no ConfigMap, so no certificate could be verified'
  const wrong = spec.clientTLS?.allowedSubjectPatterns?.find(pattern => !isPattern(pattern))
  if (wrong !== undefined)
    return `spec.clientTLS.allowedSubjectPatterns: ${JSON.stringify(wrong.slice(0, 64))} is not a regular expression`
  return undefined
}

const HEADER = /^[-!#$%&'*+.0-9A-Z^_`a-z|~]{1,128}$/

const isMimeType = (text: string): boolean => /^[\w.+-]+\/[\w.+*-]+(;[^\n\r]*)?$/.test(text)
/** HAProxy's formats, as an administrator writes them. */
export const isFormat = (text: string): boolean => /^[\x20-\x7e]{1,1500}$/.test(text)

const headersOf = ({ httpHeaders }: IngressControllerSpec) =>
  readHeaders(httpHeaders?.actions ? { actions: httpHeaders.actions } : undefined)

function isPattern(pattern: string): boolean {
  try {
    return Boolean(new RegExp(pattern)) && pattern.length < 500
  } catch {
    return false
  }
}

/** Without what is undefined, so that equal settings are equal text. */
const compact = <T extends object>(fields: { readonly [K in keyof T]?: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
const filled = <T>(list: readonly T[] | undefined): readonly T[] | undefined => (list?.length ? list : undefined)
const some = <T extends object>(fields: T): T | undefined => (Object.keys(fields).length > 0 ? fields : undefined)

const clientTlsOf = ({ clientTLS }: IngressControllerSpec): RouterSettings['clientTls'] =>
  clientTLS?.clientCertificatePolicy && clientTLS.clientCA?.name
    ? compact<ClientTlsPolicy>({
        verify: clientTLS.clientCertificatePolicy === 'Required' ? 'required' : 'optional',
        authorities: `${CONFIG_NAMESPACE}/${clientTLS.clientCA.name}`,
        subjects: filled(clientTLS.allowedSubjectPatterns),
      })
    : undefined

function timesOf({ tuningOptions: tuning = {} }: IngressControllerSpec): RouterTimes | undefined {
  const ms = (text: string | undefined): number | undefined => (text === undefined ? undefined : parseDuration(text))
  return some(
    compact<RouterTimes>({
      client: ms(tuning.clientTimeout),
      clientFin: ms(tuning.clientFinTimeout),
      server: ms(tuning.serverTimeout),
      serverFin: ms(tuning.serverFinTimeout),
      tunnel: ms(tuning.tunnelTimeout),
      connect: ms(tuning.connectTimeout),
      keepAlive: ms(tuning.httpKeepAliveTimeout),
      inspect: ms(tuning.tlsInspectDelay),
      check: ms(tuning.healthCheckInterval),
    }),
  )
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** Go's durations, as in 1h30m; undefined when it is none or nothing. At most what HAProxy takes. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined
  let sum = 0
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    sum += Number(value) * UNIT_MS[unit!]!
  return sum <= 0 ? undefined : Math.min(2_147_483_647, Math.max(1, Math.round(sum)))
}

const buffersOf = ({ tuningOptions: tuning }: IngressControllerSpec): RouterSettings['buffers'] =>
  some(
    compact<NonNullable<RouterSettings['buffers']>>({
      size: tuning?.headerBufferBytes || undefined,
      rewrite: tuning?.headerBufferMaxRewriteBytes || undefined,
    }),
  )

function uniqueIdOf({ httpHeaders }: IngressControllerSpec): RouterSettings['uniqueId'] {
  const { name = '', format = '' } = httpHeaders?.uniqueId ?? {}
  if (!HEADER.test(name)) return undefined
  return compact({ header: name, format: isFormat(format) ? format : undefined })
}

/** Where the router and its container `logs` meet, as on OKD. */
export const LOG_FOLDER = '/var/lib/rsyslog'
export const LOG_PIPE = `${LOG_FOLDER}/access.log`

const syslogAt = (address: string, port: number | string): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

/** Of requests, and of responses: what fits into a line of HAProxy's program. */
export const MAX_CAPTURED = 16

function logOf(access: AccessLogging): LogSettings {
  const { type, syslog, container } = access.destination
  const [cookie] = access.httpCaptureCookies ?? []
  const name = cookie?.matchType === 'Prefix' ? cookie.namePrefix : cookie?.name && `${cookie.name}=`
  const captured = (headers: readonly { readonly name: string; readonly maxLength: number }[] | undefined) =>
    filled(
      headers
        ?.filter(one => HEADER.test(one.name))
        .slice(0, MAX_CAPTURED)
        .map(one => ({ name: one.name, maxLength: one.maxLength })),
    )
  return compact({
    pipe: type === 'Container' ? LOG_PIPE : undefined,
    syslog: syslog ? syslogAt(syslog.address, syslog.port) : undefined,
    facility: syslog?.facility || undefined,
    maxLength: Number(syslog?.maxLength ?? container?.maxLength ?? 0) || undefined,
    format: access.httpLogFormat && isFormat(access.httpLogFormat) ? access.httpLogFormat : undefined,
    ignoreEmpty: access.logEmptyRequests === 'Ignore' || undefined,
    requestHeaders: captured(access.httpCaptureHeaders?.request),
    responseHeaders: captured(access.httpCaptureHeaders?.response),
    cookie:
      name && cookie && /^[\w!#$&'*+.^`|~=-]{1,128}$/.test(name)
        ? { name, maxLength: Number(cookie.maxLength) }
        : undefined,
  })
}
