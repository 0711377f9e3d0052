import type { LinkFact } from '../../datapath/links.ts'
import { linkSteps } from '../../datapath/links.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import type { Netns } from '../../host/netns/mod.ts'

/** Keeps the rules and routes by which steered packets travel equal to facts. */
export interface Steering {
  /** Throws LinkError; the next call then makes everything anew, which what is there already does not mind. */
  apply(facts: readonly LinkFact[]): void
}

export function createSteering(driver: LinkDriver, netns: Netns): Steering {
  let made: ReadonlyMap<string, LinkFact> = new Map()
  return {
    apply(facts) {
      const before = made
      made = new Map()
      // Routes go with the tunnel when that is made anew, so all are made each time: they are as many as egress nodes.
      const gone = new Map([...before].filter(([key]) => !facts.some(fact => fact.key === key)))
      const steps = [...linkSteps(gone, []), ...facts.flatMap(({ make }) => make)]
      if (steps.length > 0) driver.apply(netns, steps)
      made = new Map(facts.map(fact => [fact.key, fact]))
    },
  }
}
