import type { Socket as UdpSocket } from 'node:dgram'
import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { TestBench } from '../../client/testing.ts'
import { testBench } from '../../client/testing.ts'
import { slowness } from '../../host/clock/testing.ts'
import { kernelNetns } from '../../host/netns/real.ts'
import { kernelSockets } from '../../host/socket/real.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import { decode } from '../../wire/dns/decode.ts'
import { encode } from '../../wire/dns/encode.ts'
import type { Message, Question, ResourceRecord } from '../../wire/dns/message.ts'
import { CLASS, RCODE, TYPE } from '../../wire/dns/message.ts'
import { replyTo } from '../zone/respond.ts'
import type { Forwarder } from './forward.ts'
import { createForwarder, sequential } from './forward.ts'
import type { Upstream } from './upstream.ts'
import { createFrames, framed } from './upstream.ts'

const netns = kernelNetns()
const sockets = kernelSockets(netns)
const LOOPBACK = ip('127.0.0.1')
const upstream = { address: LOOPBACK, port: 5353 } as Upstream
const TRUE = ip('192.0.2.1')
const FALSE = ip('192.0.2.66')
let bench: TestBench
let udp: UdpSocket
let tcp: Server
let forwarders: Forwarder[] = []
const open = new Set<Socket>()
/** What the server says to a datagram, and to what comes over TCP. */
let says: (query: Message) => readonly Message[] = () => []
let saysOverTcp: (query: Message, socket: Socket) => Message | undefined = () => undefined
let connections = 0
const sources: { readonly port: number; readonly id: number }[] = []

beforeEach(async () => {
  bench = testBench()
  udp = await sockets.udp({ netns: netns.home, port: 5353, address: LOOPBACK })
  udp.on('message', (packet, from) => {
    const query = decode(packet)
    sources.push({ port: from.port, id: query.id })
    for (const message of says(query)) udp.send(encode(message), from.port, from.address)
  })
  connections = 0
  sources.length = 0
  tcp = createServer(socket => {
    connections++
    open.add(socket)
    socket.on('error', () => {}).on('close', () => open.delete(socket))
    socket.on(
      'data',
      createFrames(packet => {
        const reply = saysOverTcp(decode(packet), socket)
        if (reply) socket.write(framed(encode(reply)))
      }),
    )
  })
  await new Promise<void>(resolve => tcp.listen(5353, LOOPBACK, resolve))
})
afterEach(() => {
  for (const forwarder of forwarders) forwarder.close()
  forwarders = []
  for (const socket of open) socket.destroy()
  tcp.close()
  udp.close()
  bench.close()
})

const forwarder = (...upstreams: readonly Upstream[]): Forwarder => {
  const made = createForwarder({ ...bench, sockets, netns: netns.home }, sequential(upstreams))
  forwarders.push(made)
  return made
}
const record = (name: string, address: Ip, ttl = 60): ResourceRecord => ({
  name,
  class: CLASS.IN,
  ttl,
  data: { type: 'A', address },
})
const answerOf = (query: Message, address: Ip, more: Partial<Message> = {}): Message => ({
  ...replyTo(query, RCODE.NOERROR),
  answers: [record(query.questions[0]!.name, address)],
  ...more,
})
const question = (name: string): Question => ({ name, type: TYPE.A, class: CLASS.IN })
const ask = async (from: Forwarder, name: string): Promise<readonly string[] | undefined> =>
  (await from.ask(question(name)))?.answers.map(({ data }) => (data.type === 'A' ? data.address : data.type))

test.each<[string, (query: Message) => Message]>([
  ['another identifier', query => answerOf({ ...query, id: query.id ^ 1 }, FALSE)],
  ['another question', query => answerOf({ ...query, questions: [question('other.test.')] }, FALSE)],
  ['another type', query => answerOf({ ...query, questions: [{ ...query.questions[0]!, type: TYPE.MX }] }, FALSE)],
  ['no question', query => ({ ...answerOf(query, FALSE), questions: [] })],
  ['a query', query => ({ ...answerOf(query, FALSE), isResponse: false })],
])('a lie with %s is passed over, and the truth after it is heard', async (_, lie) => {
  says = query => [lie(query), answerOf(query, TRUE)]
  expect(await ask(forwarder(upstream), 'www.test.')).toEqual([TRUE])
})

test('what stands in an answer beside its own name is nobody else’s answer', async () => {
  says = query =>
    query.questions[0]!.name === 'www.test.'
      ? [
          answerOf(query, TRUE, {
            additionals: [record('bank.test.', FALSE)],
            authorities: [record('bank.test.', FALSE)],
          }),
        ]
      : [answerOf(query, TRUE)]
  const from = forwarder(upstream)
  expect(await ask(from, 'www.test.')).toEqual([TRUE])
  expect(await ask(from, 'bank.test.')).toEqual([TRUE])
})

