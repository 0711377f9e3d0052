import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { certificate, extensions } from './certificate.ts'

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const BODY = {
  serial: Buffer.of(0xff, 1),
  issuer: { commonName: 'an authority' },
  subject: { commonName: 'Zoë', organizations: ['one', 'two'] },
  notBeforeMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  notAfterMs: Date.UTC(2051, 0, 1),
  publicKey: keys.publicKey.export({ type: 'spki', format: 'der' }),
  extensions: [
    extensions.basicConstraints(false),
    extensions.subjectAltName(['a.example', '192.0.2.1', '2001:db8::1']),
  ],
}
const signed = (bytes: Uint8Array): Buffer => sign('sha256', bytes, keys.privateKey)

test('what goes in comes out of node:crypto again', () => {
  const read = new X509Certificate(certificate(BODY, signed))
  expect(read.verify(keys.publicKey)).toBe(true)
  expect(read.serialNumber).toBe('FF01')
  expect(read.issuer).toBe('CN=an authority')
  expect(read.subject.split('\n')).toEqual(['CN=Zoë', 'O=one', 'O=two'])
  expect(read.subjectAltName).toBe('DNS:a.example, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1')
  expect(read.ca).toBe(false)
  expect([read.validFrom, read.validTo].map(text => Date.parse(text))).toEqual([BODY.notBeforeMs, BODY.notAfterMs])
})

test('an authority says so, and another key does not verify', () => {
  const authority = { ...BODY, extensions: [extensions.basicConstraints(true), extensions.keyUsage(true)] }
  const read = new X509Certificate(certificate(authority, signed))
  expect(read.ca).toBe(true)
  expect(read.verify(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)).toBe(false)
})

test('long contents have long lengths', () => {
  const names = Array.from({ length: 4000 }, (_, index) => `${index}.example`)
  const pem = certificate({ ...BODY, extensions: [extensions.subjectAltName(names)] }, signed)
  expect(new X509Certificate(pem).subjectAltName?.split(', ')).toEqual(names.map(name => `DNS:${name}`))
})
