import { expect, it } from 'vitest'
import { cidr } from '../../../lib/cidr.ts'
import { ip } from '../../../lib/ip.ts'
import { createLedger } from './ledger.ts'

const PORTS = { first: 30_000, last: 30_099 }
const ledger = (seed = 0) => createLedger([cidr('172.30.0.0/28')], PORTS, seed)

it('takes addresses of networks that were added, each with a band for the asking, and of none that went', () => {
  const made = ledger()
  for (let i = 0; i < 14; i++) expect(made.nextAddress(4, `s${i}`)).toMatch(/^172\.30\.0\./)
  expect(made.nextAddress(4, 'full')).toBeUndefined()
  expect(made.takeAddress('10.9.8.1', 'x')).toContain('the provided network does not match the current range')
  made.setNetworks([cidr('10.9.8.0/24')])
  // The first 16 of 254 are for those who ask for a certain one.
  expect(made.nextAddress(4, 'a')).toBe('10.9.8.17')
  expect(made.takeAddress('10.9.8.3', 'b')).toBeUndefined()
  expect(made.takeAddress('10.9.8.3', 'c')).toContain('provided IP is already allocated')
  expect(made.takeAddress('10.9.8.255', 'c')).toBeUndefined()
  made.setNetworks([])
  expect(made.nextAddress(4, 'd')).toBeUndefined()
  // Who has an address of a network that went keeps it, also when it is written again.
  expect(made.takeAddress('10.9.8.3', 'b')).toBeUndefined()
  made.setNetworks([cidr('10.9.8.0/24')])
  expect(made.takeAddress('10.9.8.3', 'c')).toContain('provided IP is already allocated')
  made.release({ addresses: ['10.9.8.3'], ports: [] }, 'b')
  expect(made.takeAddress('10.9.8.3', 'c')).toBeUndefined()
})

it('gives no address twice where networks lie in one another', () => {
  const made = ledger()
  made.setNetworks([cidr('172.30.0.0/27')])
  const given = new Set(Array.from({ length: 30 }, (_, i) => made.nextAddress(4, `s${i}`)))
  expect(given.size).toBe(30)
  expect(made.nextAddress(4, 'full')).toBeUndefined()
})

it('an address that somebody else holds is given to nobody', () => {
  const made = ledger()
  made.holdAddress(ip('172.30.0.1'), 'ipaddresses/172.30.0.1')
  expect(made.nextAddress(4, 'a')).toBe('172.30.0.2')
  expect(made.takeAddress('172.30.0.1', 'b')).toContain('already allocated')
})

it('what was given back is given out last, also by the ledger of a server that was started again', () => {
  const made = ledger()
  const first = made.nextAddress(4, 'a')!
  const port = made.nextPort('a')!
  made.release({ addresses: [first], ports: [port] }, 'a')
  const next = Array.from({ length: 13 }, (_, i) => made.nextAddress(4, `s${i}`))
  expect(next).not.toContain(first)
  expect(made.nextAddress(4, 'last')).toBe(first)
  expect(made.nextPort('b')).not.toBe(port)
  expect(ledger(7).nextAddress(4, 'a')).not.toBe(ledger(0).nextAddress(4, 'a'))
  expect(ledger(7).nextPort('a')).not.toBe(ledger(0).nextPort('a'))
})
