import { expect, it } from 'vitest'
import { matchesLabels, matchesSelector } from './matches.ts'

const labels = { app: 'web', tier: 'front' }

it.each([
  ['nothing where the selector is absent', undefined, false],
  ['everything where it is empty', {}, true],
  ['a label', { matchLabels: { app: 'web' } }, true],
  ['not another value', { matchLabels: { app: 'api' } }, false],
  ['not an absent label', { matchLabels: { zone: 'a' } }, false],
  ['In', { matchExpressions: [{ key: 'app', operator: 'In', values: ['api', 'web'] }] }, true],
  ['In, absent', { matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }, false],
  ['NotIn', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
  ['NotIn, absent', { matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }, true],
  ['Exists', { matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true],
  ['DoesNotExist', { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false],
  ['nothing that objects inherit', { matchExpressions: [{ key: 'toString', operator: 'Exists' }] }, false],
  [
    'all at once',
    { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['back'] }] },
    false,
  ],
] as const)('matches %s', (_, selector, expected) => {
  expect(matchesSelector(selector, labels)).toBe(expected)
})

it('needs all wanted labels', () => {
  expect(matchesLabels({}, undefined)).toBe(true)
  expect(matchesLabels({ app: 'web', tier: 'front' }, labels)).toBe(true)
  expect(matchesLabels({ app: 'web', tier: 'back' }, labels)).toBe(false)
})
