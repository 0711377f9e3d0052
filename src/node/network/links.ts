import type { LinkFact, LinkStep } from '../../datapath/links.ts'
import { linkSteps, sysctls } from '../../datapath/links.ts'
import type { DatapathOptions } from '../../datapath/options.ts'
import { insideNetworks } from '../../datapath/options.ts'
import type { LinkDriver, RouteState } from '../../host/link/mod.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { contains, parseCidr } from '../../lib/cidr.ts'
import { parseIp } from '../../lib/ip.ts'

/** Keeps a node's links, addresses and routes equal to facts. */
export interface Links {
  /** Throws LinkError; the next call then makes everything anew, which what is there already does not mind. */
  apply(facts: readonly LinkFact[]): void
}

const POD_LINK = /^pod/
const MAIN_TABLE = 254

export function createLinks(driver: LinkDriver, netns: Netns, options: DatapathOptions): Links {
  let made: ReadonlyMap<string, LinkFact> | undefined
  return {
    apply(facts) {
      const isFirst = made === undefined
      const before = made ?? new Map<string, LinkFact>()
      made = undefined
      if (isFirst) prepare(driver, netns, options)
      const steps = [...(isFirst ? leftovers(driver, netns, options, facts) : []), ...linkSteps(before, facts)]
      if (steps.length > 0) driver.apply(netns, steps)
      made = new Map(facts.map(fact => [fact.key, fact]))
    },
  }
}

function prepare(driver: LinkDriver, netns: Netns, options: DatapathOptions): void {
  for (const [name, value] of sysctls(options)) driver.sysctl(netns, name, value)
  // Links that were there before took the old default.
  for (const { name } of driver.links(netns))
    if (!POD_LINK.test(name)) driver.sysctl(netns, `net/ipv4/conf/${name}/rp_filter`, '0')
}

/** Routes of nodes that went while no agent ran. Pods' own are not ours. */
function leftovers(
  driver: LinkDriver,
  netns: Netns,
  options: DatapathOptions,
  facts: readonly LinkFact[],
): readonly LinkStep[] {
  const wanted = new Set(facts.map(({ key }) => key))
  const networks = [...insideNetworks(options)]
  const families = new Set(networks.map(({ family }) => family))
  return [...families].flatMap(family =>
    driver.routes(netns, family).flatMap((route): readonly LinkStep[] => {
      const to = targetOf(route)
      if (!to || route.table !== MAIN_TABLE || (route.dev !== undefined && POD_LINK.test(route.dev))) return []
      if (wanted.has(`route ${to.address}/${to.bits}`)) return []
      if (!networks.some(network => network.bits <= to.bits && contains(network, to.address))) return []
      return [{ op: 'route-delete', to, ...(route.dev === undefined ? {} : { dev: route.dev }), family }]
    }),
  )
}

/** "10.128.0.0/23", or an address alone. */
function targetOf({ to }: RouteState): Cidr | undefined {
  const address = parseIp(to)
  return parseCidr(address === undefined ? to : `${to}/${address.includes(':') ? 128 : 32}`)
}
