import { describe, expect, test } from 'vitest'
import { updateMessage } from '../../controllers/dns-record/update.ts'
import { decode } from '../../wire/dns/decode.ts'
import { encode } from '../../wire/dns/encode.ts'
import { type Message, TYPE } from '../../wire/dns/message.ts'
import { resolveConfig } from '../config.ts'
import { planWorld } from '../plan.ts'
import { answerOutside, outsideZone } from './upstream-dns.ts'

const names = outsideZone(planWorld(await resolveConfig({ name: 'x' }, [])))
const query = (name: string, type: number = TYPE.A): Message => ({
  id: 7,
  isResponse: false,
  opcode: 0,
  isAuthoritative: false,
  isTruncated: false,
  isRecursionDesired: true,
  isRecursionAvailable: false,
  isAuthenticData: false,
  isCheckingDisabled: false,
  rcode: 0,
  questions: [{ name, type, class: 1 }],
  answers: [],
  authorities: [],
  additionals: [],
})
const ask = (name: string, type?: number): Message => decode(answerOutside(names, encode(query(name, type)), 512)!)
const addresses = (message: Message): unknown[] =>
  message.answers.map(record => 'address' in record.data && record.data.address)

describe('the outside DNS', () => {
  test.each([
    ['shop.apps.fairlead.test.', '172.18.0.100'],
    ['a.b.Apps.Fairlead.test.', '172.18.0.100'],
    ['whoami.internet.test.', '203.0.113.10'],
    ['api.fairlead.test.', '172.18.0.11'],
  ])('%s is %s', (name, address) => {
    const answer = ask(name)
    expect(addresses(answer)).toEqual([address])
    expect(answer).toMatchObject({ id: 7, isResponse: true, rcode: 0, isRecursionAvailable: true })
  })
  test.each(['apps.fairlead.test.', 'nothing.test.', 'kubernetes.default.svc.cluster.local.', '.'])(
    '%s does not exist',
    name => {
      expect(ask(name)).toMatchObject({ rcode: 3, answers: [] })
    },
  )
  test('in a dual-stack twin names of the internet and of the API have both', async () => {
    const both = outsideZone(planWorld(await resolveConfig({ name: 'x', dualStack: true }, [])))
    const asked = (name: string, type: number) =>
      addresses(decode(answerOutside(both, encode(query(name, type)), 512)!))
    expect([asked('example.com.', TYPE.A), asked('example.com.', TYPE.AAAA)]).toEqual([
      ['203.0.113.10'],
      ['2001:db8::10'],
    ])
    expect(asked('api.fairlead.test.', TYPE.AAAA)).toEqual(['fd18::11'])
  })
  test('a name without an address of that type is no error', () => {
    expect(ask('shop.apps.fairlead.test.', TYPE.AAAA)).toMatchObject({ rcode: 0, answers: [] })
  })
  test('what is no query gets no answer', () => {
    expect(answerOutside(names, Buffer.from('nonsense'), 512)).toBeUndefined()
    expect(answerOutside(names, encode({ ...query('a.'), isResponse: true }), 512)).toBeUndefined()
  })
  test('what is put into its zone is there until it is taken away; other zones and what is the twin’s own stay', () => {
    const change = (zone: string, name: string, targets: readonly string[]): number =>
      decode(answerOutside(names, encode(updateMessage(9, { zone, name, type: 'A', ttl: 30, targets })), 512)!).rcode
    expect(ask('x.shop.fairlead.test.').rcode).toBe(3)
    expect(change('fairlead.test.', '*.shop.fairlead.test.', ['172.18.0.210'])).toBe(0)
    expect(addresses(ask('x.Shop.fairlead.test.'))).toEqual(['172.18.0.210'])
    expect(change('fairlead.test.', '*.apps.fairlead.test.', ['172.18.0.210'])).toBe(0)
    expect(addresses(ask('x.apps.fairlead.test.'))).toEqual(['172.18.0.100'])
    expect(change('example.com.', 'www.example.com.', ['172.18.0.210'])).toBe(10)
    expect(change('fairlead.test.', 'www.example.com.', ['172.18.0.210'])).toBe(10)
    expect(addresses(ask('www.example.com.'))).toEqual(['203.0.113.10'])
    expect(change('fairlead.test.', '*.shop.fairlead.test.', [])).toBe(0)
    expect(ask('x.shop.fairlead.test.').rcode).toBe(3)
  })
  test('a name may stand for another one, which is followed; a ring of them ends', () => {
    const alias = (name: string, target: string): number => {
      const wanted = { zone: 'fairlead.test.', name, type: 'CNAME', ttl: 30, targets: [target] } as const
      return decode(answerOutside(names, encode(updateMessage(9, wanted)), 512)!).rcode
    }
    expect(alias('shop.fairlead.test.', 'Host.apps.fairlead.test.')).toBe(0)
    expect(ask('SHOP.fairlead.test.').answers.map(({ data }) => data)).toEqual([
      { type: 'CNAME', target: 'host.apps.fairlead.test.' },
      { type: 'A', address: '172.18.0.100' },
    ])
    expect(ask('shop.fairlead.test.', TYPE.CNAME).answers).toHaveLength(1)
    expect([alias('a.fairlead.test.', 'b.fairlead.test.'), alias('b.fairlead.test.', 'a.fairlead.test.')]).toEqual([
      0, 0,
    ])
    expect(addresses(ask('a.fairlead.test.')).filter(address => address)).toEqual([])
  })
})
