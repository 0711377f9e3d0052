import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readJson, readJsonText } from './read.ts'
import { JsonError, scanJson } from './scan.ts'
import { jsonEqual } from './value.ts'

const errorOf = (text: string, maxDepth?: number): string => {
  try {
    readJsonText(text, maxDepth)
    return 'accepted'
  } catch (error) {
    return error instanceof JsonError ? error.message : `not a JsonError: ${String(error)}`
  }
}

describe('duplicates', () => {
  it.each([
    ['{"a":1,"a":2}', ['a']],
    ['{"spec":{"a":1,"b":[{"c":1,"c":2}],"a":3}}', ['spec.b[0].c', 'spec.a']],
    ['{"a":1,"a":2,"a":3}', ['a']],
    ['{"a":{"x":1},"b":{"x":1}}', []],
    ['{"a:b":"c:\\":d","e":[1,2]}', []],
    ['[[{"k":1,"k":1}]]', ['[0][0].k']],
    ['{"\\u0061":1,"a":2}', ['a']],
  ])('%s', (text, expected) => {
    expect(readJsonText(text).duplicates).toEqual(expected)
    expect(readJsonText(text).value).toEqual(JSON.parse(text))
  })
})

describe('refusals, in the words of encoding/json', () => {
  it.each([
    ['', 'unexpected end of JSON input'],
    ['{', 'unexpected end of JSON input'],
    ['{"a"', 'unexpected end of JSON input'],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['[1 2]', "invalid character '2' after array element"],
    ['nul', 'unexpected end of JSON input'],
    ['nulx', "invalid character 'x' in literal null (expecting 'l')"],
    ['{} x', "invalid character 'x' after top-level value"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['-', 'unexpected end of JSON input'],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['01', "invalid character '1' after top-level value"],
    ['1e999', 'number 1e999 is out of range'],
    ['{"a":[9007199254740993]}', 'field "a[0]": integers beyond 2^53 are not supported'],
    ['{"a":{"__proto__":{}}}', 'field "a.__proto__": this name is not supported'],
    ['{"\\u005f_proto__":1}', 'field "__proto__": this name is not supported'],
  ])('%s', (text, expected) => expect(errorOf(text)).toBe(expected))

  it('takes what is just inside the limits', () => {
    expect(
      readJsonText('{"a":[9007199254740991,1234567890123456789.5,1e308,"12345678901234567890"]}').duplicates,
    ).toEqual([])
    expect(errorOf('[[[1]]]', 3)).toBe('accepted')
    expect(errorOf('[[[[1]]]]', 3)).toBe('exceeded max depth')
  })

  it('refuses invalid UTF-8, and takes valid', () => {
    expect(() => readJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow('invalid UTF-8')
    expect(readJson(Buffer.from('"é😀"')).value).toBe('é😀')
  })

  it('ends at once on bombs', () => {
    expect(errorOf('['.repeat(3_000_000))).toBe('exceeded max depth')
    expect(errorOf('{"a":'.repeat(600_000))).toBe('exceeded max depth')
    expect(errorOf(`"${'\\\\'.repeat(1_000_000)}`)).toBe('unexpected end of JSON input')
  })
})

describe('properties', () => {
  const unsafe = (value: unknown): boolean =>
    typeof value === 'number'
      ? Number.isInteger(value) && !Number.isSafeInteger(value)
      : typeof value === 'object' && value !== null && Object.values(value).some(unsafe)
  const json = fc
    .jsonValue({ maxDepth: 6 })
    .filter(value => !JSON.stringify(value).includes('__proto__') && !unsafe(value))

  it('reads what JSON.stringify writes, and finds no duplicates in it', () => {
    fc.assert(
      fc.property(json, fc.integer({ min: 0, max: 2 }), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        const read = readJsonText(text)
        expect(jsonEqual(read.value, JSON.parse(text))).toBe(true)
        expect(read.duplicates).toEqual([])
        expect(scanJson(text, 256)).toEqual({ duplicates: [], unsafeIntegers: [] })
      }),
    )
  })

  it('accepts exactly what JSON.parse accepts, but for its own limits, on damaged text', () => {
    const damaged = fc
      .tuple(
        json,
        fc.nat(),
        fc.string({ maxLength: 3, unit: fc.constantFrom(...'{}[]",:\\0123456789eE+-. truefalsn\n') }),
      )
      .map(([value, at, insert]) => {
        const text = JSON.stringify(value)
        const cut = at % (text.length + 1)
        return text.slice(0, cut) + insert + text.slice(cut + (at % 3))
      })
    fc.assert(
      fc.property(damaged, text => {
        let valid = true
        try {
          JSON.parse(text)
        } catch {
          valid = false
        }
        const outcome = errorOf(text)
        if (valid) expect(outcome).toMatch(/^accepted$|beyond 2\^53|out of range|not supported/)
        else
          expect(outcome).toMatch(
            /^(unexpected end of JSON input|invalid character|exceeded max depth|number .* is out of range)/,
          )
      }),
      { numRuns: 2000 },
    )
  })

  it('finds a duplicate wherever one is put', () => {
    fc.assert(
      fc.property(json, fc.array(fc.constantFrom('a', 'b', 'c"', 'd\\'), { maxLength: 5 }), (value, path) => {
        const inner = `{"x":${JSON.stringify(value)},"x":1}`
        const text = path.reduceRight((rest, key) => `{${JSON.stringify(key)}:${rest}}`, inner)
        expect(readJsonText(text).duplicates).toContain([...path, 'x'].join('.'))
      }),
    )
  })
})

describe('jsonEqual', () => {
  it.each([
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: undefined }, {}, true],
    [{}, { a: undefined }, true],
    [{ a: null }, {}, false],
    [[1, 2], [2, 1], false],
    [{ a: [] }, { a: {} }, false],
    [0, -0, true],
    ['1', 1, false],
  ])('%j and %j: %s', (a, b, expected) => {
    expect(jsonEqual(a, b)).toBe(expected)
    expect(jsonEqual(b, a)).toBe(expected)
  })
})
