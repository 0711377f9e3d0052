import type { RequiredHSTSPolicy } from '../../../api/config/ingress.ts'
import { matchesSelector } from '../../../api/meta/matches.ts'
import type { Route } from '../../../api/route/route.ts'
import { forbidden } from '../../errors.ts'
import type { Plugin } from '../mod.ts'
import { type IngressConfig, isRoute } from './config.ts'

const ANNOTATION = 'haproxy.router.openshift.io/hsts_header'

/** Routes must have the HSTS header that the cluster demands; only what changes it is looked at. Words and rules are OpenShift's. */
export const routeHsts = (config: IngressConfig): Plugin => ({
  name: 'RequiredRouteAnnotations',
  operations: ['CREATE', 'UPDATE'],
  validate(attributes) {
    if (!isRoute(attributes)) return
    const { resource, operation, object, old, name, namespace = '' } = attributes
    const route = object as unknown as Route
    const header = route.metadata.annotations?.[ANNOTATION]
    if (operation === 'UPDATE' && header === old?.metadata.annotations?.[ANNOTATION]) return
    const termination = route.spec.tls?.termination
    if (termination !== 'edge' && termination !== 'reencrypt') return
    const policies = config.ingress()?.spec.requiredHSTSPolicies ?? []
    if (policies.length === 0) return
    const policy = policies.find(one => applies(one, route, config.labelsOf(namespace)))
    const problem = policy && hstsProblem(policy, header ?? '')
    if (problem !== undefined) throw forbidden(resource, name, problem)
  },
})

function applies(
  { namespaceSelector, domainPatterns = [] }: RequiredHSTSPolicy,
  { spec, status }: Route,
  labels: Readonly<Record<string, string>>,
): boolean {
  const hosts = [spec.host ?? '', ...(status?.ingress ?? []).map(({ host = '' }) => host)]
  return (
    (!namespaceSelector || matchesSelector(namespaceSelector, labels)) &&
    domainPatterns.some(pattern => hosts.some(host => matchesGlob(pattern, host)))
  )
}

/** What a header lacks of what a policy wants. */
export function hstsProblem(policy: RequiredHSTSPolicy, header: string): string | undefined {
  const text = header.replaceAll(' ', '').toLowerCase()
  const parts = text.split(';')
  const age = Number(/max-age=(\d{1,10})/.exec(text)?.[1] ?? Number.NaN)
  if (Number.isNaN(age)) return 'HSTS max-age must be set correctly in HSTS annotation'
  const { largestMaxAge, smallestMaxAge } = policy.maxAge
  if (typeof largestMaxAge === 'number' && age > largestMaxAge)
    return `HSTS max-age is greater than maximum age ${largestMaxAge}s`
  if (typeof smallestMaxAge === 'number' && age < smallestMaxAge)
    return `HSTS max-age is less than minimum age ${smallestMaxAge}s`
  const hasPreload = parts.includes('preload')
  if (policy.preloadPolicy === 'RequirePreload' && !hasPreload) return 'HSTS preload must be specified'
  if (policy.preloadPolicy === 'RequireNoPreload' && hasPreload) return 'HSTS preload must not be specified'
  const hasSubdomains = parts.includes('includesubdomains')
  if (policy.includeSubDomainsPolicy === 'RequireIncludeSubDomains' && !hasSubdomains)
    return 'HSTS includeSubDomains must be specified'
  if (policy.includeSubDomainsPolicy === 'RequireNoIncludeSubDomains' && hasSubdomains)
    return 'HSTS includeSubDomains must not be specified'
  return undefined
}

/** `*` is anything but a slash, `?` one such character. In linear time: only the last star is tried again. */
export function matchesGlob(pattern: string, text: string): boolean {
  let [at, star, from] = [0, -1, 0]
  for (let i = 0; i < text.length; ) {
    const wanted = pattern[at]
    if (wanted === '*') {
      star = at++
      from = i
    } else if (wanted !== undefined && (wanted === text[i] || (wanted === '?' && text[i] !== '/'))) {
      at++
      i++
    } else if (star >= 0 && text[from] !== '/') {
      at = star + 1
      i = ++from
    } else return false
  }
  return /^\**$/.test(pattern.slice(at))
}
