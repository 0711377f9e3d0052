import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideHost } from './claims.ts'
import { testFacts } from './testing.ts'
import type { RouteFacts } from './types.ts'

const strict = { namespaceOwnership: 'Strict' } as const
const shared = { namespaceOwnership: 'InterNamespaceAllowed' } as const
const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`
const names = (routes: readonly RouteFacts[]): string[] => routes.map(({ name }) => name).sort()

describe('decideHost', () => {
  it('the oldest of a path wins; other paths of its namespace are free', () => {
    const { winners, losers } = decideHost(
      [
        testFacts('b', { created: at(2) }),
        testFacts('a', { created: at(1) }),
        testFacts('c', { created: at(3), path: '/c' }),
      ],
      strict,
    )
    expect(names(winners)).toEqual(['a', 'c'])
    expect(losers).toEqual(
      new Map([
        ['shop/b', { reason: 'HostAlreadyClaimed', message: 'route a already exposes x.example.com and is older' }],
      ]),
    )
  })
  it('of one second, the smaller UID', () => {
    expect(names(decideHost([testFacts('a', { uid: 'z' }), testFacts('b', { uid: 'y' })], strict).winners)).toEqual([
      'b',
    ])
  })
  it('Strict: the host belongs to the namespace that came first; InterNamespaceAllowed: each path for itself', () => {
    const routes = [
      testFacts('a', { created: at(1) }),
      testFacts('b', { created: at(2), namespace: 'other', path: '/b' }),
    ]
    const { winners, losers } = decideHost(routes, strict)
    expect(names(winners)).toEqual(['a'])
    expect(losers.get('other/b')?.message).toBe('a route in another namespace holds x.example.com and is older than b')
    expect(names(decideHost(routes, shared).winners)).toEqual(['a', 'b'])
  })
  it('a faulty Route is not served, and holds what it claimed', () => {
    const fault = { reason: 'ExtendedValidationFailed', message: 'bad' } as const
    const { winners, losers } = decideHost(
      [testFacts('a', { created: at(1), fault }), testFacts('b', { created: at(2) })],
      strict,
    )
    expect(winners).toEqual([])
    expect(losers.get('shop/a')).toBe(fault)
    expect(losers.get('shop/b')?.reason).toBe('HostAlreadyClaimed')
  })
  it('"", "/" and "//" are one path; "/a" and "/a/" are two', () => {
    const paths = ['', '/', '//', '/a', '/a/']
    const { winners } = decideHost(
      paths.map((path, index) => testFacts(`r${index}`, { path, created: at(index) })),
      strict,
    )
    expect(winners.map(({ path }) => path)).toEqual(['', '/a', '/a/'])
  })

  const routes = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom(...'abcdefgh'),
      namespace: fc.constantFrom('n1', 'n2', 'n3'),
      second: fc.integer({ min: 0, max: 3 }),
      path: fc.constantFrom('', '/', '/a', '/a/', '/b'),
      isFaulty: fc.boolean(),
    }),
    { selector: ({ name, namespace }) => `${namespace}/${name}`, maxLength: 12 },
  )
  const facts = (
    all: readonly { name: string; namespace: string; second: number; path: string; isFaulty: boolean }[],
  ) =>
    all.map(({ name, namespace, second, path, isFaulty }) =>
      testFacts(name, {
        namespace,
        uid: `${namespace}/${name}`,
        path,
        created: at(second),
        ...(isFaulty ? { fault: { reason: 'ExtendedValidationFailed', message: 'x' } as const } : {}),
      }),
    )

  it('depends on the set alone, and every Route either wins or is told why not', () => {
    fc.assert(
      fc.property(
        routes.chain(all => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        fc.constantFrom(strict, shared),
        ([all, shuffled], policy) => {
          const one = decideHost(facts(all), policy)
          const other = decideHost(facts(shuffled), policy)
          expect(names(other.winners)).toEqual(names(one.winners))
          expect(other.losers).toEqual(one.losers)
          expect(one.winners.length + one.losers.size).toBe(all.length)
          if (policy === strict)
            expect(new Set(one.winners.map(({ namespace }) => namespace)).size).toBeLessThanOrEqual(1)
        },
      ),
    )
  })
  it('when a winner goes, nobody who won before loses', () => {
    fc.assert(
      fc.property(routes, fc.constantFrom(strict, shared), (all, policy) => {
        const before = decideHost(facts(all), policy)
        for (const gone of before.winners) {
          const after = decideHost(
            facts(all).filter(({ key }) => key !== gone.key),
            policy,
          )
          const left = before.winners.filter(({ key }) => key !== gone.key)
          const isSameOwner = policy === shared || after.winners[0]?.namespace === gone.namespace
          if (isSameOwner)
            expect(after.winners.map(({ key }) => key)).toEqual(expect.arrayContaining(left.map(({ key }) => key)))
        }
      }),
    )
  })
})
