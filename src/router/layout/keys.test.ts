import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keysOf, type PathRule, resolvePaths } from './keys.ts'

const HOST = 'h.test'

/** As HAProxy's map_beg: the longest key that begins the lookup string. */
function lookUp(entries: ReadonlyMap<string, string>, path: string): string | undefined {
  const text = `${HOST}${path}/?`
  let found: string | undefined
  for (const key of entries.keys()) if (text.startsWith(key) && key.length > (found?.length ?? 0)) found = key
  return found === undefined ? undefined : entries.get(found)
}

test.each([
  ['', { key: 'h.test/' }],
  ['/', { key: 'h.test/' }],
  ['//', { key: 'h.test/' }],
  ['/sub', { key: 'h.test/sub/' }],
  ['/sub/', { key: 'h.test/sub/', exception: 'h.test/sub/?' }],
])('keys of %j', (path, keys) => {
  expect(keysOf(HOST, path)).toEqual(keys)
})

describe('resolvePaths', () => {
  const rules = (text: string): PathRule[] =>
    text.split(' ').map(rule => {
      const [path = '', kind] = rule.split('=')
      if (kind === 'none') return { path, value: undefined, serves: false }
      if (kind === 'redirect') return { path, value: `redirect ${path}`, serves: false }
      return { path, value: path, serves: true }
    })
  const entries = (text: string) => resolvePaths(HOST, rules(text), 'nowhere')

  test('a closed path under a redirect answers nothing; under a served one it is as if it were not there', () => {
    expect(lookUp(entries('/=redirect /a=none'), '/a')).toBe('nowhere')
    expect(lookUp(entries('/=redirect /a=none'), '/b')).toBe('redirect /')
    expect(lookUp(entries('/ /a=none'), '/a')).toBe('/')
    expect(lookUp(entries('/ /a=redirect /a/b=none'), '/a/b')).toBe('/')
    expect(entries('/a=none').size).toBe(0)
  })
  test('/sub/ is below /sub and not it', () => {
    expect(lookUp(entries('/ /sub/'), '/sub')).toBe('/')
    expect(lookUp(entries('/ /sub/'), '/sub/')).toBe('/sub/')
    expect(lookUp(entries('/sub/ /sub'), '/sub')).toBe('/sub')
    expect(lookUp(entries('/sub /sub/'), '/sub/x')).toBe('/sub/')
    expect(lookUp(entries('/sub/'), '/sub')).toBe('nowhere')
  })

  const segment = fc.constantFrom('a', 'b', 'ab', '')
  const path = fc.array(segment, { maxLength: 4 }).map(parts => parts.map(part => `/${part}`).join(''))
  const rule = fc.record({ path, kind: fc.constantFrom('serve', 'redirect', 'none') })
  const weight = (rulePath: string): number => (/^\/*$/.test(rulePath) ? 0 : rulePath.length)
  const matches = (rulePath: string, request: string): boolean => {
    if (/^\/*$/.test(rulePath)) return true
    if (rulePath.endsWith('/')) return request.startsWith(rulePath)
    return request === rulePath || request.startsWith(`${rulePath}/`)
  }

  test('one lookup gives what matching every rule in turn gives, longest path first', () => {
    const distinct = fc.uniqueArray(rule, { selector: one => (/^\/*$/.test(one.path) ? '' : one.path), maxLength: 6 })
    fc.assert(
      fc.property(
        distinct,
        fc.oneof(
          path,
          path.map(text => `${text}/x`),
        ),
        (all, request) => {
          const made = resolvePaths(
            HOST,
            all.map(({ path: at, kind }) => ({
              path: at,
              value: kind === 'none' ? undefined : `${kind} ${at}`,
              serves: kind === 'serve',
            })),
            'nowhere',
          )
          const asked = request === '' ? '/' : request
          const candidates = all.filter(one => matches(one.path, asked)).sort((a, b) => weight(b.path) - weight(a.path))
          const [first] = candidates
          const served = candidates.find(({ kind }) => kind === 'serve')
          const wanted =
            first?.kind === 'redirect' ? `redirect ${first.path}` : served ? `serve ${served.path}` : undefined
          const got = lookUp(made, asked)
          expect(got === 'nowhere' ? undefined : got).toBe(wanted)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
