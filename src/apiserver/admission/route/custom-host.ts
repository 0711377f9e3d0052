import { Secret } from '../../../api/core/secret.ts'
import type { Route, TLSConfig } from '../../../api/route/route.ts'
import { forbidden, invalid as invalidField, notFound } from '../../../schema/field-error.ts'
import type { FieldError } from '../../../schema/kind.ts'
import type { Store } from '../../../store/mod.ts'
import type { Authorizer } from '../../auth/authorizer.ts'
import { accountUser } from '../../auth/user.ts'
import { invalid } from '../../errors.ts'
import type { Registry } from '../../resource/registry.ts'
import { storedObject } from '../../stored.ts'
import type { Attributes, Plugin } from '../mod.ts'
import { isRoute } from './config.ts'

const ROUTER = accountUser('openshift-ingress', 'router')
const OWN = ['certificate', 'key', 'caCertificate', 'destinationCACertificate'] as const
const NO_HOST = 'you do not have permission to set the host field of the route'
const NO_SUBDOMAIN = 'you do not have permission to set the subdomain field of the route'
const NO_CERTIFICATE = 'you do not have permission to set certificate fields on the route'

/**
 * Who may choose a Route's host and certificate: whoever may create (or, to change a host, update) routes/custom-host. Looks at what the
 * user asked for, before a host is filled in. Words and rules are OpenShift's.
 */
export const routeCustomHost = (authorizer: Authorizer): Plugin => ({
  name: 'RouteCustomHost',
  operations: ['CREATE', 'UPDATE'],
  admit(attributes) {
    if (!isRoute(attributes)) return
    const [route, old] = [attributes.object, attributes.old] as unknown as [Route, Route | undefined]
    const may = mayFor(authorizer, attributes)
    const problems = old ? changeProblems(route, old, may) : createProblems(route, may)
    if (problems.length > 0) throw invalid(attributes.resource, attributes.name, problems)
  },
})

/** A Secret that a Route takes its certificate from must be there, and routers must be allowed to read it. */
export const routeExternalCertificate = (authorizer: Authorizer, store: Store, registry: Registry): Plugin => ({
  name: 'RouteExternalCertificate',
  operations: ['CREATE', 'UPDATE'],
  validate(attributes) {
    const { resource, namespace = '', name, object } = attributes
    const secret = isRoute(attributes) && (object as unknown as Route).spec.tls?.externalCertificate?.name
    if (!secret) return
    const path = 'spec.tls.externalCertificate'
    const may = mayFor(authorizer, attributes)
    const lacks = (['create', 'update'] as const)
      .filter(verb => !may(verb))
      .map(verb => forbidden(path, `user does not have ${verb} permission on custom-host`))
    const asked = { group: '', version: 'v1', plural: 'secrets', subresource: '', namespace, name: secret }
    const unread = ['get', 'watch', 'list']
      .filter(verb => !authorizer.authorize({ user: ROUTER, verb, path: '', resource: asked }).allowed)
      .map(verb => forbidden(path, `router serviceaccount does not have permission to ${verb} this secret`))
    const found = storedObject(store, registry, Secret, namespace, secret)
    const missing: readonly FieldError[] = !found
      ? [notFound(path, `secrets "${secret}" not found`)]
      : found.type === 'kubernetes.io/tls'
        ? []
        : [invalidField(path, secret, 'secret of type "kubernetes.io/tls" required')]
    const problems = [...lacks, ...unread, ...missing]
    if (problems.length > 0) throw invalid(resource, name, problems)
  },
})

type May = (verb: 'create' | 'update') => boolean

const mayFor =
  (authorizer: Authorizer, { user, resource: { group, version, plural }, namespace = '' }: Attributes): May =>
  verb => {
    const resource = { group, version, plural, subresource: 'custom-host', namespace, name: '' }
    return authorizer.authorize({ user, verb, path: '', resource }).allowed
  }

const hasOwn = (tls: TLSConfig | undefined): boolean => tls !== undefined && OWN.some(field => tls[field])

function createProblems({ spec }: Route, may: May): readonly FieldError[] {
  if ((!spec.host && !hasOwn(spec.tls)) || may('create')) return []
  return [spec.host ? forbidden('spec.host', NO_HOST) : forbidden('spec.tls', NO_CERTIFICATE)]
}

function changeProblems({ spec }: Route, { spec: old }: Route, may: May): readonly FieldError[] {
  const differs = (a: unknown, b: unknown): boolean => (a ?? '') !== (b ?? '')
  // An update without a host keeps the one there is.
  const isHostNew = (spec.host ?? '') !== '' && differs(spec.host, old.host)
  const isSubdomainNew = differs(spec.subdomain, old.subdomain)
  const fields = hasOwn(spec.tls) ? OWN.filter(field => differs(spec.tls?.[field], old.tls?.[field])) : []
  if ((!isHostNew && !isSubdomainNew && fields.length === 0) || may('update')) return []
  if (isHostNew) return [invalidField('spec.host', spec.host, NO_HOST)]
  if (isSubdomainNew) return [invalidField('spec.subdomain', spec.subdomain ?? '', NO_SUBDOMAIN)]
  return may('create')
    ? []
    : fields.map(field => invalidField(`spec.tls.${field}`, spec.tls?.[field] ?? '', NO_CERTIFICATE))
}
