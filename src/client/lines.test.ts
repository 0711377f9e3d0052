import fc from 'fast-check'
import { expect, it } from 'vitest'
import { jsonLines } from './lines.ts'
import { ConnectionError } from './transport.ts'

async function* inPieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    if (cut <= start || cut >= bytes.length) continue
    yield bytes.subarray(start, cut)
    start = cut
  }
  yield bytes.subarray(start)
}
async function read(body: AsyncIterable<Uint8Array>): Promise<unknown[]> {
  const values: unknown[] = []
  for await (const value of jsonLines(body)) values.push(value)
  return values
}

it('gives the same values however the bytes are cut', async () => {
  const cuts = fc.array(fc.nat(400), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.jsonValue(), { maxLength: 8 }),
      cuts,
      fc.boolean(),
      async (values, where, isCutOff) => {
        const sent = JSON.parse(JSON.stringify(values)) as unknown[]
        const text = `${sent.map(value => `${JSON.stringify(value)}\n`).join('')}${isCutOff ? '{"half":' : ''}`
        expect(await read(inPieces(Buffer.from(text), where))).toEqual(sent)
      },
    ),
  )
})

it('rejects a line that is not JSON after the good ones', async () => {
  const seen: unknown[] = []
  const reading = async (): Promise<void> => {
    for await (const value of jsonLines(Buffer.from('{"a":1}\n{"a":\n'))) seen.push(value)
  }
  await expect(reading()).rejects.toBeInstanceOf(ConnectionError)
  expect(seen).toEqual([{ a: 1 }])
})
