import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../clock/real.ts'
import { logPipe } from './log-pipe.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-pipe-'))
})
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

/** How often this process has the file open. */
const countOpen = (path: string): number =>
  readdirSync('/proc/self/fd').filter(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path
    } catch {
      return false
    }
  }).length

test('its end leaves nothing open and nothing to come', () => {
  const path = join(folder, 'access.log')
  execFileSync('mkfifo', [path])
  const due = new Set<() => void>()
  const clock = {
    after(_ms: number, f: () => void) {
      due.add(f)
      return () => due.delete(f)
    },
  }
  const log = logPipe(path, clock)
  expect([countOpen(path), due.size]).toEqual([0, 0])
  // More than a pipe holds, and nobody reads.
  for (let index = 0; index < 500; index++) log.write(`${'x'.repeat(1000)}\n`)
  expect([countOpen(path), due.size]).toEqual([1, 1])
  log.destroy()
  expect([countOpen(path), due.size]).toEqual([0, 0])
})
