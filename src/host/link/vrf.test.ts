import { expect, test } from 'vitest'
import { message } from '../netlink.ts'
import { linkState } from './real.ts'

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
const text = (value: string): Buffer => Buffer.from(`${value}\0`)

/** As the kernel's rtnetlink writes it; not every kernel has such links. */
const answer = (index: number, name: string, more: Parameters<typeof message>[3]) => {
  const header = Buffer.alloc(16)
  header.writeInt32LE(index, 4)
  return { body: message(0, 0, header, [[3, text(name)], ...more]).subarray(16) }
}

test('of a VRF its routing table is known, and of its links the VRF', () => {
  const vrf = answer(7, 'blue', [
    [
      18,
      [
        [1, text('vrf')],
        [2, [[1, u32(1001)]]],
      ],
    ],
  ])
  expect(linkState(vrf)).toMatchObject({ name: 'blue', index: 7, kind: 'vrf', table: 1001 })
  const inside = linkState(answer(8, 'eth1', [[10, u32(7)]]))
  expect(inside).toMatchObject({ name: 'eth1', kind: '', master: 7 })
  expect(inside).not.toHaveProperty('table')
  // What a bridge says of itself under the same number is no routing table.
  expect(
    linkState(
      answer(9, 'br0', [
        [
          18,
          [
            [1, text('bridge')],
            [2, [[1, u32(1500)]]],
          ],
        ],
      ]),
    ),
  ).not.toHaveProperty('table')
})
