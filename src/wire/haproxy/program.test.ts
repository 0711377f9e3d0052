import { describe, expect, test } from 'vitest'
import { literal, printLine, printProgram } from './program.ts'

describe('printProgram', () => {
  test('prints sections with their defaults', () => {
    const text = printProgram([
      { type: 'global', lines: [['maxconn', '100']] },
      { type: 'backend', name: 'random-0', from: 'web', lines: [['balance', 'random']] },
    ])
    expect(text).toBe('global\n  maxconn 100\n\nbackend random-0 from web\n  balance random\n')
  })
  test.each(['a b', 'a\nb', "a'b", '..', '-x', 'a;b', 'a#b'])('refuses the section name %j', name => {
    expect(printProgram([{ type: 'backend', name: 'ab', lines: [] }])).toBe('backend ab\n')
    expect(() => printProgram([{ type: 'backend', name, lines: [] }])).toThrow('a name')
  })
})

describe('printLine', () => {
  test.each([
    [
      ['http-request', 'deny', 'if', '{', 'var(txn.h)', '-m', 'sub', '/', '}'],
      'http-request deny if { var(txn.h) -m sub / }',
    ],
    [['a', ''], "a ''"],
    [['a', 'b c'], "a 'b c'"],
    [['a', "it's"], "a 'it'\\''s'"],
    [['a', '#x'], "a '#x'"],
    [['a', '"x"'], `a '"x"'`],
    [['a', '\\n'], "a '\\n'"],
    [['a', '$HOME'], "a '$HOME'"],
  ])('%j', (line, text) => {
    expect(printLine(line)).toBe(text)
  })
  test.each(['\n', '\r', '\0', '\t', '\x7f'])(
    'refuses the control character %j, whatever stands around it',
    control => {
      expect(printLine(['a', 'xy'])).toBe('a xy')
      expect(() => printLine(['a', `x${control}y`])).toThrow('cannot be written')
    },
  )
  test('refuses what is beyond HAProxy', () => {
    expect(printLine(['a', 'x'.repeat(2000)])).toHaveLength(2002)
    expect(() => printLine(['a', 'x'.repeat(2100)])).toThrow('a line')
    expect(() => printLine(Array<string>(65).fill('x'))).toThrow('a line')
    expect(() => printLine([])).toThrow('a line')
  })
})

test('literal keeps percent signs in a format', () => {
  expect(literal('100% %[src]')).toBe('100%% %%[src]')
})
