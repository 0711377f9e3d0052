import { expect, it } from 'vitest'
import type { Obj } from '../object.ts'
import { qosClass } from './pod.ts'

const pod = (...containers: object[]) =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {},
    spec: { containers: containers.map(resources => ({ resources })) },
  }) as unknown as Obj
const full = { cpu: '1', memory: '1Gi' }

it.each([
  ['nothing said', [{}], 'BestEffort'],
  ['nothing but zero', [{ requests: { cpu: '0' } }], 'BestEffort'],
  ['a request', [{ requests: { cpu: '1m' } }], 'Burstable'],
  ['a limit on one of two', [{ limits: { cpu: '1' } }], 'Burstable'],
  ['limits alone', [{ limits: full }], 'Guaranteed'],
  [
    'limits as requested, written otherwise',
    [{ limits: full, requests: { cpu: '1000m', memory: '1024Mi' } }],
    'Guaranteed',
  ],
  ['more than requested', [{ limits: full, requests: { cpu: '500m', memory: '1Gi' } }], 'Burstable'],
  ['one container of two', [{ limits: full }, {}], 'Burstable'],
  ['both containers', [{ limits: full }, { limits: full }], 'Guaranteed'],
] as const)('%s: %s', (_, containers, expected) => expect(qosClass(pod(...containers))).toBe(expected))
