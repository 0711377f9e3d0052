/** Every function and method by name. A method's first argument is what it is called on. */
import { authorizer } from './library/authorizer.ts'
import { convert } from './library/convert.ts'
import { kubernetes } from './library/kubernetes.ts'
import { lists } from './library/lists.ts'
import type { Body, Library } from './library/mod.ts'
import { network } from './library/network.ts'
import { operators } from './library/operators.ts'
import { optionals } from './library/optionals.ts'
import { semver } from './library/semver.ts'
import { strings } from './library/strings.ts'
import { times } from './library/times.ts'

const LIBRARIES: readonly Library[] = [
  operators,
  convert,
  strings,
  lists,
  optionals,
  times,
  kubernetes,
  network,
  semver,
  authorizer,
]

/** Of several bodies of one name, the first that takes the arguments. */
function table(part: 'functions' | 'methods'): Readonly<Record<string, Body>> {
  const bodies = new Map<string, Body[]>()
  for (const library of LIBRARIES)
    for (const [name, body] of Object.entries(library[part] ?? {}))
      bodies.set(name, [...(bodies.get(name) ?? []), body])
  return Object.fromEntries(
    [...bodies].map(([name, all]) => [name, all.length === 1 ? all[0]! : firstOf(all)] as const),
  )
}

const firstOf =
  (bodies: readonly Body[]): Body =>
  (...args) => {
    for (const body of bodies) {
      const result = body(...args)
      if (result !== undefined) return result
    }
    return undefined
  }

export const FUNCTIONS = table('functions')
export const METHODS = table('methods')
