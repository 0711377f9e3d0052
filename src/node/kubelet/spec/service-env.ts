import type { Service } from '../../../api/core/service.ts'

/** What a Service becomes in the environment of pods: for its address, and for each of its ports. */
export interface ServiceLink {
  readonly name: string
  readonly clusterIP: string
  readonly ports: readonly { readonly name?: string; readonly port: number; readonly protocol: string }[]
}

export const linkOf = (service: Service): ServiceLink | undefined => {
  const { clusterIP, ports } = service.spec ?? {}
  if (!clusterIP || clusterIP === 'None' || !ports || ports.length === 0) return undefined
  return {
    name: service.metadata.name,
    clusterIP,
    ports: ports.map(({ name, port, protocol }) => ({ ...(name ? { name } : {}), port, protocol: protocol ?? 'TCP' })),
  }
}

/** The Services a pod gets variables for: the API's always, those of its namespace unless enableServiceLinks is false. */
export function linkedServices(
  services: readonly Service[],
  namespace: string,
  enableServiceLinks: boolean,
): readonly ServiceLink[] {
  const chosen = new Map<string, ServiceLink>()
  for (const service of services) {
    const isApi = service.metadata.namespace === 'default' && service.metadata.name === 'kubernetes'
    const isLocal = enableServiceLinks && service.metadata.namespace === namespace
    const link = isApi || isLocal ? linkOf(service) : undefined
    if (link && (isApi || !chosen.has(link.name))) chosen.set(link.name, link)
  }
  return [...chosen.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

const upper = (text: string): string => text.toUpperCase().replaceAll('-', '_')
const joinHostPort = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

export function serviceEnv(links: readonly ServiceLink[]): Record<string, string> {
  const env: Record<string, string> = {}
  for (const { name, clusterIP, ports } of links) {
    const prefix = upper(name)
    env[`${prefix}_SERVICE_HOST`] = clusterIP
    env[`${prefix}_SERVICE_PORT`] = String(ports[0]!.port)
    for (const port of ports) if (port.name) env[`${prefix}_SERVICE_PORT_${upper(port.name)}`] = String(port.port)
    for (const [index, { port, protocol }] of ports.entries()) {
      const url = `${protocol.toLowerCase()}://${joinHostPort(clusterIP, port)}`
      if (index === 0) env[`${prefix}_PORT`] = url
      const long = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`
      env[long] = url
      env[`${long}_PROTO`] = protocol.toLowerCase()
      env[`${long}_PORT`] = String(port)
      env[`${long}_ADDR`] = clusterIP
    }
  }
  return env
}
