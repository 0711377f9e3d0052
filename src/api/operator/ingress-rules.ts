/** The rules of IngressControllers, as the CRD of operator.openshift.io has them; settings of clouds have none here. */
import { parseCidr } from '../../lib/cidr.ts'
import { invalid, notSupported, tooLong, tooMany } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { dns1123Subdomain } from '../meta/names.ts'
import { actionsErrors, HEADER_NAME } from '../route/header-rules.ts'
import type { IngressController, IngressControllerSpec } from './ingress-controller.ts'

const MAX_DOMAIN = 244
const MAX_CANONICAL = 253
const MAX_TEXT = 1024

export function ingressControllerErrors(one: IngressController, old?: IngressController): readonly FieldError[] {
  const { spec } = one
  return [
    ...(spec.domain !== old?.spec.domain ? domainErrors(one) : []),
    ...rangeErrors(spec),
    ...groupErrors(spec),
    ...loggingErrors(spec),
    ...headerErrors(spec),
    ...compressionErrors(spec),
    ...tuningErrors(spec),
  ]
}

function domainErrors({ metadata, spec: { domain = '' } }: IngressController): readonly FieldError[] {
  if (domain === '') return []
  const field = 'spec.domain'
  const errors: FieldError[] = []
  if (domain.length > MAX_DOMAIN) errors.push(tooLong(field, domain, MAX_DOMAIN))
  if (dns1123Subdomain(domain).length > 0)
    errors.push(
      invalid(
        field,
        domain,
        "domain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
      ),
    )
  if (domain.split('.').some(label => label.length > 63))
    errors.push(invalid(field, domain, 'each DNS label must not exceed 63 characters'))
  if (`router-${metadata.name}.${domain}`.length > MAX_CANONICAL)
    errors.push(
      invalid(
        field,
        domain,
        `The combined 'router-' + metadata.name + '.' + .spec.domain cannot exceed ${MAX_CANONICAL} characters`,
      ),
    )
  return errors
}

const rangeErrors = ({ endpointPublishingStrategy: strategy }: IngressControllerSpec): readonly FieldError[] =>
  (strategy?.loadBalancer?.allowedSourceRanges ?? []).flatMap((range, index) =>
    parseCidr(range) === undefined
      ? [invalid(`spec.endpointPublishingStrategy.loadBalancer.allowedSourceRanges[${index}]`, range, 'must be a CIDR')]
      : [],
  )

const GROUPS = [
  'X25519',
  'secp256r1',
  'secp384r1',
  'secp521r1',
  'X25519MLKEM768',
  'SecP256r1MLKEM768',
  'SecP384r1MLKEM1024',
]

function groupErrors({ tlsSecurityProfile: profile }: IngressControllerSpec): readonly FieldError[] {
  const field = 'spec.tlsSecurityProfile.custom.groups'
  const groups = profile?.custom?.groups ?? []
  if (groups.length > GROUPS.length) return [tooMany(field, groups.length, GROUPS.length)]
  return groups.flatMap((group, index) =>
    GROUPS.includes(group) ? [] : [notSupported(`${field}[${index}]`, group, GROUPS)],
  )
}

/** As the generic checker of CRDs words it. */
const unmatched = (field: string, value: string, pattern: RegExp): FieldError =>
  invalid(field, value, `${field} in body should match '${pattern.source}'`)
const matching = (field: string, value: string | undefined, pattern: RegExp): readonly FieldError[] =>
  value === undefined || pattern.test(value) ? [] : [unmatched(field, value, pattern)]

const HEADER_OR_NONE = /^$|^[-!#$%&'*+.0-9A-Z^_`a-z|~]+$/

function loggingErrors({ logging }: IngressControllerSpec): readonly FieldError[] {
  const path = 'spec.logging.access'
  const { httpCaptureHeaders, httpCaptureCookies: cookies = [] } = logging?.access ?? {}
  const captured = (['request', 'response'] as const).flatMap(way =>
    (httpCaptureHeaders?.[way] ?? []).flatMap(({ name }, index) =>
      matching(`${path}.httpCaptureHeaders.${way}[${index}].name`, name, HEADER_NAME),
    ),
  )
  return [
    ...captured,
    ...(cookies.length > 1 ? [tooMany(`${path}.httpCaptureCookies`, cookies.length, 1)] : []),
    ...cookies.flatMap(({ name, namePrefix }, index) => [
      ...matching(`${path}.httpCaptureCookies[${index}].name`, name, HEADER_OR_NONE),
      ...matching(`${path}.httpCaptureCookies[${index}].namePrefix`, namePrefix, HEADER_OR_NONE),
    ]),
  ]
}

const FORMAT =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  /^(%(%|(\{[-+]?[QXE](,[-+]?[QXE])*\})?([A-Za-z]+|\[[.0-9A-Z_a-z]+(\([^)]+\))?(,[.0-9A-Z_a-z]+(\([^)]+\))?)*\]))|[^%\x00-\x1f\x7f])*$/

