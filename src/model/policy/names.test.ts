import { expect, test } from 'vitest'
import { keysOf, namePattern, patternKey } from './names.ts'

const matches = (pattern: string, wildcard: 'one' | 'more', name: string): boolean =>
  keysOf(name).includes(patternKey(namePattern(pattern, wildcard)))

test.each<[string, 'one' | 'more', string, boolean]>([
  ['www.Example.com', 'one', 'WWW.example.com.', true],
  ['www.example.com.', 'one', 'www.example.com', true],
  ['example.com', 'one', 'www.example.com', false],
  ['*.example.com', 'one', 'www.example.com', true],
  ['*.example.com', 'one', 'a.www.example.com', false],
  ['*.example.com', 'one', 'example.com', false],
  ['*.example.com', 'more', 'www.example.com', true],
  ['*.example.com', 'more', 'a.www.example.com', true],
  ['*.example.com', 'more', 'example.com', false],
  ['*.example.com', 'more', 'badexample.com', false],
  ['*.com', 'one', 'example.com', true],
  ['*.com', 'one', 'www.example.com', false],
])('%s (%s) and %s: %s', (pattern, wildcard, name, is) => {
  expect(matches(pattern, wildcard, name)).toBe(is)
})
