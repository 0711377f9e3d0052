import { expect, test } from 'vitest'
import { Node } from '../../api/core/node.ts'
import { eventually, settled, testBench } from '../../client/testing.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { fakeSockets } from '../../host/socket/fake.ts'
import { ip } from '../../lib/ip.ts'
import { silent } from '../../lib/log.ts'
import { decode } from '../../wire/dns/decode.ts'
import type { Message } from '../../wire/dns/message.ts'
import { CLASS, TYPE } from '../../wire/dns/message.ts'
import { createLines, fromServer, lineOf } from '../../wire/names/messages.ts'
import { replyTo } from '../zone/respond.ts'
import { unixDoor } from './doors.ts'
import { serveNames } from './gate.ts'

const PATH = '/names.sock'
const CLIENT = ip('10.128.0.5')

async function world() {
  const [sockets, clock, bench] = [fakeSockets(), fakeClock(), testBench()]
  const { api, informers, signal } = bench
  const gate = await serveNames({ informers, clock, log: silent }, unixDoor(sockets, PATH), signal)
  /** Where the API says that a node's pods are. */
  const put = async (name: string, podCIDR: string): Promise<void> => {
    api.put(Node, { metadata: { name }, spec: { podCIDR, podCIDRs: [podCIDR] } } as never)
    await settled(bench)
  }
  await informers.sync(signal)
  await put('node-1', '10.128.0.0/23')
  /** A node that says which patterns its rules have, and admits what it is told, or not. */
  const node = async (name: string, patterns: readonly string[], admits = true) => {
    const told: string[] = []
    let heard = false
    const socket = sockets.connectUnix(PATH)
    socket.on(
      'data',
      createLines(
        fromServer,
        message => {
          if (message.is === 'heard') heard = true
          else {
            told.push(`${message.name} ${message.addresses.map(({ address }) => address).join()}`)
            if (admits) socket.write(lineOf({ is: 'admitted', number: message.number }))
          }
        },
        () => {},
      ),
    )
    socket.once('connect', () => void socket.write(lineOf({ is: 'hello', number: 1, node: name, patterns })))
    await eventually(() => heard)
    return { told, leave: () => socket.destroy() }
  }
  return { gate, clock, api, put, node, stop: bench.close }
}

const reply = (name: string, ttl = 30): Message => ({
  ...replyTo(decode(Buffer.alloc(12)), 0),
  questions: [{ name, type: TYPE.A, class: CLASS.IN }],
  answers: [{ name, class: CLASS.IN, ttl, data: { type: 'A', address: ip('192.0.2.1') } }],
})

test('a node is told of what it asked for, of its own pods, and once while it holds', async () => {
  const { gate, clock, node, stop } = await world()
  const { told } = await node('node-1', ['nothing www.test', 'one cdn.test'])
  expect(await gate.release(CLIENT, reply('WWW.test.'))).toBe(true)
  expect(await gate.release(CLIENT, reply('a.cdn.test.', 0))).toBe(true)
  expect(told).toEqual(['www.test 192.0.2.1', 'a.cdn.test 192.0.2.1'])
  expect([gate.concerns('www.test.'), gate.concerns('other.test.')]).toEqual([true, false])
  expect(gate.release(CLIENT, reply('other.test.'))).toBeUndefined()
  expect(gate.release(CLIENT, reply('www.test.', 20))).toBeUndefined()
  // What lives for no time, and what would end before the answer does, is told again.
  await clock.advance(1000)
  expect(await gate.release(CLIENT, reply('a.cdn.test.', 0))).toBe(true)
  await clock.advance(20_000)
  expect(await gate.release(CLIENT, reply('www.test.'))).toBe(true)
  expect(told).toHaveLength(4)
  expect(gate.release(ip('10.130.0.5'), reply('www.test.'))).toBeUndefined()
  stop()
})

test('without its word the answer is not given; another node that has its network now may give it', async () => {
  const { gate, clock, api, put, node, stop } = await world()
  const deaf = await node('node-1', ['nothing www.test'], false)
  const release = gate.release(CLIENT, reply('www.test.'))
  await eventually(() => deaf.told.length > 0)
  for (let i = 0; i < 20; i++) await clock.advance(200)
  expect(await release).toBe(false)
  deaf.leave()
  api.drop(Node, { name: 'node-1' })
  await put('node-4', '10.128.0.0/23')
  const { told } = await node('node-4', ['nothing www.test'])
  expect(await gate.release(CLIENT, reply('www.test.'))).toBe(true)
  expect(told).toHaveLength(1)
  stop()
})

test('of a node that says nothing 500 answers wait, and no more; those of others are given', async () => {
  const { gate, clock, put, node, stop } = await world()
  const deaf = await node('node-1', ['one test'], false)
  await put('node-2', '10.128.2.0/23')
  await node('node-2', ['one test'])
  const said: boolean[] = []
  for (let i = 0; i < 510; i++) void gate.release(CLIENT, reply(`n${i}.test.`))?.then(isGiven => said.push(isGiven))
  await eventually(() => deaf.told.length === 500 && said.length === 10)
  expect(said).not.toContain(true)
  expect(await gate.release(ip('10.128.2.5'), reply('n1.test.'))).toBe(true)
  for (let i = 0; i < 20; i++) await clock.advance(200)
  await eventually(() => said.length === 510)
  void gate.release(CLIENT, reply('again.test.'))
  await eventually(() => deaf.told.at(-1)?.startsWith('again.test') === true)
  stop()
})

test('just after the start answers to pods wait until their node was heard of, and no longer', async () => {
  const { gate, clock, node, stop } = await world()
  // Not a pod's.
  expect(gate.release(ip('172.18.0.1'), reply('www.test.'))).toBeUndefined()
  const early = gate.release(CLIENT, reply('www.test.'))
  const { told } = await node('node-1', ['nothing www.test'])
  expect(await early).toBe(true)
  expect(told).toHaveLength(1)
  stop()
  const other = await world()
  const unheard = other.gate.release(CLIENT, reply('www.test.'))
  for (let i = 0; i < 20; i++) await other.clock.advance(200)
  expect(await unheard).toBe(true)
  expect(other.gate.release(CLIENT, reply('www.test.'))).toBeUndefined()
  other.stop()
  await clock.advance(1)
})
