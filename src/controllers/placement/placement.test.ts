import { expect, it } from 'vitest'
import type { Taint } from '../../api/core/node.ts'
import type { Toleration } from '../../api/core/pod/parts.ts'
import type { Pod } from '../../api/core/pod.ts'
import { nodeOf } from '../shared/testing.ts'
import { matchesNode, preferenceFor } from './affinity.ts'
import { tolerates, untolerated } from './taints.ts'

const node = nodeOf('node-1', {}, { zone: 'a', cpus: '8' })
const required = (...nodeSelectorTerms: object[]): Pod['spec'] =>
  ({
    containers: [],
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  }) as never
const label = (key: string, operator: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator, values }],
})

it.each([
  ['nothing asked', { containers: [] }, true],
  ['selector', { containers: [], nodeSelector: { zone: 'a' } }, true],
  ['selector, other value', { containers: [], nodeSelector: { zone: 'b' } }, false],
  ['In', required(label('zone', 'In', 'a', 'b')), true],
  ['NotIn', required(label('zone', 'NotIn', 'a')), false],
  ['NotIn, absent', required(label('rack', 'NotIn', 'a')), true],
  ['Exists', required(label('zone', 'Exists')), true],
  ['DoesNotExist', required(label('zone', 'DoesNotExist')), false],
  ['Gt', required(label('cpus', 'Gt', '4')), true],
  ['Gt, equal', required(label('cpus', 'Gt', '8')), false],
  ['Lt, no number', required(label('zone', 'Lt', '8')), false],
  ['one of several terms', required(label('zone', 'In', 'b'), label('cpus', 'Exists')), true],
  ['an empty term', required({}), false],
  ['no terms', required(), false],
  ['the name', required({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-1'] }] }), true],
  ['another name', required({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-2'] }] }), false],
])('lets pods onto nodes by %s', (_, spec, expected) => {
  expect(matchesNode(spec as Pod['spec'], node)).toBe(expected)
})

it('adds up what is preferred', () => {
  const terms = [
    { weight: 5, preference: label('zone', 'In', 'a') },
    { weight: 7, preference: label('zone', 'In', 'b') },
    { weight: 9, preference: label('cpus', 'Exists') },
  ]
  const affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: terms } }
  expect(preferenceFor({ containers: [], affinity } as never, node)).toBe(14)
})

const taint: Taint = { key: 'dedicated', value: 'db', effect: 'NoSchedule' }
const cases: [string, Toleration, boolean][] = [
  ['equal', { key: 'dedicated', value: 'db' }, true],
  ['another value', { key: 'dedicated', value: 'web' }, false],
  ['exists', { key: 'dedicated', operator: 'Exists' }, true],
  ['everything', { operator: 'Exists' }, true],
  ['no key without Exists', { value: 'db' }, false],
  ['another effect', { key: 'dedicated', operator: 'Exists', effect: 'NoExecute' }, false],
]
it.each(cases)('tolerates: %s', (_, toleration, expected) => {
  expect(tolerates(toleration, taint)).toBe(expected)
})

it('finds the first taint that counts and is not tolerated', () => {
  const taints: Taint[] = [
    { key: 'a', effect: 'PreferNoSchedule' },
    { key: 'b', effect: 'NoSchedule' },
    { key: 'c', effect: 'NoExecute' },
  ]
  expect(untolerated(taints, [], ['NoSchedule', 'NoExecute'])?.key).toBe('b')
  expect(untolerated(taints, [{ key: 'b', operator: 'Exists' }], ['NoSchedule', 'NoExecute'])?.key).toBe('c')
  expect(untolerated(taints, [{ operator: 'Exists' }], ['NoSchedule', 'NoExecute'])).toBeUndefined()
})
