import type { Member, PortMatch, PortProtocol, Ports } from './types.ts'

export const PORT_PROTOCOLS: readonly PortProtocol[] = ['TCP', 'UDP', 'SCTP']

/** A range of ports of one protocol; 0 to 65535 is the whole protocol. */
export interface PortRange {
  readonly protocol: PortProtocol
  readonly from: number
  readonly to: number
}

/** The numbers behind ports at a destination. A name that no one there has, or there is no pod there, means nothing. */
export const portRanges = (ports: readonly PortMatch[], destination: readonly Member[]): readonly PortRange[] =>
  ports.flatMap((match): readonly PortRange[] => {
    if (!('name' in match)) return [match]
    return destination
      .flatMap(member => member.ports)
      .filter(({ name, protocol }) => name === match.name && (match.protocol ?? protocol) === protocol)
      .map(({ protocol, port }) => ({ protocol, from: port, to: port }))
  })

/** Whether ports cover a packet. Protocols without ports are covered by `any` alone. */
export function covers(
  ports: Ports,
  protocol: string,
  port: number | undefined,
  destination: readonly Member[],
): boolean {
  if (ports === 'any') return true
  return portRanges(ports, destination).some(
    range => range.protocol === protocol && port !== undefined && range.from <= port && port <= range.to,
  )
}
