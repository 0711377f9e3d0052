import { groupOf } from '../../model/routes/claims.ts'
import type { Certificate } from '../../model/routes/types.ts'

/** Which hosts show which certificate, as far as it is other hosts' matter. */
export interface CertificateOwners {
  /** Gives the other hosts for which something else may be true now. */
  set(host: string, certificate: Certificate | undefined): readonly string[]
  of(pem: string): readonly string[]
  /** HTTP/2 is offered only where no other host shares the certificate, since a browser would reuse the connection. */
  isAlone(pem: string, host: string): boolean
  /**
   * Of a wildcard: the hosts below it whose certificates have keys of another type. HAProxy looks for the type that it likes best among the
   * certificates of both, so that the wildcard's would go before a host's own.
   */
  otherKeys(host: string): readonly string[]
}

export function createOwners(): CertificateOwners {
  const byHost = new Map<string, Certificate>()
  const byPem = new Map<string, Set<string>>()
  const byGroup = new Map<string, Set<string>>()
  const leave = (host: string, pem: string): readonly string[] => {
    const hosts = drop(byPem, pem, host)
    return hosts?.size === 1 ? [...hosts] : []
  }
  const join = (host: string, pem: string): readonly string[] => {
    const hosts = put(byPem, pem, host)
    return hosts.size === 2 ? [...hosts].filter(other => other !== host) : []
  }
  /** Those that must not go before it. */
  const wildcardOver = (host: string): readonly string[] => {
    const wildcard = `*.${groupOf(host)}`
    return host !== wildcard && byHost.has(wildcard) ? [wildcard] : []
  }
  return {
    set(host, certificate) {
      const old = byHost.get(host)
      if (old?.pem === certificate?.pem) return []
      if (certificate) {
        byHost.set(host, certificate)
        put(byGroup, groupOf(host), host)
      } else {
        byHost.delete(host)
        drop(byGroup, groupOf(host), host)
      }
      return [
        ...(old ? leave(host, old.pem) : []),
        ...(certificate ? join(host, certificate.pem) : []),
        ...(old?.keyType === certificate?.keyType ? [] : wildcardOver(host)),
      ]
    },
    of: pem => [...(byPem.get(pem) ?? [])],
    isAlone: (pem, host) => [...(byPem.get(pem) ?? [])].every(other => other === host),
    otherKeys(host) {
      if (!host.startsWith('*.')) return []
      const own = byHost.get(host)?.keyType
      return fitting([...(byGroup.get(groupOf(host)) ?? [])].filter(one => byHost.get(one)!.keyType !== own).sort())
    },
  }
}

/** As many as there is room for in a line of HAProxy's. */
function fitting(hosts: readonly string[]): readonly string[] {
  let room = 60_000
  return hosts.slice(0, 2000).filter(host => {
    room -= host.length + 2
    return room > 0
  })
}

function put(index: Map<string, Set<string>>, key: string, value: string): ReadonlySet<string> {
  const values = (index.get(key) ?? new Set()).add(value)
  index.set(key, values)
  return values
}

/** Gives what is left. */
function drop(index: Map<string, Set<string>>, key: string, value: string): ReadonlySet<string> | undefined {
  const values = index.get(key)
  values?.delete(value)
  if (values?.size === 0) index.delete(key)
  return values
}
