import { expect, it } from 'vitest'
import { createBudget } from './budget.ts'

it('lets the longest holder pay, as often as it takes, and forgets who holds nothing', () => {
  const cut: string[] = []
  const budget = createBudget(100)
  const holder = (name: string) => budget.holder(() => cut.push(name))
  const [a, b, c] = [holder('a'), holder('b'), holder('c')]
  a.hold(40)
  b.hold(30)
  c.hold(30)
  expect(cut).toEqual([])
  // Who lets go of everything begins anew, behind the others.
  a.hold(-40)
  a.hold(40)
  c.hold(60)
  expect(cut).toEqual(['b', 'c'])
  expect(budget.usedBytes).toBe(40)
  a.release()
  expect(budget.usedBytes).toBe(0)
  b.hold(101)
  expect([cut.at(-1), budget.usedBytes]).toEqual(['b', 0])
})
