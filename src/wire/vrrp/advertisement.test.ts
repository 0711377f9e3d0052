import { expect, test } from 'vitest'
import { ip } from '../../lib/ip.ts'
import { decodeAdvertisement, encodeAdvertisement } from './advertisement.ts'

const said = { router: 51, priority: 150, interval: 10, addresses: [ip('172.18.0.100'), ip('172.18.0.101')] }
const SOURCE = ip('172.18.0.98')

/** As the kernel hands it over. */
function arrived(body: Buffer, change: (packet: Buffer) => void = () => {}): Buffer {
  const header = Buffer.from('450000000000400000000000ac120062e0000012', 'hex')
  header.writeUInt16BE(header.length + body.length, 2)
  header[8] = 255
  header[9] = 112
  const packet = Buffer.concat([header, body])
  change(packet)
  return packet
}

test('an advertisement has the bytes of RFC 5798 and is read back', () => {
  const body = encodeAdvertisement(said, SOURCE)
  expect(body.toString('hex', 0, 6)).toBe('31339602000a')
  expect(body.toString('hex', 8)).toBe('ac120064ac120065')
  expect(decodeAdvertisement(arrived(body))).toEqual({ ...said, source: SOURCE })
})

test.each<[string, (packet: Buffer) => void]>([
  ['that a router has passed on', packet => packet.writeUInt8(254, 8)],
  ['of another protocol', packet => packet.writeUInt8(17, 9)],
  ['of version 2', packet => packet.writeUInt8(0x21, 20)],
  ['with a priority that was changed on the way', packet => packet.writeUInt8(200, 22)],
  ['that says more addresses than it has', packet => packet.writeUInt8(9, 23)],
  ['from another source than it was made for', packet => packet.writeUInt8(99, 15)],
])('one %s is passed over', (_, change) => {
  const body = encodeAdvertisement(said, SOURCE)
  expect(decodeAdvertisement(arrived(body))).toBeDefined()
  expect(decodeAdvertisement(arrived(body, change))).toBeUndefined()
})

test('what is cut short is passed over, wherever', () => {
  const packet = arrived(encodeAdvertisement(said, SOURCE))
  for (let length = 0; length < packet.length; length++)
    expect(decodeAdvertisement(packet.subarray(0, length))).toBeUndefined()
})
