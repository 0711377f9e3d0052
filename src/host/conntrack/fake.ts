import { familyOf, ip } from '../../lib/ip.ts'
import type { Netns } from '../netns/mod.ts'
import type { ConntrackDriver, Flow, FlowFilter, Room } from './mod.ts'
import { matches } from './mod.ts'

export interface FakeConntrack extends ConntrackDriver {
  /** Puts a connection in; what is left out is made up. */
  add(netns: Netns, flow: Pick<Flow, 'protocol' | 'destination' | 'port' | 'answeredBy'> & Partial<Flow>): void
  flows(netns: Netns): readonly Flow[]
  setRoom(room: Room): void
  /** Every filter that was asked for. */
  readonly asked: readonly FlowFilter[]
}

export function fakeConntrack(): FakeConntrack {
  const tables = new Map<string, readonly Flow[]>()
  const asked: FlowFilter[] = []
  let room: Room = { count: 0, max: 65_536, dropped: 0 }
  const of = (netns: Netns): readonly Flow[] => tables.get(netns.name) ?? []
  const keep = (netns: Netns, isKept: (flow: Flow) => boolean): number => {
    const before = of(netns)
    tables.set(netns.name, before.filter(isKept))
    return before.length - of(netns).length
  }
  return {
    open: netns => ({
      flows: async () => of(netns).filter(({ protocol, isUnanswered }) => protocol !== 'tcp' || isUnanswered),
      async forget(filters) {
        asked.push(...filters)
        return keep(netns, flow => !filters.some(filter => matches(flow, filter)))
      },
      drop: flows => keep(netns, flow => !flows.includes(flow)),
      sweep: async (family, isToGo) =>
        keep(
          netns,
          flow =>
            familyOf(flow.source) !== family ||
            !isToGo({ source: flow.source, destination: flow.destination, answersTo: flow.source, mark: 0 }),
        ),
      room: () => room,
    }),
    add(netns, flow) {
      const made = {
        source: ip('10.128.0.99'),
        sourcePort: 40_000,
        answeredAt: flow.port,
        isUnanswered: false,
        ...flow,
      }
      tables.set(netns.name, [...of(netns), made])
    },
    flows: of,
    setRoom: given => {
      room = given
    },
    asked,
  }
}
