import { expect, test } from 'vitest'
import { engineOf } from './testing/engine.ts'
import { keep, keptCases, shrink } from './testing/kept.ts'
import type { OracleFlow, OracleWorld } from './testing/oracle.ts'
import { isAllowed } from './testing/oracle.ts'
import { inIpv6, randomFlow, randomOf, randomWorld } from './testing/worlds.ts'

/** The deep run asks about a million flows; POLICY_WORLDS=<n> about those of n worlds, POLICY_SEED=<n> about others. */
const WORLDS = Number(process.env.POLICY_WORLDS ?? (process.env.DEEP ? 21_000 : 400))
const FIRST_SEED = Number(process.env.POLICY_SEED ?? 1)
const FLOWS = 48

test('the engine and the oracle agree about every flow of random worlds', { timeout: 1_800_000 }, async () => {
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
      if (engine(flow) !== expected) throw new Error(await disagreement(seed, world, flow, expected))
      if (expected) allowed++
      else denied++
    }
  }
  expect(allowed + denied).toBe(WORLDS * FLOWS)
  // Both answers are common, else agreeing would prove little.
  expect(Math.min(allowed, denied) / (allowed + denied)).toBeGreaterThan(0.2)
})

/** What remains when all that makes no difference is taken out; it is kept, and asked about from now on. */
async function disagreement(seed: number, world: OracleWorld, flow: OracleFlow, expected: boolean): Promise<string> {
  const small = await shrink(world, smaller => engineOf(smaller)(flow) !== isAllowed(smaller, flow))
  return `seed ${seed}: the oracle says ${expected ? 'allow' : 'deny'}: ${keep({ flow, world: small })}`
}

test('what once was in doubt', () => {
  const cases = keptCases()
  expect(cases.length).toBeGreaterThan(20)
  for (const [file, { world, flow }] of cases) {
    expect(engineOf(world)(flow), file).toBe(isAllowed(world, flow))
    expect(engineOf(inIpv6(world))(inIpv6(flow)), `${file} in IPv6`).toBe(isAllowed(world, flow))
  }
})
