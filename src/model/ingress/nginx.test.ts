import fc from 'fast-check'
import { expect, test } from 'vitest'
import { webRules } from '../../router/render/web-rules.ts'
import { printLine } from '../../wire/haproxy/program.ts'
import { PREFIX, readNginx } from './nginx.ts'
import { READERS } from './nginx-readers.ts'
import { readPattern } from './pattern.ts'

const read = (annotations: Readonly<Record<string, string>>) =>
  readNginx(Object.fromEntries(Object.entries(annotations).map(([key, value]) => [PREFIX + key, value])))

test.each([
  ['/app(/|$)(.*)', '/app'],
  ['/api/v[0-9]+/.*', '/api/v'],
  ['/(.+)', '/'],
  ['/ab?c', '/a'],
  ['/(a|b)/x', '/'],
])('%s is an expression whose paths begin with %s', (text, begin) => {
  expect(readPattern(text)).toEqual({ pattern: `^${text}`, begin })
})

test.each([
  '/(a+)+$',
  '/(a|a)*',
  '/.*.*.*x',
  '/(?=a)',
  '/(a)\\1',
  '/a|b',
  '/(',
  '/[',
  '/a{1,1000}',
  'a',
  '/ a',
  "/'\n",
  `/${'a'.repeat(300)}`,
])('an expression that could take for ever, or is none: %s', text => {
  expect(readPattern(text)).toBeUndefined()
})

test('what is unknown is told; snippets are refused; what guards and is not served closes', () => {
  expect(read({ 'proxy-body-size': '8m' })).toMatchObject({ rules: { bodyBytes: 8 * 1024 * 1024 }, warnings: [] })
  expect(read({ 'configuration-snippet': 'deny all;' }).warnings[0]).toContain('configuration-snippet is refused')
  expect(read({ 'proxy-bodysize': '8m' }).warnings[0]).toContain('proxy-bodysize is not served')
  expect(read({ 'proxy-body-size': 'big' })).toMatchObject({
    rules: { bodyBytes: 1024 * 1024 },
    warnings: [expect.stringContaining('a size such as 8m')],
  })
  expect(read({ 'permanent-redirect': 'https://$host/x' }).rules).not.toHaveProperty('permanent')
  expect(read({ 'proxy-buffer-size': '8k' }).rules.closed).toBeUndefined()
  for (const [key, value] of [
    ['auth-url', 'http://x'],
    ['auth-type', 'basic'],
    ['whitelist-source-range', '10.0.0.0/8, x'],
    ['auth-tls-secret', 'a/b'],
  ])
    expect(read({ [key!]: value! }).rules.closed).toBe(true)
  expect(read({ 'whitelist-source-range': '10.0.0.0/8, 192.0.2.1' }).rules).toMatchObject({
    allow: ['10.0.0.0/8', '192.0.2.1/32'],
  })
})

test('no value of an annotation is more than words of a line', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '10.0.0.0/8',
      '/a%[src]',
      "/'",
      '/a$9',
      'true',
      'https://a.test',
      '8m',
      '5',
      'GET, PUT',
      '/x\nbackend y',
      '$host',
    ),
  )
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...Object.keys(READERS)), text, { maxKeys: 12 }),
      text,
      (annotations, path) => {
        const { rules, rewrite } = read(annotations)
        const pattern = readPattern(path)?.pattern
        const all = {
          ...rules,
          id: 'x',
          ...(rewrite === undefined ? {} : { rewrite }),
          ...(pattern === undefined ? {} : { pattern }),
        }
        for (const line of webRules(all)) expect(printLine(line)).not.toMatch(/[\n\r]/)
      },
    ),
    { numRuns: 300 },
  )
})
