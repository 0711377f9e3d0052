import { readlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { netnsConformance } from './conformance.ts'
import { assertOneNamespace, kernelNetns } from './real.ts'

const current = (): string => readlinkSync('/proc/thread-self/ns/net')

describe('kernelNetns', () => {
  netnsConformance(kernelNetns)

  it('really changes the network, and really comes back', () => {
    const netns = kernelNetns()
    const before = current()
    const a = netns.create('real-a')
    expect(current()).toBe(before)
    const b = netns.create('real-b')
    const seen = netns.within(a, () => {
      const inA = current()
      const inB = netns.within(b, current)
      expect(current()).toBe(inA)
      return [inA, inB]
    })
    expect(new Set([before, ...seen]).size).toBe(3)
    expect(current()).toBe(before)
    netns.remove(a)
    netns.remove(b)
  })

  it('refuses names that are paths', () => {
    expect(() => kernelNetns().create('../x')).toThrow('not a namespace name')
  })
})

describe('assertOneNamespace', () => {
  it('passes in a process whose threads agree', async () => {
    await expect(assertOneNamespace()).resolves.toBeUndefined()
  })
})
