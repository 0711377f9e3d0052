import type { NftText } from '../../wire/nft/text.ts'
import { name, nft } from '../../wire/nft/text.ts'
import { shortHash } from '../shape.ts'
import { createNumbers } from './numbers.ts'
import type { PortSet } from './port-set.ts'
import { conditions, NO_PORTS, union } from './port-set.ts'

/** What may pass, as one object for each set of ports: the same sets meeting again, in whichever class, cost a lookup. */
export interface PortUnion {
  /** Of this set alone, among all that `PortUnions` made. */
  readonly id: number
  readonly ports: PortSet
  /** What stands for it in maps, and in a packet's mark while it is looked up. */
  readonly number: NftText
  /** Everything, or a chain that is named by the ports that it lets through. */
  lead(): PortLead
}

export interface PortLead {
  readonly verdict: NftText
  readonly chain?: readonly [name: string, rules: readonly NftText[]]
}

export interface PortUnions {
  readonly none: PortUnion
  of(ports: PortSet): PortUnion
  add(a: PortUnion, b: PortUnion): PortUnion
}

/** Beyond it all is forgotten: who still has one goes on with it. */
const MOST = 20_000

export function createPortUnions(): PortUnions {
  let last = 0
  // Never forgotten: who still has an old set may meet any other.
  const numbers = createNumbers()
  const known = new Map<string, PortUnion>()
  const byObject = new WeakMap<object, PortUnion>()
  const sums = new WeakMap<PortUnion, WeakMap<PortUnion, PortUnion>>()
  const made = (ports: PortSet): PortUnion => {
    const text = JSON.stringify(ports)
    const found = known.get(text)
    if (found) return found
    if (known.size >= MOST) known.clear()
    let lead: PortLead | undefined
    const one: PortUnion = {
      id: ++last,
      ports,
      number: numbers.of(shortHash(text)),
      lead() {
        lead ??= leadOf(ports)
        return lead
      },
    }
    known.set(text, one)
    return one
  }
  const of = (ports: PortSet): PortUnion => {
    if (ports === 'all') return made(ports)
    const found = byObject.get(ports)
    if (found) return found
    const one = made(ports)
    byObject.set(ports, one)
    return one
  }
  return {
    none: of(NO_PORTS),
    of,
    add(a, b) {
      if (a === b) return a
      const known = sums.get(a)?.get(b)
      if (known) return known
      const sum = made(union(a.ports, b.ports))
      sums.set(a, (sums.get(a) ?? new WeakMap<PortUnion, PortUnion>()).set(b, sum))
      return sum
    },
  }
}

function leadOf(ports: PortSet): PortLead {
  if (ports === 'all') return { verdict: nft`accept` }
  const rules = conditions(ports).map(condition => nft`${condition}accept`)
  const chain = `ports-${shortHash(rules.join('\n'))}`
  return { verdict: nft`jump ${name(chain)}`, chain: [chain, rules] }
}
