import { describe, expect, it } from 'vitest'
import { kernelNetns } from '../netns/real.ts'
import { spawnedCommands } from './commands.ts'
import { nftConformance } from './conformance.ts'
import { libraryCommands } from './library.ts'
import type { RawTransactions } from './raw/socket.ts'
import { rawTransactions } from './raw/socket.ts'
import { kernelNft } from './real.ts'

const NO_RAW: RawTransactions = { run: () => false, close: () => {} }
const WAYS = [
  ['its own messages', libraryCommands, rawTransactions],
  ['the library', libraryCommands, () => NO_RAW],
  ['nft processes', spawnedCommands, () => NO_RAW],
] as const

for (const [name, commands, raw] of WAYS)
  describe(`kernelNft by ${name}`, () => {
    nftConformance(() => {
      const netns = kernelNetns()
      const at = netns.create('nft-a')
      const driver = kernelNft(netns, commands, raw)
      const nft = driver.open(at)
      return {
        nft,
        another: () => driver.open(at),
        close: () => {
          nft.close()
          netns.remove(at)
        },
      }
    })
  })

describe('kernelNft', () => {
  it('stays in the namespace it was opened for', () => {
    const netns = kernelNetns()
    const [a, b] = [netns.create('nft-a'), netns.create('nft-b')]
    const driver = kernelNft(netns)
    const [inA, inB] = [driver.open(a), driver.open(b)]
    netns.within(b, () => inA.run('add table ip only-a'))
    expect(inA.tables()).toEqual(['ip only-a'])
    expect(inB.tables()).toEqual([])
    for (const nft of [inA, inB]) nft.close()
    for (const at of [a, b]) netns.remove(at)
  })

  it('takes 5,000 elements and 1,000 chains in one transaction', () => {
    const netns = kernelNetns()
    const at = netns.create('nft-a')
    const nft = kernelNft(netns).open(at)
    const chains = Array.from({ length: 1000 }, (_, i) => `add chain inet t c${i}\nadd rule inet t c${i} accept`)
    const elements = Array.from({ length: 5000 }, (_, i) => `10.1.${i >> 8}.${i & 255} : goto c${i % 1000}`)
    nft.run(
      `add table inet t\n${chains.join('\n')}\nadd map inet t m { type ipv4_addr : verdict; }\nadd element inet t m { ${elements.join(', ')} }`,
    )
    expect(nft.elements('inet', 't', 'm')).toHaveLength(5000)
    nft.close()
    netns.remove(at)
  })
})
