import { describe, expect, it } from 'vitest'
import { parseLabelSelector } from './labels.ts'

const LABELS = { app: 'web', tier: 'front', rank: '5', 'example.com/zone': 'a', empty: '' }

describe('label selectors', () => {
  it.each([
    ['app=web', true],
    ['app==web', true],
    ['app=db', false],
    ['app!=db', true],
    ['app!=web', false],
    ['none!=web', true],
    ['app', true],
    ['none', false],
    ['!none', true],
    ['!app', false],
    ['app in (web, db)', true],
    ['app in(db)', false],
    ['app notin (db)', true],
    ['none notin (db)', true],
    ['app notin (web,db)', false],
    ['rank>4', true],
    ['rank > 5', false],
    ['rank<6', true],
    ['none<6', false],
    ['app=web,tier=front', true],
    ['app=web,tier=back', false],
    [' app = web , tier in ( front ) ', true],
    ['example.com/zone=a', true],
    ['empty=', true],
    ['empty', true],
    ['app in (,web)', true],
    ['app=', false],
  ])('%s: %s', (text, expected) => expect(parseLabelSelector(text)!(LABELS)).toBe(expected))

  it('takes absent labels for none', () => {
    expect(parseLabelSelector('app')!(undefined)).toBe(false)
    expect(parseLabelSelector('!app')!(undefined)).toBe(true)
  })

  it('chooses everything where there is nothing', () => {
    expect(parseLabelSelector('')).toBeUndefined()
    expect(parseLabelSelector('  ')).toBeUndefined()
  })

  it.each([
    ['app=web,', "found '', expected: identifier after ','"],
    [',app', "unable to parse requirement: found ',', expected: !, identifier, or 'end of string'"],
    ['app in web', "unable to parse requirement: found 'web', expected: '('"],
    ['app in (web', "unable to parse requirement: found '', expected: ',', or ')'"],
    ['app = web x', "unable to parse requirement: found 'x', expected: ',' or 'end of string'"],
    ['app ~ web', "unable to parse requirement: found '~', expected: in, notin, =, ==, !=, gt, lt"],
    ['rank>x', 'must be an integer'],
    ['_/x=1', 'name part must consist of'],
    ['app=-', 'a valid label must be'],
  ])('refuses %s', (text, problem) => {
    expect(() => parseLabelSelector(text)).toThrow(problem)
  })
})
