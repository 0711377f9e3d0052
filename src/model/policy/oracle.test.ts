import { expect, test } from 'vitest'
import { engineOf } from './testing/engine.ts'
import type { OracleFlow, OracleWorld } from './testing/oracle.ts'
import { isAllowed } from './testing/oracle.ts'
import { inIpv6, randomFlow, randomOf, randomWorld } from './testing/worlds.ts'

/** POLICY_WORLDS=<n> asks about more worlds, POLICY_SEED=<n> about others. */
const WORLDS = Number(process.env.POLICY_WORLDS ?? 2500)
const FIRST_SEED = Number(process.env.POLICY_SEED ?? 1)
const FLOWS = 48

test('the engine and the oracle agree about every flow of random worlds', { timeout: 600_000 }, () => {
  let [allowed, denied] = [0, 0]
  for (let seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed++) {
    const random = randomOf(seed)
    const drawn = randomWorld(random)
    // Every other world speaks IPv6.
    const family = seed % 2 === 0 ? inIpv6 : <T>(value: T): T => value
    const world = family(drawn)
    const engine = engineOf(world)
    for (let i = 0; i < FLOWS; i++) {
      const flow = family(randomFlow(random, drawn))
      const expected = isAllowed(world, flow)
      if (engine(flow) !== expected) throw new Error(disagreement(seed, world, flow, expected))
      if (expected) allowed++
      else denied++
    }
  }
  expect(allowed + denied).toBe(WORLDS * FLOWS)
  // Both answers are common, else agreeing would prove little.
  expect(Math.min(allowed, denied) / (allowed + denied)).toBeGreaterThan(0.2)
})

/** With the policies that make no difference taken out. */
function disagreement(seed: number, world: OracleWorld, flow: OracleFlow, expected: boolean): string {
  let small = world
  for (const policy of world.networkPolicies) {
    const without = { ...small, networkPolicies: small.networkPolicies.filter(one => one !== policy) }
    if (engineOf(without)(flow) !== isAllowed(without, flow)) small = without
  }
  return `seed ${seed}: the oracle says ${expected ? 'allow' : 'deny'}\n${JSON.stringify(flow)}\n${JSON.stringify(small, null, 1)}`
}
