import { describe, expect, test } from 'vitest'
import { decode } from '../../wire/dns/decode.ts'
import { encode } from '../../wire/dns/encode.ts'
import { type Message, TYPE } from '../../wire/dns/message.ts'
import { resolveConfig } from '../config.ts'
import { planWorld } from '../plan.ts'
import { answerOutside, outsideNames } from './upstream-dns.ts'

const names = outsideNames(planWorld(await resolveConfig({ name: 'x' }, [])))
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
  test('a name without an address of that type is no error', () => {
    expect(ask('shop.apps.fairlead.test.', TYPE.AAAA)).toMatchObject({ rcode: 0, answers: [] })
  })
  test('what is no query gets no answer', () => {
    expect(answerOutside(names, Buffer.from('nonsense'), 512)).toBeUndefined()
    expect(answerOutside(names, encode({ ...query('a.'), isResponse: true }), 512)).toBeUndefined()
  })
})
