import { expect, test } from 'vitest'
import { fakeClock } from '../../host/clock/fake.ts'
import { fakeIpPackets } from '../../host/ip-packets/fake.ts'
import { fakeLinks } from '../../host/link/fake.ts'
import { fakeNetns } from '../../host/netns/fake.ts'
import { ip } from '../../lib/ip.ts'
import { silent } from '../../lib/log.ts'
import { shareAddresses } from './shared-addresses.ts'

const VIP = ip('172.18.0.100')

function pair() {
  const [clock, netns, ipPackets] = [fakeClock(), fakeNetns(), fakeIpPackets()]
  const links = fakeLinks(netns)
  const told: string[] = []
  const hosts = [1, 2].map(number => {
    const place = netns.create(`lb-${number}`)
    links.apply(netns.home, [
      { op: 'veth', name: `v${number}`, peer: { name: 'eth0', netns: place, mac: '0a:00:00:00:00:01' } },
    ])
    const arp = {
      announce: (at: { name: string }, _: object, address: string) => void told.push(`${at.name} ${address}`),
    }
    const start = () =>
      shareAddresses(
        { clock, links, ipPackets, arp, log: silent },
        {
          netns: place,
          link: { name: 'eth0', mac: '0a:00:00:00:00:01' },
          router: 51,
          priority: 200 - 50 * number,
          address: ip(`172.18.0.${97 + number}`),
          shared: [VIP],
        },
      )
    return { start, holds: () => links.addresses(place).some(({ address }) => address === VIP) }
  })
  return { clock, ipPackets, told, hosts, holders: () => hosts.map(host => host.holds()) }
}

test('one of two has the address; when it dies the other has it within half a second, and tells its neighbours', async () => {
  const { clock, hosts, holders, told } = pair()
  const [first, second] = hosts.map(host => host.start())
  await clock.advance(600)
  expect(holders()).toEqual([true, false])
  expect([first!.standing(), second!.standing(), told]).toEqual(['holder', 'backup', [`lb-1 ${VIP}`]])
  first!.stop()
  expect(holders()).toEqual([false, false])
  await clock.advance(500)
  expect(holders()).toEqual([false, true])
  expect(told.at(-1)).toBe(`lb-2 ${VIP}`)
  hosts[0]!.start()
  await clock.advance(2000)
  expect(holders()).toEqual([false, true])
})

test('a holder whose link is cut lets go before anybody else takes over; never do two have it', async () => {
  const { clock, ipPackets, hosts, holders } = pair()
  for (const host of hosts) host.start()
  await clock.advance(600)
  expect(holders()).toEqual([true, false])
  ipPackets.setLink('lb-1', false)
  const seen: string[] = []
  for (let ms = 0; ms < 700; ms += 20) {
    await clock.advance(20)
    seen.push(String(holders().filter(Boolean).length))
  }
  expect(new Set(seen)).toEqual(new Set(['0', '1']))
  expect(holders()).toEqual([false, true])
  ipPackets.setLink('lb-1', true)
  await clock.advance(2000)
  expect(holders()).toEqual([false, true])
})
