import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FromNode, FromServer } from './messages.ts'
import { createLines, fromNode, fromServer, lineOf } from './messages.ts'

const read = <M>(how: (value: unknown) => M | undefined, ...chunks: readonly (string | Buffer)[]) => {
  const found: (M | 'wrong')[] = []
  const lines = createLines(
    how,
    message => found.push(message),
    () => found.push('wrong'),
  )
  for (const chunk of chunks) lines(Buffer.from(chunk))
  return found
}

const learn = (more: object): string =>
  JSON.stringify({ is: 'learn', number: 1, name: 'www.test', addresses: [], ...more })

test('what each side says arrives as it was said, however it was cut', () => {
  const said: FromNode[] = [
    { is: 'hello', number: 1, node: 'node-1', patterns: ['nothing www.test'] },
    { is: 'admitted', number: 2 },
    { is: 'failed', number: 3 },
  ]
  const text = said.map(lineOf).join('')
  expect(read(fromNode, text)).toEqual(said)
  expect(read(fromNode, ...text)).toEqual(said)
  const told: FromServer[] = [
    { is: 'heard', number: 1 },
    { is: 'learn', number: 2, name: 'www.test', addresses: [{ address: '2001:db8::1' as never, ttlSeconds: 0 }] },
  ]
  expect(read(fromServer, told.map(lineOf).join(''))).toEqual(told)
})

test.each([
  'nonsense',
  '{}',
  'null',
  '{"is":"heard"}',
  '{"is":"heard","number":-1}',
  '{"is":"admitted","number":1}',
  learn({ name: 1 }),
  learn({ name: 'x'.repeat(2000) }),
  learn({ addresses: {} }),
  learn({ addresses: ['192.0.2.1'] }),
  learn({ addresses: [{ address: '192.0.2.1' }] }),
  learn({ addresses: [{ address: '192.0.2.1, 0.0.0.0/0', ttlSeconds: 1 }] }),
  learn({ addresses: [{ address: '0.0.0.0/0', ttlSeconds: 1 }] }),
  learn({ addresses: [{ address: '2001:DB8::1', ttlSeconds: 1 }] }),
  learn({ addresses: [{ address: '192.0.2.1', ttlSeconds: 1.5 }] }),
  learn({ addresses: [{ address: '192.0.2.1', ttlSeconds: '1h' }] }),
])('%s is nothing a DNS server says, and ends what is read', line => {
  expect(read(fromServer, `${line}\n{"is":"heard","number":1}\n`, '{"is":"heard","number":2}\n')).toEqual(['wrong'])
  expect(read(fromServer, '{"is":"heard","number":1}\n')).toEqual([{ is: 'heard', number: 1 }])
})

test('a line that never ends is wrong, and is not kept', () => {
  const chunk = Buffer.alloc(1 << 22, 'x')
  expect(read(fromNode, chunk, chunk, chunk)).toEqual([])
  expect(read(fromNode, chunk, chunk, chunk, chunk, 'x', chunk)).toEqual(['wrong'])
})

test('no value is an error', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      fromNode(value)
      fromServer(value)
    }),
  )
})
