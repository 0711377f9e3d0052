import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { ip } from '../../lib/ip.ts'
import { kernelNetns } from '../netns/real.ts'
import { kernelNft } from '../nft/real.ts'
import type { MarkedFlow } from './mod.ts'
import { kernelConntrack } from './real.ts'

test('forgets the flows that match, and no other', async () => {
  const netns = kernelNetns()
  const nft = kernelNft(netns).open(netns.home)
  // Connections are tracked only where a rule asks for it.
  nft.run(
    'add table inet t\nadd chain inet t c { type filter hook output priority 0; policy accept; }\nadd rule inet t c ct state new accept',
  )
  const socket = createSocket('udp4').bind(0)
  await once(socket, 'listening')
  for (const port of [5001, 5002])
    await new Promise<void>((resolve, reject) =>
      socket.send('x', port, '127.0.0.1', error => (error ? reject(error) : resolve())),
    )
  const conntrack = kernelConntrack(netns).open(netns.home)
  const flow = { protocol: 'udp', destination: ip('127.0.0.1') } as const
  expect((await conntrack.flows()).map(({ port, isUnanswered }) => [port, isUnanswered])).toEqual(
    expect.arrayContaining([
      [5001, true],
      [5002, true],
    ]),
  )
  expect(conntrack.room()).toMatchObject({ max: expect.any(Number), dropped: 0 })
  expect(conntrack.room()?.count).toBeGreaterThanOrEqual(2)
  expect(await conntrack.forget([{ ...flow, port: 5001, answeredBy: ip('127.0.0.2') }])).toBe(0)
  expect(await conntrack.forget([{ ...flow, port: 5001, answeredBy: ip('127.0.0.1'), answeredAt: 5002 }])).toBe(0)
  expect(await conntrack.forget([{ ...flow, port: 5001, answeredBy: ip('127.0.0.1'), answeredAt: 5001 }])).toBe(1)
  expect(await conntrack.forget([{ ...flow, port: 5001 }])).toBe(0)
  const [left] = (await conntrack.flows()).filter(({ port }) => port === 5002)
  expect(conntrack.drop([left!])).toBe(1)
  expect(conntrack.drop([left!])).toBe(0)
  socket.close()
  nft.close()
})

test('sweeps flows of any protocol by address and mark, and no other', async () => {
  const netns = kernelNetns()
  const nft = kernelNft(netns).open(netns.home)
  nft.run(
    'add table inet s\nadd chain inet s c { type filter hook output priority 0; policy accept; }\nadd rule inet s c udp dport 5004 ct mark set 0x00300001',
  )
  const socket = createSocket('udp4').bind(0)
  await once(socket, 'listening')
  for (const port of [5003, 5004])
    await new Promise<void>((resolve, reject) =>
      socket.send('x', port, '127.0.0.1', error => (error ? reject(error) : resolve())),
    )
  const conntrack = kernelConntrack(netns).open(netns.home)
  const isSteered = (mark: number): boolean => mark >>> 20 === 3
  expect(await conntrack.sweep(6, ({ mark }) => isSteered(mark))).toBe(0)
  expect(await conntrack.sweep(4, ({ mark, source }) => isSteered(mark) && source === ip('127.0.0.2'))).toBe(0)
  const isOurs = ({ mark, source, destination, answersTo }: MarkedFlow): boolean =>
    isSteered(mark) && [source, destination, answersTo].every(address => address === ip('127.0.0.1'))
  expect(await conntrack.sweep(4, isOurs)).toBe(1)
  expect(await conntrack.sweep(4, isOurs)).toBe(0)
  const left = (await conntrack.flows()).map(({ port }) => port)
  expect(left).toContain(5003)
  expect(left).not.toContain(5004)
  socket.close()
  nft.run('delete table inet s')
  nft.close()
})
