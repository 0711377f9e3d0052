import { expect, test } from 'vitest'
import { ip } from '../../lib/ip.ts'
import { createEngine } from '../../model/policy/evaluate.ts'
import { worldOf } from '../../model/policy/testing/engine.ts'
import { inIpv6, randomFlow, randomOf, randomWorld } from '../../model/policy/testing/worlds.ts'
import type { PolicyWorld } from '../../model/policy/types.ts'
import { createPolicyCompiler } from './compile.ts'
import type { Ruleset } from './ruleset.ts'
import { EMPTY, rulesetChange } from './ruleset.ts'
import { walk } from './testing.ts'

const WORLDS = Number(process.env.POLICY_WORLDS ?? (process.env.DEEP ? 3000 : 200))
const FLOWS = 32
const NODES = ['node-1', 'node-2']

test('rules do with packets what the engine says about them', { timeout: 600_000 }, () => {
  let denied = 0
  for (let seed = 1; seed <= WORLDS; seed++) {
    const random = randomOf(seed)
    const drawn = randomWorld(random)
    // Every other world speaks IPv6.
    const family = seed % 2 === 0 ? inIpv6 : <T>(value: T): T => value
    const world = worldOf(family(drawn))
    const engine = createEngine(world)
    const rulesets = new Map(NODES.map(node => [node, createPolicyCompiler(node).compile(world)]))
    for (let i = 0; i < FLOWS; i++) {
      const { from, to, protocol, port } = family(randomFlow(random, drawn))
      const flow = { source: ip(from), destination: ip(to), protocol, port }
      const decided = engine.decide(flow)
      for (const direction of ['egress', 'ingress'] as const) {
        const decision = decided[direction]
        // Hooks alone see to what passes before any class is asked.
        if (decision.because === 'own node') continue
        const at = direction === 'egress' ? from : to
        const node = world.pods.find(({ addresses }) => addresses.includes(ip(at)))?.node
        if (node === undefined) continue
        const packet = { ...flow, protocol: protocol.toLowerCase() }
        const said = walk(rulesets.get(node)!, direction, packet)
        if ((said === 'accept') !== (decision.verdict === 'allow'))
          throw new Error(
            `seed ${seed}: ${direction} ${JSON.stringify(flow)} ${JSON.stringify(decision)}, rules: ${said}`,
          )
        if (said === 'drop') denied++
      }
    }
  }
  expect(denied).toBeGreaterThan(WORLDS)
})

/** The ruleset without the numbers of identities, which depend on who came first. */
function nameless({ chains, maps }: Ruleset, world: PolicyWorld): unknown {
  const who = new Map<string, string>()
  for (const [address, id] of [...maps.get('who4')!.elements].toSorted()) who.set(id, `${who.get(id) ?? ''} ${address}`)
  const where = new Map<string, string>()
  for (const [address, id] of [...maps.get('where4')!.elements].toSorted())
    where.set(id, `${where.get(id) ?? ''} ${address}`)
  const renamed = [...maps].map(([name, { elements }]) => {
    const names = name.startsWith('where') ? where : who
    const isByMark = /^(who|where|admin|baseline)-/.test(name)
    // A namespace in which nobody is has a number that nobody is found by.
    const lines = [...elements]
      .filter(([key]) => !isByMark || names.has(key))
      .map(([key, value]) => `${isByMark ? names.get(key) : key} : ${names.get(value) ?? value}`)
    return [name, lines.toSorted()]
  })
  return [[...chains].toSorted(), renamed.toSorted(), world.pods.length]
}

test('worlds that follow each other end in the same as the last one alone, and changes lead there', {
  timeout: 60_000,
}, () => {
  for (let seed = 1; seed <= 80; seed++) {
    const compiler = createPolicyCompiler('node-1')
    let ruleset = EMPTY
    let applied = EMPTY
    let world: PolicyWorld | undefined
    for (let step = 0; step < 4; step++) {
      world = worldOf(randomWorld(randomOf(seed * 7 + step)))
      ruleset = compiler.compile(world)
      applied = follow(applied, ruleset)
    }
    expect(applied).toEqual(ruleset)
    expect(nameless(ruleset, world!)).toEqual(nameless(createPolicyCompiler('node-1').compile(world!), world!))
  }
})

test('what does not change costs nothing', () => {
  const world = worldOf(randomWorld(randomOf(5)))
  const compiler = createPolicyCompiler('node-1')
  const first = compiler.compile(world)
  expect(rulesetChange(first, compiler.compile({ ...world, pods: [...world.pods] }))).toEqual([])
  expect(rulesetChange(EMPTY, first).length).toBeGreaterThan(0)
})

/** Does what the commands say, and refuses what the kernel would. */
function follow(old: Ruleset, next: Ruleset): Ruleset {
  const chains = new Map([...old.chains].map(([name, rules]) => [name, [...rules]]))
  const maps = new Map([...old.maps].map(([name, map]) => [name, { ...map, elements: new Map(map.elements) }]))
  const targets = (): string => JSON.stringify([[...chains.values()], [...maps.values()].map(map => [...map.elements])])
  for (const command of rulesetChange(old, next).flat()) {
    if (command.what === 'chain' && command.do === 'add') chains.set(command.name, [])
    else if (command.what === 'chain' && command.do === 'flush') chains.get(command.name)!.length = 0
    else if (command.what === 'chain') {
      expect(targets()).not.toMatch(new RegExp(`(goto|jump) ${command.name}"`))
      chains.delete(command.name)
    } else if (command.what === 'map' && command.do === 'add')
      maps.set(command.name, { definition: command.definition, elements: new Map() })
    else if (command.what === 'map') {
      expect(targets()).not.toContain(`@${command.name}"`)
      maps.delete(command.name)
    } else if (command.what === 'rule') {
      const map = /@(\S+)/.exec(command.rule)?.[1]
      if (map !== undefined) expect(maps.has(map)).toBe(true)
      chains.get(command.chain)!.push(command.rule)
    } else if (command.what === 'element')
      for (const { key, value } of command.elements) {
        const { elements } = maps.get(command.of)!
        expect(elements.has(key)).toBe(command.do === 'delete')
        if (command.do === 'add') elements.set(key, value!)
        else elements.delete(key)
      }
  }
  return { chains, maps }
}
