import { expect, test } from 'vitest'
import { fakeFs } from '../../host/fs/fake.ts'
import { routingTables } from './tables.ts'

const link = (name: string, table?: number) =>
  ({
    name,
    index: 2,
    up: true,
    mtu: 1500,
    mac: '',
    kind: '',
    rxPackets: 0,
    txPackets: 0,
    ...(table ? { table } : {}),
  }) as const

test('a table is named by number, by a VRF, or as the machine calls it', () => {
  const fs = fakeFs()
  fs.write('/usr/share/iproute2/rt_tables', '255 local\n100 green\n101 red\n')
  fs.write('/etc/iproute2/rt_tables', '# ours\n#1 inr.ruhep\n0x66 red # 102\n  200\tblue  \n0 unspec\n300\nnonsense\n')
  fs.write('/etc/iproute2/rt_tables.d/more.conf', '201 white\n')
  fs.write('/etc/iproute2/rt_tables.d/more.bak', '202 black\n')
  const tableOf = routingTables(fs, [link('eth1'), link('vrf-blue', 1001)])
  const expected = { '100': 100, main: 254, green: 100, red: 102, blue: 200, white: 201, 'vrf-blue': 1001 }
  for (const [name, table] of Object.entries(expected)) expect(tableOf(name), name).toBe(table)
  for (const name of ['black', 'eth1', 'inr.ruhep', 'unspec', '', '0', '4294967296', 'constructor', '-1', '1e2'])
    expect(tableOf(name), name).toBeUndefined()
})

test('without such files and links there are the built-in names', () => {
  const tableOf = routingTables(fakeFs(), [])
  expect([tableOf('local'), tableOf('blue')]).toEqual([255, undefined])
})
