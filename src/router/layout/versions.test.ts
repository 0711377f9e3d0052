import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createVersions } from './versions.ts'

it('snapshots are what a copy would have been', () => {
  const step = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), value: fc.option(fc.nat(9)), kept: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), steps => {
      const versions = createVersions<number>()
      const model = new Map<string, number>()
      const kept: { readonly copy: Map<string, number>; readonly snapshot: ReadonlyMap<string, number> }[] = []
      for (const { key, value, kept: isKept } of steps) {
        if (value === null) versions.delete(key)
        else versions.set(key, value)
        if (value === null) model.delete(key)
        else model.set(key, value)
        if (isKept) kept.push({ copy: new Map(model), snapshot: versions.snapshot() })
      }
      for (const { copy, snapshot } of kept) {
        expect(new Map(snapshot)).toEqual(copy)
        expect(snapshot.size).toBe(copy.size)
        for (const key of ['a', 'b', 'c', 'd']) expect(snapshot.get(key)).toBe(copy.get(key))
      }
      expect(versions.now).toEqual(model)
    }),
  )
})
