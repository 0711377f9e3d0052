import { type ServiceView, serviceAt } from '../../model/routes/endpoints.ts'
import type { RouteService } from '../../model/routes/types.ts'

type Port = string | number | undefined
/** What a Service is at a port, whoever asks. */
export type Standing = Omit<RouteService, 'service' | 'weight'>

/** Services as Routes see them, each looked at once until it changes, however many Routes it has. */
export interface Standings {
  at(service: string, port: Port): Standing
  /** It changed: the ports at which Routes see another thing than who the endpoints are. */
  touch(service: string): ReadonlySet<Port>
  /** No Route names it any more. */
  forget(service: string): void
}

export function createStandings(view: ServiceView): Standings {
  const known = new Map<string, Map<Port, Standing>>()
  const look = (service: string, port: Port): Standing => {
    const { service: _s, weight: _w, ...standing } = serviceAt({ service, weight: 1 }, port, view)
    return standing
  }
  return {
    at(service, port) {
      const ports = known.get(service) ?? new Map<Port, Standing>()
      known.set(service, ports)
      const standing = ports.get(port) ?? look(service, port)
      ports.set(port, standing)
      return standing
    },
    touch(service) {
      const changed = new Set<Port>()
      for (const [port, old] of known.get(service) ?? []) {
        const next = look(service, port)
        known.get(service)!.set(port, next)
        if (summary(old) !== summary(next)) changed.add(port)
      }
      return changed
    },
    forget: service => void known.delete(service),
  }
}

const summary = ({ problem, endpoints, idled }: Standing): string => `${problem ?? endpoints.length > 0}${idled ?? ''}`
