import { expect, test } from 'vitest'
import type { Certificate } from '../../model/routes/types.ts'
import { createOwners } from './owners.ts'

const certificate = (pem: string, keyType: Certificate['keyType'] = 'ec'): Certificate => ({ pem, untilMs: 0, keyType })

test('a host that shares a certificate, or no longer, is looked at again', () => {
  const owners = createOwners()
  expect(owners.set('a.test', certificate('x'))).toEqual([])
  expect(owners.isAlone('x', 'a.test')).toBe(true)
  expect(owners.set('b.other', certificate('x'))).toEqual(['a.test'])
  expect(owners.isAlone('x', 'a.test')).toBe(false)
  expect(owners.of('x')).toEqual(['a.test', 'b.other'])
  expect(owners.set('b.other', undefined)).toEqual(['a.test'])
})

test('a wildcard is looked at again when a host below it has a key of another type, or no longer', () => {
  const owners = createOwners()
  expect(owners.set('*.a.test', certificate('w'))).toEqual([])
  expect(owners.set('x.a.test', certificate('x', 'rsa'))).toEqual(['*.a.test'])
  expect(owners.set('y.a.test', certificate('y', 'ed25519'))).toEqual(['*.a.test'])
  expect(owners.set('x.b.test', certificate('z', 'rsa'))).toEqual([])
  expect(owners.otherKeys('*.a.test')).toEqual(['x.a.test', 'y.a.test'])
  expect(owners.otherKeys('x.a.test')).toEqual([])
  expect(owners.set('x.a.test', certificate('v', 'rsa'))).toEqual([])
  expect(owners.set('x.a.test', certificate('u'))).toEqual(['*.a.test'])
  expect(owners.set('y.a.test', undefined)).toEqual(['*.a.test'])
  expect(owners.otherKeys('*.a.test')).toEqual([])
})

test('of many hosts as many as a line of a list holds', () => {
  const owners = createOwners()
  owners.set('*.a.test', certificate('w'))
  for (let index = 0; index < 2500; index++) owners.set(`h${index}.a.test`, certificate(`${index}`, 'rsa'))
  expect(owners.otherKeys('*.a.test')).toHaveLength(2000)
  for (let index = 0; index < 2500; index++)
    owners.set(`h${'x'.repeat(50)}${index}.a.test`, certificate(`x${index}`, 'rsa'))
  expect(owners.otherKeys('*.a.test').join(' !').length).toBeLessThan(60_000)
})
