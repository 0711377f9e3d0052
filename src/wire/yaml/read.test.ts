import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { slowness } from '../../host/clock/testing.ts'
import { YamlError } from './error.ts'
import { readYaml } from './read.ts'

const read = (text: string): unknown => readYaml(Buffer.from(text)).value
const errorOf = (text: string): string => {
  try {
    read(text)
    return 'accepted'
  } catch (error) {
    return error instanceof YamlError ? error.message : `not a YamlError: ${String(error)}`
  }
}

describe('scalars of YAML 1.1, as Kubernetes reads them', () => {
  it.each([
    ['yes', true],
    ['Off', false],
    ['n', false],
    ['"yes"', 'yes'],
    ['0777', 511],
    ['0o17', 15],
    ['0x1F', 31],
    ['0b101', 5],
    ['-0x10', -16],
    ['1_000', 1000],
    ['08', 8],
    ['1e3', 1000],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['1:30', '1:30'],
    ['2026-01-01', '2026-01-01'],
    ['~', null],
    ['', null],
    ['1.2.3', '1.2.3'],
    ['100m', '100m'],
    ['!!str 5', '5'],
    ['|\n  a\n  b\n', 'a\nb\n'],
  ])('%j', (text, expected) => expect(read(`v: ${text}`)).toEqual({ v: expected }))
})

describe('structure', () => {
  it('turns keys into text, and merges', () => {
    expect(read('80: a\ntrue: b\n')).toEqual({ 80: 'a', true: 'b' })
    expect(read('a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n')).toEqual({ a: { p: 1, q: 2 }, b: { p: 1, q: 3 } })
  })

  it('reads JSON, flow style and the first of several documents', () => {
    expect(read('{"a": [1, "2"]}')).toEqual({ a: [1, '2'] })
    expect(read('{a: [1, two]}')).toEqual({ a: [1, 'two'] })
    expect(read('a: 1\n---\nb: 2\n')).toEqual({ a: 1 })
  })

  it('tells of keys that occur twice, and says where', () => {
    expect(readYaml(Buffer.from('a: 1\nb:\n  c: 1\n  c: 2\n'))).toEqual({
      value: { a: 1, b: { c: 2 } },
      duplicates: ['line 4: key "c" already set in map'],
    })
    expect(readYaml(Buffer.from('{"a":1,"a":2}')).duplicates).toEqual(['line 1: key "a" already set in map'])
    expect(readYaml(Buffer.from('a: 1\nb: 2\n')).duplicates).toEqual([])
  })
})

describe('refusals', () => {
  it.each([
    ['a: b: c', /^error converting YAML to JSON: yaml: line 1: /],
    ['a: [1', /^error converting YAML to JSON: yaml: line 1: /],
    ['v: .inf', /unsupported value/],
    ['v: 12345678901234567890', /beyond 2\^53/],
    ['{"v": 12345678901234567890}', /beyond 2\^53/],
    ['__proto__: {a: 1}', /not supported/],
    ['a: *nowhere', /yaml/],
  ])('%j', (text, expected) => expect(errorOf(text)).toMatch(expected))

  it('refuses invalid UTF-8', () => {
    expect(() => readYaml(Buffer.from([0x61, 0x3a, 0x20, 0xff]))).toThrow('invalid UTF-8')
  })

  it('ends soon on bombs, and takes what is modest', () => {
    const laughs = Array.from({ length: 12 }, (_, i) =>
      i === 0
        ? 'a0: &a0 [x, x, x, x, x, x, x, x, x]'
        : `a${i}: &a${i} [${Array(9)
            .fill(`*a${i - 1}`)
            .join(', ')}]`,
    )
    expect(errorOf(laughs.join('\n'))).toMatch('excessive aliasing')
    expect(errorOf(laughs.slice(0, 2).join('\n'))).toBe('accepted')
    expect(errorOf('['.repeat(100_000))).toMatch(/max depth|line 1/)
    expect(errorOf('- '.repeat(5_000))).toMatch(/max depth/)
    expect(errorOf('- '.repeat(50))).toBe('accepted')
    expect(errorOf(`a: ${'x'.repeat(2_000_000)}`)).toMatch('limited')
  })

  it('never throws anything else', () => {
    const piece = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&x',
      '*x',
      '<<',
      '|',
      '>',
      '"',
      "'",
      '#',
      '!',
      '? ',
      '%',
      '\t',
      '---',
      '0',
      '~',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), pieces => {
        expect(errorOf(pieces.join(''))).not.toMatch(/^not a YamlError/)
      }),
      { numRuns: 1000 },
    )
  })

  it('reads what JSON.stringify writes', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z.]{1,5}$/), fc.oneof(fc.string(), fc.integer(), fc.boolean())),
        value => {
          expect(read(JSON.stringify(value))).toEqual(value)
          expect(
            read(
              Object.entries(value)
                .map(([k, v]) => `${JSON.stringify(k)}: ${JSON.stringify(v)}\n`)
                .join('') || '{}',
            ),
          ).toEqual(value)
        },
      ),
    )
  })
})

describe('nesting', () => {
  it.each([
    ['brackets', (depth: number) => `a: ${'['.repeat(depth)}${']'.repeat(depth)}`],
    ['open brackets', (depth: number) => `a: ${'['.repeat(depth)}`],
    ['braces', (depth: number) => `${'{a: '.repeat(depth)}1${'}'.repeat(depth)}`],
    ['dashes', (depth: number) => `a:\n  ${'- '.repeat(depth)}b`],
    ['keys', (depth: number) => `${'? '.repeat(depth)}b`],
  ])('of %s without end is refused before it is read', (_, text) => {
    const startMs = performance.now()
    expect(errorOf(text(40_000))).toContain('exceeded max depth')
    const tookMs = performance.now() - startMs
    expect(tookMs).toBeLessThan(2000 * slowness())
    expect(errorOf(text(3))).not.toContain('exceeded max depth')
  })
  it('by indents stays small, for lack of room', () => {
    let text = ''
    for (let level = 0; text.length < 250_000; level++) text += `${' '.repeat(level)}a:\n`
    expect(errorOf(text)).toContain('exceeded max depth')
    expect(read('a:\n b:\n  c: 1\n')).toEqual({ a: { b: { c: 1 } } })
  })
  it('counts no brackets and dashes in texts', () => {
    const value = '[{-?'.repeat(300)
    expect(read(`a: ${JSON.stringify(value)}\nb: |\n  ${value}\n`)).toEqual({ a: value, b: `${value}\n` })
    expect(read(`${'- a\n'.repeat(1000)}`)).toHaveLength(1000)
  })
})
