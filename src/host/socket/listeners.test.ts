import { expect, test } from 'vitest'
import { parseListeners } from './listeners.ts'

test('reads who listens, and whether for others too', () => {
  const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1
   2: 0500800A:0050 0600800A:9C40 01 00000000:00000000 00:00000000 00000000     0        0 3 1
`
  expect(parseListeners('TCP', tcp)).toEqual([
    { protocol: 'TCP', port: 8080, isLoopback: true },
    { protocol: 'TCP', port: 80, isLoopback: false },
  ])
  const udp6 = `head
 10: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 0 0
 11: 00000000000000000000000000000000:1538 00000000000000000000000000000000:0000 07 0 0
 12: 0000000000000000FFFF00000100007F:0036 00000000000000000000000000000000:0000 07 0 0
`
  expect(parseListeners('UDP', udp6).map(({ port, isLoopback }) => [port, isLoopback])).toEqual([
    [53, true],
    [5432, false],
    [54, true],
  ])
})
