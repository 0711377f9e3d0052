import type { Route, TLSConfig } from './route.ts'

/** Defaults that follow from other fields, and the host of an update that leaves it out. Source: openshift-apiserver. */
export function completeRoute(route: Route, old?: Route): Route {
  const { host, tls } = route.spec
  const kept = host || old?.spec.host
  return {
    ...route,
    spec: { ...route.spec, ...(kept ? { host: kept } : {}), ...(tls ? { tls: completeTls(tls) } : {}) },
  }
}

function completeTls(tls: TLSConfig): TLSConfig {
  const termination = (tls.termination ?? '').toLowerCase()
  const isPlain = termination === '' && !tls.destinationCACertificate
  return { ...tls, termination: (isPlain ? 'edge' : termination) as TLSConfig['termination'] }
}