function headerErrors({ httpHeaders }: IngressControllerSpec): readonly FieldError[] {
  const path = 'spec.httpHeaders'
  const { uniqueId, headerNameCaseAdjustments = [], actions } = httpHeaders ?? {}
  const { name = '', format = '' } = uniqueId ?? {}
  return [
    ...matching(`${path}.uniqueId.name`, name, HEADER_OR_NONE),
    ...(name.length > MAX_TEXT ? [tooLong(`${path}.uniqueId.name`, name, MAX_TEXT)] : []),
    ...(format.length > MAX_TEXT ? [tooLong(`${path}.uniqueId.format`, format, MAX_TEXT)] : []),
    ...matching(`${path}.uniqueId.format`, format.slice(0, MAX_TEXT), FORMAT),
    ...headerNameCaseAdjustments.flatMap((each, index) =>
      matching(`${path}.headerNameCaseAdjustments[${index}]`, each, HEADER_OR_NONE),
    ),
    ...(['request', 'response'] as const).flatMap(way =>
      actionsErrors(actions?.[way] ?? [], way, `${path}.actions.${way}`, ['host']),
    ),
  ]
}

const TOKEN = '[^\\]\\[ ()\\\\<>@,;:"/?.=\\x00-\\x1f\\x7f]'
const MIME_TYPE = new RegExp(
  `^(x-${TOKEN}+|application|audio|image|message|multipart|text|video)/[^\\]\\[ ()\\\\<>@,;:"/?=\\x00-\\x1f\\x7f]+(; *${TOKEN}+=(${TOKEN}+|"[^"]*"))?$`,
  'i',
)

const compressionErrors = ({ httpCompression }: IngressControllerSpec): readonly FieldError[] =>
  (httpCompression?.mimeTypes ?? []).flatMap((type, index) =>
    MIME_TYPE.test(type) ? [] : [invalid(`spec.httpCompression.mimeTypes[${index}]`, type, 'must be a MIME type')],
  )

const DURATION = /^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|μs|ms|s|m|h))+)$/
const DURATIONS = [
  'clientTimeout',
  'clientFinTimeout',
  'serverTimeout',
  'serverFinTimeout',
  'tunnelTimeout',
  'connectTimeout',
  'tlsInspectDelay',
  'healthCheckInterval',
  'reloadInterval',
] as const

function tuningErrors({ tuningOptions: tuning = {} }: IngressControllerSpec): readonly FieldError[] {
  const path = 'spec.tuningOptions'
  const { maxConnections = 0 } = tuning
  const isCount =
    maxConnections === 0 || maxConnections === -1 || (maxConnections >= 2000 && maxConnections <= 2_000_000)
  return [
    ...DURATIONS.flatMap(name => matching(`${path}.${name}`, tuning[name], DURATION)),
    ...keepAliveErrors(tuning.httpKeepAliveTimeout, `${path}.httpKeepAliveTimeout`),
    ...(isCount
      ? []
      : [
          invalid(
            `${path}.maxConnections`,
            maxConnections,
            'maxConnections must be 0, -1, or between 2000 and 2000000',
          ),
        ]),
  ]
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }

function keepAliveErrors(text: string | undefined, field: string): readonly FieldError[] {
  if (text === undefined) return []
  if (!/^([0-9]+(\.[0-9]+)?(ms|s|m))+$/.test(text))
    return [
      invalid(
        field,
        text,
        'httpKeepAliveTimeout must be a valid duration string composed of an unsigned integer value, optionally followed by a decimal fraction and a unit suffix (ms, s, m)',
      ),
    ]
  let ms = 0
  for (const [, value, unit] of text.matchAll(/([0-9.]+)(ms|s|m)/g)) ms += Number(value) * UNIT_MS[unit!]!
  if (ms > 900_000) return [invalid(field, text, 'httpKeepAliveTimeout must be less than or equal to 15 minutes')]
  return ms < 1 ? [invalid(field, text, 'httpKeepAliveTimeout must be greater than or equal to 1 millisecond')] : []
}
