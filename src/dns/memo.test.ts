import { expect, test } from 'vitest'
import { decode } from '../wire/dns/decode.ts'
import { encode } from '../wire/dns/encode.ts'
import { CLASS, TYPE } from '../wire/dns/message.ts'
import type { Handled } from './handle.ts'
import { createMemo } from './memo.ts'
import { replyTo } from './zone/respond.ts'

function asker() {
  const memo = createMemo('cluster.local')
  let made = 0
  const ask = (name: string, id = 1, more: Partial<Handled> = {}): Buffer => {
    const query = {
      ...replyTo(decode(Buffer.alloc(12)), 0),
      isResponse: false,
      id,
      questions: [{ name, type: TYPE.A, class: CLASS.IN }],
    }
    const packet = Buffer.from(encode(query))
    const known = memo.find(packet, packet.length)
    if (known) return known.bytes
    made++
    const reply = replyTo(query, 0)
    const handled: Handled = { query, reply, bytes: encode(reply), ...more }
    memo.keep(packet, handled, { requests: '', responses: '', count: 0 })
    return handled.bytes
  }
  return { memo, ask, made: () => made }
}

test('a reply is made once, whatever the identifier', () => {
  const { ask, made } = asker()
  ask('a.shop.svc.cluster.local.', 1)
  ask('a.shop.svc.cluster.local.', 7)
  expect(made()).toBe(1)
})

test('a change of a Service drops its names and those that are not one Service’s, and no other', () => {
  const { memo, ask, made } = asker()
  const names = [
    'A.shop.svc.cluster.local.',
    '_http._tcp.a.shop.svc.cluster.local.',
    'b.shop.svc.cluster.local.',
    '5.0.128.10.in-addr.arpa.',
    'shop.svc.cluster.local.',
  ]
  for (const name of names) ask(name)
  memo.forget('shop/a')
  const before = made()
  const again = names.filter(name => {
    const count = made()
    ask(name)
    return made() > count
  })
  expect(again).toEqual([names[0], names[1], names[3], names[4]])
  memo.clear()
  ask(names[2]!)
  expect(made()).toBe(before + 5)
})

test('what may be another answer next time is not kept', () => {
  const { ask, made } = asker()
  ask('a.shop.svc.cluster.local.', 1, { isVolatile: true })
  ask('a.shop.svc.cluster.local.', 1)
  expect(made()).toBe(2)
})
