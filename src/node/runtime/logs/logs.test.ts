import { describe, expect, test } from 'vitest'
import { fakeClock } from '../../../host/clock/fake.ts'
import { fakeFs } from '../../../host/fs/fake.ts'
import { openLog } from './file.ts'
import { readAndFollow } from './follow.ts'
import { readLog } from './read.ts'

function log(limitBytes = 1e6) {
  const fs = fakeFs({})
  const clock = fakeClock()
  const listeners = new Set<() => void>()
  const soon: (() => void)[] = []
  const file = openLog(
    { fs, clock, soon: f => void soon.push(f) },
    { path: '/log', limitBytes, changed: () => listeners.forEach(f => void f()) },
  )
  const flush = (): void => soon.splice(0).forEach(f => void f())
  const live = {
    state: file.state,
    flush: file.flush,
    onChange: (f: () => void) => {
      listeners.add(f)
      return () => void listeners.delete(f)
    },
  }
  const text = (options = {}): string => Buffer.concat(readLog(fs, '/log', options)).toString()
  return { fs, clock, file, flush, live, text, soon }
}

describe('a log', () => {
  test('is written as container runtimes write it, the lines of a moment at once', () => {
    const { fs, file, flush, soon } = log()
    file.write('stdout', 'one\ntw')
    file.write('stderr', 'err\n')
    file.write('stdout', 'o\n')
    expect(soon).toHaveLength(1)
    flush()
    expect(fs.read('/log')!.toString()).toBe(
      [
        '2026-01-01T00:00:00.000000000Z stdout F one',
        '2026-01-01T00:00:00.000000000Z stderr F err',
        '2026-01-01T00:00:00.000000000Z stdout F two',
        '',
      ].join('\n'),
    )
  })

  test('joins the parts of long lines again; a last line without its end has none', () => {
    const { file, text } = log()
    const long = 'x'.repeat(40_000)
    file.write('stdout', `${long}\nshort`)
    file.end()
    expect(text()).toBe(`${long}\nshort`)
    expect(text({ tailLines: 1 })).toBe('short')
  })

  test('tells what came since a time', async () => {
    const { file, clock, flush, text } = log()
    file.write('stdout', 'early\n')
    await clock.advance(5000)
    file.write('stdout', 'late\n')
    flush()
    expect(text({ sinceTimeMs: clock.now() - 1000 })).toBe('late\n')
    expect(text({ timestamps: true, tailLines: 1 })).toBe('2026-01-01T00:00:05.000000000Z late\n')
  })

  test('keeps two files at most', () => {
    const { fs, file, flush, text } = log(1000)
    for (let index = 0; index < 100; index++) {
      file.write('stdout', `line ${index}\n`)
      flush()
    }
    expect(fs.size('/log')! + fs.size('/log.1')!).toBeLessThanOrEqual(2000)
    expect(text()).toMatch(/line 98\nline 99\n$/)
    expect(text().length).toBeGreaterThan(100)
  })

  test('can be followed over the change of files, without loss or repetition', async () => {
    const { fs, file, flush, live } = log(1000)
    file.write('stdout', 'line 0\n')
    let seen = ''
    let next = 1
    for await (const chunk of readAndFollow(fs, '/log', {}, live, new AbortController().signal)) {
      seen += chunk.toString()
      if (next === 100) file.end()
      for (const end = next + 3; next < Math.min(end, 100); next++) file.write('stdout', `line ${next}\n`)
      flush()
    }
    expect(seen).toBe(Array.from({ length: 100 }, (_, index) => `line ${index}\n`).join(''))
  })

  test('of which more was lost than is kept goes on with the oldest that is there', async () => {
    const { fs, file, flush, live } = log(1000)
    file.write('stdout', 'first\n')
    let seen = ''
    for await (const chunk of readAndFollow(fs, '/log', {}, live, new AbortController().signal)) {
      if (seen === '') {
        for (let index = 0; index < 100; index++) {
          file.write('stdout', `line ${index}\n`)
          flush()
        }
        file.end()
      }
      seen += chunk.toString()
    }
    expect(seen).toMatch(/^first\nline \d\d\n/)
    expect(seen).toMatch(/line 99\n$/)
  })

  test('cannot be forged by what is written to it', () => {
    const { file, flush, text } = log()
    file.write('stdout', '2026-01-01T00:00:00Z stderr F not a record\n')
    flush()
    expect(text()).toBe('2026-01-01T00:00:00Z stderr F not a record\n')
  })
})
