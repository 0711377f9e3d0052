import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../clock/real.ts'
import { logPipe } from './log-pipe.ts'

const folder = mkdtempSync(join(tmpdir(), 'log-pipe-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('lines from before the pipe was there come first; a reader that is slow loses what is too much, in whole', async () => {
  const path = join(folder, 'access.log')
  const log = logPipe(path, systemClock)
  log.write('early\n')
  execFileSync('mkfifo', [path])
  // More than a pipe holds: the rest waits for the reader.
  const line = `${'x'.repeat(1000)}\n`
  for (let index = 0; index < 500; index++) log.write(line)
  const reader = spawn('head', ['-n', '501', path])
  let text = ''
  reader.stdout.on('data', chunk => (text += chunk))
  await once(reader, 'close')
  expect(text).toBe(`early\n${line.repeat(500)}`)
  for (let index = 0; index < 3000; index++) log.write(line)
  const second = spawn('head', ['-n', '1000', path])
  let rest = ''
  second.stdout.on('data', chunk => (rest += chunk))
  await once(second, 'close')
  expect(rest).toBe(line.repeat(1000))
  log.destroy()
})
