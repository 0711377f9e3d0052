import { expect, it } from 'vitest'
import { Pod } from '../../api/core/pod.ts'
import type { Obj } from '../object.ts'
import { builtinResource } from '../resource/resource.ts'
import { matchesFields, parseFieldSelector } from './fields.ts'

const PODS = {
  ...builtinResource(Pod),
  selectable: { 'spec.nodeName': (pod: unknown) => (pod as { spec: { nodeName: string } }).spec.nodeName },
}
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', namespace: 'n' },
  spec: { nodeName: 'x,y=z' },
} as unknown as Obj

it.each([
  ['metadata.name=a', true],
  ['metadata.name==a', true],
  ['metadata.name!=a', false],
  ['metadata.namespace=n,metadata.name=a', true],
  ['metadata.namespace=m', false],
  ['spec.nodeName=x\\,y\\=z', true],
  ['spec.nodeName!=', true],
  ['', true],
])('%s: %s', (text, expected) => expect(matchesFields(PODS, parseFieldSelector(text, PODS), POD)).toBe(expected))

it('refuses fields the type does not offer, and text that is no selector', () => {
  expect(() => parseFieldSelector('spec.foo=1', PODS)).toThrow('field label not supported: spec.foo')
  expect(() => parseFieldSelector('metadata.name', PODS)).toThrow(
    "invalid selector: 'metadata.name'; can't understand 'metadata.name'",
  )
})
