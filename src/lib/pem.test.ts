import { expect, test } from 'vitest'
import { firstPemLabel, pemBlocks } from './pem.ts'

const block = (label: string, body: string): string => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`

test('blocks of one sort, whatever is around them', () => {
  const [one, other, key] = [block('CERTIFICATE', 'AA'), block('CERTIFICATE', 'BB'), block('PRIVATE KEY', 'CC')]
  const text = `Subject: a\n${one}\n${key}${other}\r\n-----BEGIN CERTIFICATE-----\nDD`
  expect(pemBlocks(text, 'CERTIFICATE')).toEqual([one, other])
  expect(pemBlocks(text, 'PRIVATE KEY')).toEqual([key])
  expect(pemBlocks(text, 'X509 CRL')).toEqual([])
  expect([firstPemLabel(text), firstPemLabel(key), firstPemLabel('-----BEGIN -----')]).toEqual([
    'CERTIFICATE',
    'PRIVATE KEY',
    undefined,
  ])
})

test('beginnings without an end take no longer than anything else', () => {
  const startMs = performance.now()
  const text = '-----BEGIN CERTIFICATE-----'.repeat(100_000)
  expect(pemBlocks(text, 'CERTIFICATE')).toEqual([])
  expect(pemBlocks(`${text}-----END CERTIFICATE-----`, 'CERTIFICATE')).toHaveLength(1)
  expect(firstPemLabel('-----BEGIN a'.repeat(200_000))).toBeUndefined()
  expect(performance.now() - startMs).toBeLessThan(10_000)
})
