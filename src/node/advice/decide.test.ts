import { describe, expect, test } from 'vitest'
import type { Service } from '../../api/core/service.ts'
import { nodePortWarning, readEphemeral, unheardWarning } from './decide.ts'

const suspect = {
  service: 'shop/web',
  pod: 'web-1',
  podUid: 'u',
  portName: 'http',
  protocol: 'TCP',
  port: 8080,
} as const
const listener = (port: number, isLoopback = false, protocol: 'TCP' | 'UDP' = 'TCP') => ({ protocol, port, isLoopback })

test('a port is heard when somebody listens on it for others, in the same protocol', () => {
  expect(unheardWarning(suspect, [listener(8080)])).toBeUndefined()
  expect(unheardWarning(suspect, [listener(8080, true), listener(8080)])).toBeUndefined()
  for (const others of [[], [listener(80)], [listener(8080, false, 'UDP')]])
    expect(unheardWarning(suspect, others)?.[1]).toBe(
      'Pod web-1 is ready and an endpoint of port http, but nothing in it listens on 8080/TCP: compare targetPort with what the container serves',
    )
  expect(unheardWarning(suspect, [listener(8080, true)])?.[1]).toContain('at 127.0.0.1 only')
})

describe('node ports and the ports of connections', () => {
  const service = (...nodePorts: number[]): Service =>
    ({ spec: { type: 'NodePort', ports: nodePorts.map(nodePort => ({ port: 80, nodePort })) } }) as unknown as Service
  test.each([
    ['below the range', '32768\t60999', '', [30080], undefined],
    ['in the range', '30000 60999', '', [30080, 40000, 29999], 'Node port 30080, 40000: n takes ports 30000-60999'],
    ['reserved', '30000\t60999', '30000-32767,40000', [30080, 40000], undefined],
    ['reserved in part', '30000\t60999', '30000-30079', [30079, 30080], 'Node port 30080:'],
    ['none', '30000\t60999', '', [], undefined],
  ])('%s', (_, range, reserved, nodePorts, said) => {
    const warning = nodePortWarning(service(...nodePorts), readEphemeral(range, reserved)!, 'n')
    if (said === undefined) expect(warning).toBeUndefined()
    else expect(warning?.[1]).toContain(said)
  })
  test('a range that cannot be read is none', () => {
    expect([readEphemeral(undefined, ''), readEphemeral('x y', '')]).toEqual([undefined, undefined])
  })
})
