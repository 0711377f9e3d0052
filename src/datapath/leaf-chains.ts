import type { Command } from '../wire/nft/command.ts'
import { admitName, makeAdmitChain } from './admit.ts'
import type { Lowered } from './lower.ts'
import { chainsOf, learnName, makeChain, makeLearnChain, shapeName } from './shape.ts'

/** The leaf chains that some front has needed. They are few (one for each number of endpoints) and are kept. */
export interface LeafChains {
  /** Commands for what no front has needed before. */
  need(lowered: Lowered): readonly Command[]
  all(): readonly Command[]
}

export function createLeafChains(): LeafChains {
  const made = new Map<string, readonly Command[]>()
  const make = (name: string, commands: () => readonly Command[]): readonly Command[] => {
    if (made.has(name)) return []
    made.set(name, commands())
    return made.get(name)!
  }
  return {
    need: ({ shapes, learnSeconds, admitted }) => [
      ...shapes.flatMap(chainsOf).flatMap(shape => make(shapeName(shape), () => makeChain(shape))),
      ...(learnSeconds === undefined ? [] : make(learnName(learnSeconds), () => makeLearnChain(learnSeconds))),
      ...(admitted ? make(admitName(admitted), () => makeAdmitChain(admitted)) : []),
    ],
    all: () => [...made.values()].flat(),
  }
}
