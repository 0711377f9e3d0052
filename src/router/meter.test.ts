import { expect, test } from 'vitest'
import { createMeter } from './meter.ts'

const line = (route: string, ms: number, path = '/'): string =>
  `{"id":"1","route":"${route.replaceAll('/', '\\/')}","service":"web","path":"${path}","status":200,"bytes":5,"ms":${ms},"end":"--"}\n`

test('requests are counted by Route and by how long they took', () => {
  const meter = createMeter()
  meter.read(Buffer.from(line('shop/web', 3) + line('shop/web', 5) + line('shop/web', 70) + line('a/b', 99_999)))
  meter.read(Buffer.from('not a line\n'))
  expect([...meter.counts()]).toEqual([
    ['shop/web', { buckets: [2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], sumMs: 78, count: 3 }],
    ['a/b', { buckets: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], sumMs: 99_999, count: 1 }],
  ])
})

test('what a client asks for cannot pose as another Route or time; their number is bounded', () => {
  const meter = createMeter()
  meter.read(Buffer.from(line('shop/web', 3, '/\\"route\\":\\"evil/x\\",\\"status\\":200,\\"bytes\\":1,\\"ms\\":9')))
  expect([...meter.counts()].map(([route, { sumMs }]) => [route, sumMs])).toEqual([['shop/web', 3]])
  for (let index = 0; index < 5000; index++) meter.read(Buffer.from(line(`n/r${index}`, 1)))
  expect([...meter.counts()].length).toBe(2000)
})
