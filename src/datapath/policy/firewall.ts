import type { Cidr } from '../../lib/cidr.ts'
import type { Family } from '../../lib/ip.ts'
import type { Firewall, FirewallRule, FirewallWorld } from '../../model/policy/firewall.ts'
import { targetNetworks } from '../../model/policy/firewall.ts'
import { namePattern } from '../../model/policy/names.ts'
import type { NftText } from '../../wire/nft/text.ts'
import { at, name, nft, oneOf } from '../../wire/nft/text.ts'
import { CONNECTION_MARK } from '../marks.ts'
import { shortHash } from '../shape.ts'
import { disjoint, intervalsOf, intervalText } from './intervals.ts'
import { createVersions, nameRules, nameSet } from './name-sets.ts'
import { conditions, portSet } from './port-set.ts'
import type { RulesetMap } from './ruleset.ts'
import { addressType, denyChain, field } from './skeleton.ts'

/** A firewall as a chain and what it needs; all named by what they hold, so that equal firewalls share them. */
export interface CompiledFirewall {
  readonly chain: string
  readonly chains: ReadonlyMap<string, readonly NftText[]>
  readonly maps: ReadonlyMap<string, RulesetMap>
}

const FAMILIES: readonly Family[] = [4, 6]

/**
 * Rules without ports that follow each other become one map of intervals in which the first match is found already; rules
 * with the same ports and the same verdict one set. Allow is `return`: what follows has its say.
 */
export function compileFirewall(
  firewall: Firewall,
  world: FirewallWorld,
  versions = createVersions(),
): CompiledFirewall {
  const maps = new Map<string, RulesetMap>()
  const isNamed = firewall.rules.some(({ to }) => to.kind === 'name')
  const version = isNamed ? versions.of(`firewall ${firewall.namespace}`, JSON.stringify(firewall.rules)) : 0
  const rules = FAMILIES.flatMap(family => [
    ...exempt(world.clusterNetworks, family),
    ...runsOf(firewall.rules).flatMap(
      run => namedRules(run, family, maps, version) ?? runRules(run, world, family, maps),
    ),
  ])
  const chain = `firewall-${shortHash(rules.join('\n'))}`
  return { chain, chains: new Map([[chain, rules]]), maps }
}

function exempt(networks: readonly Cidr[], family: Family): readonly NftText[] {
  const own = networks.filter(network => network.family === family)
  return own.length > 0 ? [nft`${field(family, 'daddr')} ${oneOf(own)} return`] : []
}

type Run = readonly FirewallRule[]

function runsOf(rules: readonly FirewallRule[]): readonly Run[] {
  const runs: FirewallRule[][] = []
  for (const rule of rules) {
    const last = runs.at(-1)
    if (last && isAlike(last[0]!, rule)) last.push(rule)
    else runs.push([rule])
  }
  return runs
}

const isAlike = (a: FirewallRule, b: FirewallRule): boolean => {
  const isNamed = a.to.kind === 'name'
  if (isNamed !== (b.to.kind === 'name')) return false
  if (a.ports === 'any' && !isNamed) return b.ports === 'any'
  return a.action === b.action && JSON.stringify(a.ports) === JSON.stringify(b.ports)
}

/** Names that follow each other with the same ports and the same verdict are one set. Undefined: it is not of names. */
function namedRules(
  run: Run,
  family: Family,
  maps: Map<string, RulesetMap>,
  version: number,
): readonly NftText[] | undefined {
  const { to, action, ports } = run[0]!
  if (to.kind !== 'name') return undefined
  const patterns = run.flatMap(rule => (rule.to.kind === 'name' ? [namePattern(rule.to.name, 'one')] : []))
  const { name: set, set: holds } = nameSet(patterns, family)
  maps.set(set, holds)
  // Whom a name is forbidden to is not remembered: that ends with the address' time.
  const memory = action === 'allow' ? { in: CONNECTION_MARK.firewallNames, version } : undefined
  return conditions(ports === 'any' ? 'all' : portSet(ports)).flatMap(condition =>
    nameRules(set, family, condition, verdictOf(run[0]!), memory),
  )
}

/** A rule each costs the kernel less than a map of their own. */
const FEW = 4

function runRules(run: Run, world: FirewallWorld, family: Family, maps: Map<string, RulesetMap>): readonly NftText[] {
  const marked = run.flatMap((rule, index) =>
    targetNetworks(rule, world)
      .filter(network => network.family === family)
      .flatMap(cidr => intervalsOf({ kind: 'net', cidr, except: [] }))
      .map(interval => ({ interval, value: index })),
  )
  if (marked.length === 0) return []
  const verdictAt = (index: number): NftText => verdictOf(run[index]!)
  const resolved = disjoint(marked, indexes => {
    const value = Math.min(...indexes)
    return { key: verdictAt(value), value }
  })
  const { ports } = run[0]!
  const ways = conditions(ports === 'any' ? 'all' : portSet(ports))
  if (resolved.length <= FEW)
    return ways.flatMap(way =>
      resolved.map(({ interval, value }) => {
        const where = nft`${field(family, 'daddr')} { ${intervalText(interval, family)} }`
        return nft`${where} ${way}${verdictAt(value)}`
      }),
    )
  const elements = new Map(
    resolved.map(({ interval, value }) => [intervalText(interval, family), verdictAt(value)] as const),
  )
  const map = `networks-${shortHash(`${family} ${[...elements].flat().join('\n')}`)}`
  maps.set(map, { definition: nft`type ${addressType(family)} : verdict; flags interval;`, elements })
  return ways.map(way => nft`${way}${field(family, 'daddr')} vmap ${at(map)}`)
}

const verdictOf = ({ action }: FirewallRule): NftText =>
  action === 'allow' ? nft`return` : nft`goto ${name(denyChain('firewall'))}`
