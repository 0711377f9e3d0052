import { pairOf, readAuthorities, readCertificate, secretText } from '../routes/certificate.ts'
import type { SecretView } from '../routes/read.ts'
import type { BackendTls, RouteFacts } from '../routes/types.ts'
import type { BackendTlsWish } from './nginx.ts'

type Facts = Pick<RouteFacts, 'backendTls' | 'backendSecret'>

/**
 * How the pods' TLS is asked for: `tls.crt` and `tls.key` of the Secret are shown to them, `ca.crt` verifies them. The text says what is
 * wrong, and then nobody is served: who wants to be sure of the pods must not be answered by others.
 */
export function readBackendTls(
  { secret, verifies = false, name, asksName = false }: BackendTlsWish,
  namespace: string,
  view: SecretView,
): Facts | { readonly problem: string; readonly facts: Facts } {
  const own: BackendTls = { ...(name ? { name } : {}), ...(asksName ? { asksName } : {}) }
  if (secret === undefined)
    return verifies
      ? { problem: 'proxy-ssl-verify needs proxy-ssl-secret', facts: {} }
      : Object.keys(own).length > 0
        ? { backendTls: own }
        : {}
  if (!secret.startsWith(`${namespace}/`))
    return { problem: 'proxy-ssl-secret must name a Secret of the same namespace', facts: {} }
  const facts = { backendSecret: secret }
  const found = view.secret(secret)
  if (!found) return { problem: `Secret ${secret} of proxy-ssl-secret cannot be read`, facts }
  const authorities = readAuthorities(secretText(found, 'ca.crt'))
  if (verifies && authorities === undefined)
    return { problem: `Secret ${secret} has no authorities in ca.crt, by which proxy-ssl-verify could verify`, facts }
  const pair = pairOf(found)
  const shown = pair.certificate || pair.key ? readCertificate(pair) : undefined
  if (typeof shown === 'string')
    return { problem: `Secret ${secret} cannot be shown to pods: ${shown.replaceAll('spec.tls.', '')}`, facts }
  return {
    ...facts,
    backendTls: {
      ...own,
      ...(verifies && authorities !== undefined ? { authorities } : {}),
      ...(shown ? { certificate: shown.pem } : {}),
    },
  }
}
