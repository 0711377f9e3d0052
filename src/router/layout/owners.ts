/** Which hosts show a certificate: HTTP/2 is offered only where no other host shares it, since a browser would reuse the connection. */
export interface CertificateOwners {
  /** Gives the other hosts for which `isAlone` may have changed. */
  set(host: string, pem: string | undefined): readonly string[]
  of(pem: string): readonly string[]
  isAlone(pem: string, host: string): boolean
}

export function createOwners(): CertificateOwners {
  const byHost = new Map<string, string>()
  const byPem = new Map<string, Set<string>>()
  const leave = (host: string, pem: string): readonly string[] => {
    const hosts = byPem.get(pem)
    hosts?.delete(host)
    if (hosts?.size === 0) byPem.delete(pem)
    return hosts?.size === 1 ? [...hosts] : []
  }
  const join = (host: string, pem: string): readonly string[] => {
    const hosts = byPem.get(pem) ?? new Set()
    byPem.set(pem, hosts.add(host))
    return hosts.size === 2 ? [...hosts].filter(other => other !== host) : []
  }
  return {
    set(host, pem) {
      const old = byHost.get(host)
      if (old === pem) return []
      if (pem === undefined) byHost.delete(host)
      else byHost.set(host, pem)
      return [...(old === undefined ? [] : leave(host, old)), ...(pem === undefined ? [] : join(host, pem))]
    },
    of: pem => [...(byPem.get(pem) ?? [])],
    isAlone: (pem, host) => [...(byPem.get(pem) ?? [])].every(other => other === host),
  }
}
