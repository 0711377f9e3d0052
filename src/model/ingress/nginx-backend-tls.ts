import { readAuthorities, readCertificate } from '../routes/certificate.ts'
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
  const data = view.secret(secret)?.data
  if (!data) return { problem: `Secret ${secret} of proxy-ssl-secret cannot be read`, facts }
  const text = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString()
  const authorities = readAuthorities(text('ca.crt'))
  if (verifies && authorities === undefined)
    return { problem: `Secret ${secret} has no authorities in ca.crt, by which proxy-ssl-verify could verify`, facts }
  const shown =
    text('tls.crt') || text('tls.key')
      ? readCertificate({ certificate: text('tls.crt'), key: text('tls.key') })
      : undefined
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
