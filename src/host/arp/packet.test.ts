import { expect, test } from 'vitest'
import { ip } from '../../lib/ip.ts'
import { gratuitous, unsolicited } from './packet.ts'

test('a gratuitous ARP says the same address as asker and as asked, to everybody', () => {
  expect(gratuitous(1, '0a:58:ac:12:00:0b', ip('172.18.0.240')).toString('hex')).toBe(
    'ffffffffffff0a58ac12000b08060001080006040001' + '0a58ac12000bac1200f0' + 'ffffffffffffac1200f0',
  )
})

test('an unsolicited neighbour advertisement overrides what all nodes of the link know, with a checksum that holds', () => {
  const frame = unsolicited('0a:58:ac:12:00:0b', ip('fd18::f0'))
  const address = 'fd1800000000000000000000000000f0'
  const everybody = 'ff020000000000000000000000000001'
  const checksum = frame.toString('hex', 56, 58)
  expect(frame.toString('hex')).toBe(
    `3333000000010a58ac12000b86dd6000000000203aff${address}${everybody}8800${checksum}20000000${address}02010a58ac12000b`,
  )
  // The sum over pseudo-header and message, checksum included, is all ones.
  const summed = Buffer.concat([frame.subarray(22, 54), Buffer.from('000000200000003a', 'hex'), frame.subarray(54)])
  let sum = 0
  for (let at = 0; at < summed.length; at += 2) sum += summed.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  expect(sum).toBe(0xffff)
})
