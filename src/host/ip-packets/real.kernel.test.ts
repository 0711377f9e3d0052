import { afterEach, expect, test } from 'vitest'
import { ip } from '../../lib/ip.ts'
import { decodeAdvertisement, encodeAdvertisement, VRRP_GROUP, VRRP_PROTOCOL } from '../../wire/vrrp/advertisement.ts'
import { kernelLinks } from '../link/real.ts'
import { kernelNetns } from '../netns/real.ts'
import { kernelIpPackets } from './real.ts'

const netns = kernelNetns()
const links = kernelLinks(netns)
const driver = kernelIpPackets(netns)
const ADDRESSES = [ip('192.0.2.1'), ip('192.0.2.2')]
let close = (): void => {}
afterEach(() => close())

function pair() {
  const places = ADDRESSES.map((_, index) => netns.create(`packets-${index}`))
  const [one, two] = places as [(typeof places)[0], (typeof places)[0]]
  links.apply(one, [{ op: 'veth', name: 'eth0', peer: { name: 'eth0', netns: two } }])
  const ends = places.map((place, index) => {
    const address = ADDRESSES[index]!
    links.apply(place, [
      { op: 'up', name: 'eth0' },
      { op: 'address', name: 'eth0', address, bits: 24 },
    ])
    return driver.open({ netns: place, link: 'eth0', address, protocol: VRRP_PROTOCOL, group: VRRP_GROUP })
  })
  close = () => {
    for (const end of ends) end.close()
    for (const place of places) netns.remove(place)
  }
  return { one, two, ends: ends as [(typeof ends)[0], (typeof ends)[0]] }
}

test('a packet to the group arrives whole at the other end, with 255 hops, and not at its own', async () => {
  const { ends } = pair()
  const said = { router: 51, priority: 150, interval: 10, addresses: [ip('192.0.2.100')] }
  let heard: readonly Buffer[] = []
  const endMs = performance.now() + 60_000
  while (heard.length === 0 && performance.now() < endMs) {
    ends[0].send(encodeAdvertisement(said, ADDRESSES[0]!))
    await new Promise(resolve => setImmediate(resolve))
    heard = ends[1].drain()
  }
  expect(decodeAdvertisement(heard[0]!)).toEqual({ ...said, source: ADDRESSES[0] })
  expect(ends[0].drain()).toEqual([])
  expect(ends[1].drain()).toEqual([])
})

test('a link is up when both ends are; sending without one is no error', () => {
  const { two, ends } = pair()
  expect(ends.map(end => end.isLinked())).toEqual([true, true])
  links.apply(two, [{ op: 'down', name: 'eth0' }])
  expect(ends.map(end => end.isLinked())).toEqual([false, false])
  ends[0].send(Buffer.from('lost'))
  links.apply(two, [{ op: 'up', name: 'eth0' }])
  expect(ends.map(end => end.isLinked())).toEqual([true, true])
})
