import { expect, test } from 'vitest'
import { errorsOf } from '../testing.ts'
import { Ingress, type IngressSpec } from './ingress.ts'

const told = (spec: IngressSpec, old?: IngressSpec) => errorsOf(Ingress, { spec }, old && { spec: old })
const labelled = (labels: Readonly<Record<string, string>>): IngressSpec => ({
  componentRoutes: [{ namespace: 'openshift-console', name: 'console', hostname: 'console.x', labels }],
})

test('a domain that is set stays', () => {
  expect(told({ domain: 'a' }, {})).toEqual([])
  expect(told({ domain: 'b' }, { domain: 'a' })).toEqual(['spec.domain: Invalid: domain is immutable once set'])
})

test.each([
  [{ 'openshift.io/a': 'b' }, 'prefixed label keys are reserved'],
  [{ ['a'.repeat(64)]: 'b' }, 'label keys must be between 1 and 63'],
  [{ '!': 'b' }, 'label keys must be valid qualified names'],
  [{ a: '-b' }, 'label values must be valid'],
  [Object.fromEntries([...'abcdefghi'].map(key => [key, 'x'])), 'must have at most 8 items'],
])('labels %j are refused', (labels, detail) => {
  expect(told(labelled({ shard: 'a', 'example.com/b': 'c' }))).toEqual([])
  expect(told(labelled(labels))).toEqual([expect.stringContaining(detail)])
})
