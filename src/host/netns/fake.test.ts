import { describe, expect, it } from 'vitest'
import { netnsConformance } from './conformance.ts'
import { fakeNetns } from './fake.ts'

describe('fakeNetns', () => {
  netnsConformance(fakeNetns)

  it('tells when the last holder lets go', () => {
    const netns = fakeNetns()
    const gone: number[] = []
    netns.onGone(id => gone.push(id))
    const made = netns.create('a')
    const opened = netns.open('a')
    netns.remove(made)
    expect(gone).toEqual([])
    netns.close(opened)
    expect(gone).toEqual([made.fd])
  })
})
