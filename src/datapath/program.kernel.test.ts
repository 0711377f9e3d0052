import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { kernelNetns } from '../host/netns/real.ts'
import { fakeNft } from '../host/nft/fake.ts'
import { kernelNft } from '../host/nft/real.ts'
import { cidr } from '../lib/cidr.ts'
import { ip } from '../lib/ip.ts'
import type { Outcome } from '../model/services/types.ts'
import { listed } from '../wire/nft/listed.ts'
import { transaction, transactions } from '../wire/nft/transaction.ts'
import { elementMaps } from './elements.ts'
import { createProgram, noteContent } from './program.ts'
import { TABLE } from './skeleton.ts'
import { readState, SKELETON } from './testing.ts'

const SIX: Outcome = {
  is: 'forward',
  source: 'node',
  backends: [
    { address: ip('fd01::9'), port: 80 },
    { address: ip('fd01::a'), port: 80 },
  ],
}

test('the kernel takes every step, and holds what the fake holds', () => {
  const netns = kernelNetns()
  const at = netns.create('program')
  const real = kernelNft(netns).open(at)
  const fake = fakeNft().open(at)
  const options = {
    ...SKELETON,
    clusterNetworks: [...SKELETON.clusterNetworks, { cidr: cidr('fd01::/48'), hostPrefix: 64 }],
    serviceNetworks: [...SKELETON.serviceNetworks, cidr('fd02::/112')],
    sourceAddresses: [ip('100.64.0.2'), ip('fd01::2')],
  }
  const program = createProgram(options)
  const run = (text: string): void => {
    real.run(text)
    fake.run(text)
    for (const map of [4, 6].flatMap(family => elementMaps(family as 4 | 6))) {
      const held = (nft: typeof real): readonly string[] =>
        (nft.elements(TABLE.family, TABLE.name, map) ?? []).map(one => JSON.stringify(listed(one))).sort()
      expect(held(real), map).toEqual(held(fake))
    }
  }
  run(transaction(TABLE, program.base()) + transaction(TABLE, program.hooks()) + noteContent(program.content()))
  const { nodes, changes } = readState(
    readFileSync(join(import.meta.dirname, 'testdata/shop.in.yaml'), 'utf8'),
    'node-1',
  )
  const step = (groups: ReturnType<typeof program.update>['groups']): void => {
    for (const text of transactions(TABLE, groups)) run(text + noteContent(program.content()))
  }
  step(program.setNodes(nodes.flatMap(({ addresses }) => addresses)).groups)
  for (const change of changes) step(program.update([change]).groups)
  const six = changes.map(({ fronts, ...change }) => ({
    ...change,
    fronts: [...fronts, ...fronts.map(front => ({ ...front, address: ip('fd02::9'), within: SIX, outside: SIX }))],
  }))
  step(program.update(six).groups)
  step(program.update(changes).groups)
  step(program.update(changes.map(change => ({ ...change, fronts: [] }))).groups)
  // Everything once more, over what stands: an agent that finds another skeleton does this.
  run(transaction(TABLE, program.base()) + transaction(TABLE, program.hooks()) + noteContent(program.content()))
  real.close()
  netns.remove(at)
})
