import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { wholeLines } from './lines.ts'

test('nothing comes in the middle of a line, and nothing is lost', async () => {
  const seen: string[] = []
  const source = new PassThrough()
  const lines = source.pipe(wholeLines())
  lines.on('data', chunk => seen.push(String(chunk)))
  const ended = new Promise(resolve => lines.on('end', resolve))
  for (const chunk of ['one\ntw', 'o', '\nthree\n', 'four\nfi', 've']) source.write(chunk)
  source.end()
  await ended
  expect(seen).toEqual(['one\n', 'two\nthree\n', 'four\n', 'five'])
})
