/** The rules of Routes, as openshift-apiserver has them. */
import { invalid, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { dns1123Label, dns1123Subdomain } from '../meta/names.ts'
import { immutable } from '../meta/rules.ts'
import { headerErrors } from './header-rules.ts'
import type { Route, RouteSpec, RouteTargetReference, TLSConfig } from './route.ts'

const LENIENT_HOST = 'route.openshift.io/allow-non-dns-compliant-host'
const MAX_ALTERNATES = 3
const MAX_WEIGHT = 256

export function routeErrors(route: Route, old?: Route): readonly FieldError[] {
  const { spec } = route
  return [
    ...hostErrors(route, old),
    ...subdomainErrors(spec.subdomain ?? ''),
    ...wildcardErrors(spec),
    ...pathErrors(spec, old?.spec),
    ...targetErrors(spec.to, 'spec.to'),
    ...alternateErrors(spec.alternateBackends ?? []),
    ...portErrors(spec),
    ...headerErrors(spec),
    ...(spec.tls ? tlsErrors(spec.tls, 'spec.tls') : []),
    ...(old ? immutable('spec.wildcardPolicy', spec.wildcardPolicy, old.spec.wildcardPolicy) : []),
  ]
}

function hostErrors({ metadata, spec }: Route, old: Route | undefined): readonly FieldError[] {
  const host = spec.host ?? ''
  if (host === '') return []
  const field = 'spec.host'
  const errors: FieldError[] = []
  if (dns1123Subdomain(host).length > 0)
    errors.push(invalid(field, host, 'host must conform to DNS 952 subdomain conventions'))
  const wasLenient = old?.spec.host !== undefined && labelsOf(old.spec.host).length > 0
  if (wasLenient || metadata.annotations?.[LENIENT_HOST] === 'true') return errors
  return [...errors, ...labelsOf(host).map(detail => invalid(field, host, detail))]
}

const labelsOf = (host: string): readonly string[] => host.split('.').flatMap(dns1123Label)

function subdomainErrors(subdomain: string): readonly FieldError[] {
  if (subdomain === '') return []
  const long = subdomain.length > 253 ? ['must be no more than 253 characters'] : []
  return [...long, ...labelsOf(subdomain)].map(detail => invalid('spec.subdomain', subdomain, detail))
}

const wildcardErrors = ({ host, wildcardPolicy }: RouteSpec): readonly FieldError[] =>
  wildcardPolicy === 'Subdomain' && !host
    ? [invalid('spec.wildcardPolicy', wildcardPolicy, 'host name not specified for wildcard policy')]
    : []

function pathErrors({ path = '', tls }: RouteSpec, old: RouteSpec | undefined): readonly FieldError[] {
  if (path === '') return []
  const errors: FieldError[] = []
  const bad = (detail: string): number => errors.push(invalid('spec.path', path, detail))
  if (!path.startsWith('/')) bad('path must begin with /')
  if (path !== old?.path && /[# ]/.test(path)) bad("path must not contain '#' or a space")
  if (tls?.termination === 'passthrough') bad('passthrough termination does not support paths')
  return errors
}

function targetErrors({ kind, name, weight }: RouteTargetReference, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  if (name === '') errors.push(required(`${path}.name`))
  if (kind !== 'Service') errors.push(invalid(`${path}.kind`, kind, 'must reference a Service'))
  if (weight !== undefined && (weight < 0 || weight > MAX_WEIGHT))
    errors.push(invalid(`${path}.weight`, weight, `weight must be an integer between 0 and ${MAX_WEIGHT}`))
  return errors
}

const alternateErrors = (backends: readonly RouteTargetReference[]): readonly FieldError[] => [
  ...(backends.length > MAX_ALTERNATES
    ? [required('spec.alternateBackends', `cannot specify more than ${MAX_ALTERNATES} alternate backends`)]
    : []),
  ...backends.flatMap((backend, index) => targetErrors(backend, `spec.alternateBackends[${index}]`)),
]

const portErrors = ({ port }: RouteSpec): readonly FieldError[] =>
  port && !port.targetPort ? [required('spec.port.targetPort')] : []

const SECRETS = {
  certificate: 'redacted certificate data',
  key: 'redacted key data',
  caCertificate: 'redacted ca certificate data',
  destinationCACertificate: 'redacted destination ca certificate data',
} as const

function tlsErrors(tls: TLSConfig, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  const refuse = (name: keyof typeof SECRETS, detail: string): void => {
    if (tls[name]) errors.push(invalid(`${path}.${name}`, SECRETS[name], detail))
  }
  if (tls.termination === 'passthrough') {
    refuse('certificate', 'passthrough termination does not support certificates')
    refuse('key', 'passthrough termination does not support certificates')
    refuse('caCertificate', 'passthrough termination does not support certificates')
    refuse('destinationCACertificate', 'passthrough termination does not support certificates')
    if (tls.externalCertificate)
      errors.push(
        invalid(
          `${path}.externalCertificate`,
          tls.externalCertificate.name ?? '',
          'passthrough termination does not support certificates',
        ),
      )
  } else if (tls.certificate && tls.externalCertificate)
    errors.push(
      invalid(
        `${path}.externalCertificate`,
        tls.externalCertificate.name ?? '',
        'cannot specify both tls.certificate and tls.externalCertificate',
      ),
    )
  if (tls.termination === 'edge')
    refuse('destinationCACertificate', 'edge termination does not support destination certificates')
  return [...errors, ...insecureErrors(tls, path)]
}

const insecureErrors = (
  { termination, insecureEdgeTerminationPolicy: policy }: TLSConfig,
  path: string,
): FieldError[] =>
  termination === 'passthrough' && policy === 'Allow'
    ? [
        invalid(
          `${path}.insecureEdgeTerminationPolicy`,
          policy,
          'cannot have both spec.tls.termination: passthrough and spec.tls.insecureEdgeTerminationPolicy: Allow',
        ),
      ]
    : []
