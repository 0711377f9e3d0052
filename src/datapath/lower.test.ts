import { expect, test } from 'vitest'
import { ip } from '../lib/ip.ts'
import type { Front } from '../model/services/types.ts'
import { entriesOf } from './elements.ts'
import { lower } from './lower.ts'

test('each protocol has its own map of endpoints, SCTP too', () => {
  const backends = [{ address: ip('10.128.0.5'), port: 9999 }]
  const outcome = { is: 'forward', source: 'client', backends } as const
  const front = (protocol: Front['protocol']): Front => ({
    address: ip('172.30.1.1'),
    port: 9999,
    protocol,
    portName: '',
    role: 'clusterIP',
    within: outcome,
    outside: { is: 'drop', why: '' },
  })
  const lines = (protocol: Front['protocol']) => entriesOf(lower(front(protocol))).map(({ of, key }) => `${of} ${key}`)
  expect(lines('SCTP')).toEqual(['services4 172.30.1.1 . sctp . 9999', 'endpoints-sctp4 172.30.1.1 . 9999 . 0'])
  expect(lines('UDP')).toEqual(['services4 172.30.1.1 . udp . 9999', 'endpoints-udp4 172.30.1.1 . 9999 . 0'])
})