test('answers from another port or host than was asked are not heard', async () => {
  const liar = await sockets.udp({ netns: netns.home, port: 0, address: LOOPBACK })
  udp.removeAllListeners('message')
  udp.on('message', (packet, from) => {
    const query = decode(packet)
    liar.send(encode(answerOf(query, FALSE)), from.port, from.address, () =>
      udp.send(encode(answerOf(query, TRUE)), from.port, from.address),
    )
  })
  expect(await ask(forwarder(upstream), 'www.test.')).toEqual([TRUE])
  liar.close()
})

test('source ports and identifiers cannot be guessed', async () => {
  says = query => [answerOf(query, TRUE)]
  const from = forwarder(upstream)
  for (let i = 0; i < 200; i++) await ask(from, `n${i}.test.`)
  const distinct = (values: readonly number[]): number => new Set(values).size
  const steps = (values: readonly number[]): number => distinct(values.slice(1).map((value, i) => value - values[i]!))
  const [ports, ids] = [sources.map(({ port }) => port), sources.map(({ id }) => id)]
  expect(sources).toHaveLength(200)
  // Of 28,000 ports and 65,536 identifiers, so hardly any twice; and no step that comes again and again.
  expect(distinct(ports)).toBeGreaterThan(190)
  expect(distinct(ids)).toBeGreaterThan(190)
  expect(steps(ports)).toBeGreaterThan(190)
  expect(steps(ids)).toBeGreaterThan(190)
})

test('what is cut is asked again over TCP, on one connection for all that follow, and on a new one when that ended', async () => {
  says = query => [{ ...replyTo(query, RCODE.NOERROR), isTruncated: true }]
  saysOverTcp = query => answerOf(query, TRUE)
  const from = forwarder(upstream)
  for (let i = 0; i < 5; i++) expect(await ask(from, `n${i}.test.`)).toEqual([TRUE])
  expect(connections).toBe(1)
  // The server hangs up when it is asked the next time.
  saysOverTcp = (query, socket) => {
    saysOverTcp = again => answerOf(again, TRUE)
    socket.destroy()
    return void query
  }
  expect(await ask(from, 'again.test.')).toEqual([TRUE])
  expect(connections).toBe(2)
  // Questions at the same time do not wait for each other.
  expect(await Promise.all([1, 2, 3].map(i => ask(from, `same${i}.test.`)))).toEqual([[TRUE], [TRUE], [TRUE]])
  expect(connections).toBe(4)
})

test('a lie over TCP ends the connection, and is no answer', async () => {
  const forced = { ...upstream, isTcpForced: true }
  saysOverTcp = query => answerOf({ ...query, id: query.id ^ 1 }, FALSE)
  const from = forwarder(forced)
  expect(await ask(from, 'www.test.')).toBeUndefined()
  saysOverTcp = query => answerOf(query, TRUE)
  expect(await ask(from, 'www.test.')).toEqual([TRUE])
  // One for the lie, one for the truth, and perhaps one to see whether the server lives.
  expect(connections).toBeGreaterThan(1)
})

test('a server that is slow, dead or does not know is passed over for one that answers', async () => {
  const dead = { ...upstream, port: 5399 }
  says = query => [answerOf(query, TRUE)]
  expect(await ask(forwarder(dead, upstream), 'dead.test.')).toEqual([TRUE])
  const failing = await sockets.udp({ netns: netns.home, port: 5398, address: LOOPBACK })
  failing.on('message', (packet, from) => {
    failing.send(encode(replyTo(decode(packet), RCODE.SERVFAIL)), from.port, from.address)
  })
  expect(await ask(forwarder({ ...upstream, port: 5398 }, upstream), 'failing.test.')).toEqual([TRUE])
  failing.close()
  says = () => []
  const startedMs = bench.clock.monotonic()
  expect(await ask(forwarder(upstream), 'silent.test.')).toBeUndefined()
  expect(bench.clock.monotonic() - startedMs).toBeLessThan(4000 * slowness())
})

test('bytes of any kind are no answer', async () => {
  udp.removeAllListeners('message')
  udp.on('message', (packet, from) => {
    const loop = Buffer.from(packet)
    loop[2] = 0x80
    // The name of the question leads to itself.
    loop[12] = 0xc0
    loop[13] = 12
    for (const bytes of [Buffer.alloc(0), Buffer.from('x'), packet.subarray(0, 11), loop, Buffer.alloc(9000, 0xff)])
      udp.send(bytes, from.port, from.address)
    udp.send(encode(answerOf(decode(packet), TRUE)), from.port, from.address)
  })
  expect(await ask(forwarder(upstream), 'www.test.')).toEqual([TRUE])
})
