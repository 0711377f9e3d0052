import { describe, expect, it } from 'vitest'
import { fakeNetns } from '../netns/fake.ts'
import { nftConformance } from './conformance.ts'
import { fakeNft } from './fake.ts'
import { NftError } from './mod.ts'
import { loadInParts } from './text.ts'

describe('fakeNft', () => {
  nftConformance(() => {
    const driver = fakeNft()
    const at = fakeNetns().create('a')
    return { nft: driver.open(at), another: () => driver.open(at), close: () => {} }
  })

  it('keeps what was applied, and only that', () => {
    const driver = fakeNft()
    const at = fakeNetns().create('a')
    const nft = driver.open(at)
    nft.run('add table inet t\nadd chain inet t c { type filter hook input priority 0; policy accept; }')
    driver.failNext('Error: no')
    expect(() => nft.run('add rule inet t c drop')).toThrow('Error: no')
    nft.run('add rule inet t c accept')
    expect(driver.applied(at)).toHaveLength(2)
    expect(driver.dump(at)).toEqual([
      'inet t c { type filter hook input priority 0; policy accept }',
      'inet t c: accept',
    ])
  })
})

describe('loadInParts', () => {
  it('halves what the kernel finds too long, in order', () => {
    const done: string[] = []
    loadInParts(['a', 'b', 'c', 'd', 'e'], text => {
      if (text.split('\n').length > 2) throw new NftError('Message too long')
      done.push(text)
    })
    expect(done).toEqual(['a\nb', 'c', 'd\ne'])
  })

  it('gives up on other refusals', () => {
    const refuse = (): void => {
      throw new NftError('File exists')
    }
    expect(() => loadInParts(['a', 'b'], refuse)).toThrow('File exists')
  })
})
