import type { Netns } from '../netns/mod.ts'
import type { ConntrackDriver, FlowFilter } from './mod.ts'

export interface Flow extends Required<FlowFilter> {}

export interface FakeConntrack extends ConntrackDriver {
  /** Puts a connection in. */
  add(netns: Netns, flow: Flow): void
  flows(netns: Netns): readonly Flow[]
  /** Every filter that was asked for. */
  readonly asked: readonly FlowFilter[]
}

export function fakeConntrack(): FakeConntrack {
  const tables = new Map<string, Flow[]>()
  const asked: FlowFilter[] = []
  const of = (netns: Netns): Flow[] => tables.get(netns.name) ?? []
  return {
    open: netns => ({
      async forget(filters) {
        asked.push(...filters)
        const kept = of(netns).filter(flow => !filters.some(filter => matches(flow, filter)))
        const forgotten = of(netns).length - kept.length
        tables.set(netns.name, kept)
        return forgotten
      },
    }),
    add: (netns, flow) => void tables.set(netns.name, [...of(netns), flow]),
    flows: of,
    asked,
  }
}

const matches = (flow: Flow, filter: FlowFilter): boolean =>
  flow.protocol === filter.protocol &&
  flow.destination === filter.destination &&
  flow.port === filter.port &&
  (filter.answeredBy === undefined || flow.answeredBy === filter.answeredBy)
