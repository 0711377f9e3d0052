import { expect, test } from 'vitest'
import { ip } from '../../lib/ip.ts'
import { gratuitous } from './packet.ts'

test('a gratuitous ARP says the same address as asker and as asked, to everybody', () => {
  expect(gratuitous(1, '0a:58:ac:12:00:0b', ip('172.18.0.240')).toString('hex')).toBe(
    'ffffffffffff0a58ac12000b08060001080006040001' + '0a58ac12000bac1200f0' + 'ffffffffffffac1200f0',
  )
})
