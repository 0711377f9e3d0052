import { expect, test } from 'vitest'
import { fakeClock } from '../../host/clock/fake.ts'
import { ip } from '../../lib/ip.ts'
import type { ResourceRecord } from '../../wire/dns/message.ts'
import { CLASS, RCODE, TYPE } from '../../wire/dns/message.ts'
import type { Learned } from './cache.ts'
import { createCache } from './cache.ts'

const question = (name: string, type: number = TYPE.A) => ({ name, type, class: CLASS.IN })
const record = (ttl: number): ResourceRecord => ({
  name: 'a.test.',
  class: CLASS.IN,
  ttl,
  data: { type: 'A', address: ip('192.0.2.1') },
})
const soa = (ttl: number, minimum: number): ResourceRecord => ({
  name: 'test.',
  class: CLASS.IN,
  ttl,
  data: { type: 'SOA', primary: 'a.', mailbox: 'b.', serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
})
const positive = (...ttls: number[]): Learned => ({
  rcode: RCODE.NOERROR,
  answers: ttls.map(record),
  authorities: [],
  additionals: [],
})
const negative = (...authorities: ResourceRecord[]): Learned => ({
  rcode: RCODE.NXDOMAIN,
  answers: [],
  authorities,
  additionals: [],
})

test('answers live as long as their shortest record, and grow older meanwhile', async () => {
  const clock = fakeClock()
  const cache = createCache(clock)
  cache.put(question('A.test.'), positive(60, 30))
  await clock.advance(10_000)
  expect(cache.get(question('a.TEST.'))?.answers.map(({ ttl }) => ttl)).toEqual([50, 20])
  expect(cache.get(question('a.test.', TYPE.AAAA))).toBeUndefined()
  await clock.advance(20_000)
  expect(cache.get(question('a.test.'))).toBeUndefined()
})

test('denials live as the SOA record says, within the limit; without one they are not kept', async () => {
  const clock = fakeClock()
  const cache = createCache(clock)
  cache.put(question('short.'), negative(soa(300, 5)))
  cache.put(question('long.'), negative(soa(3600, 3600)))
  cache.put(question('none.'), negative())
  cache.put(question('failure.'), { ...negative(soa(60, 60)), rcode: RCODE.SERVFAIL })
  expect(cache.size).toBe(2)
  await clock.advance(6000)
  expect(cache.get(question('short.'))).toBeUndefined()
  expect(cache.get(question('long.'))?.rcode).toBe(RCODE.NXDOMAIN)
  await clock.advance(25_000)
  expect(cache.get(question('long.'))).toBeUndefined()
})

test('it never holds more than its bound; what was used last stays', () => {
  const cache = createCache(fakeClock(), { entries: 3, positiveSeconds: 900, negativeSeconds: 30 })
  for (const name of ['a.', 'b.', 'c.']) cache.put(question(name), positive(60))
  cache.get(question('a.'))
  cache.put(question('d.'), positive(60))
  expect(cache.size).toBe(3)
  expect(['a.', 'b.', 'c.', 'd.'].filter(name => cache.get(question(name)))).toEqual(['a.', 'c.', 'd.'])
})

test('a record that lives for no time is not kept', () => {
  const cache = createCache(fakeClock())
  cache.put(question('a.'), positive(0))
  expect(cache.size).toBe(0)
})
