import fc from 'fast-check'
import { expect, test } from 'vitest'
import { octets, oid, sequence, tagged, time, tlv } from './der.ts'
import { DerError } from './read.ts'
import { distributionPoints, readRevocationList, unsignedRevocationList } from './revocation.ts'

const certificate = (...urls: readonly string[]): Buffer => {
  const names = urls.map(url => tlv(0x86, Buffer.from(url)))
  const points = sequence(sequence(tagged(0, tagged(0, ...names))))
  return sequence(sequence(tagged(3, sequence(sequence(oid('2.5.29.31'), octets(points))))))
}

test('the URLs of http and https are found, whatever stands in their place otherwise', () => {
  expect(distributionPoints(certificate('http://a/crl', 'ldap://b', 'https://c/d'))).toEqual([
    'http://a/crl',
    'https://c/d',
  ])
  expect(distributionPoints(certificate())).toEqual([])
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 20 }), fc.nat(60), (changes, end) => {
      const broken = certificate('http://a/crl')
      for (const [at, byte] of changes) if (at < broken.length) broken[at] = byte
      expect(Array.isArray(distributionPoints(broken.subarray(0, broken.length - end)))).toBe(true)
    }),
  )
})

test('a list as DER and as PEM, and when the next one is due', () => {
  const nextMs = Date.UTC(2031, 4, 6, 7, 8, 9)
  const der = sequence(sequence(sequence(), sequence(), time(0), time(nextMs)), sequence())
  const { pem } = readRevocationList(der)
  expect(readRevocationList(der).nextMs).toBe(nextMs)
  expect(readRevocationList(Buffer.from(`# text\n${pem}`))).toEqual({ pem, nextMs })
  expect(readRevocationList(Buffer.from(unsignedRevocationList())).nextMs).toBe(1000)
  expect(() => readRevocationList(Buffer.from('<html>'))).toThrow(DerError)
  expect(() => readRevocationList(sequence(sequence()))).toThrow(DerError)
})
