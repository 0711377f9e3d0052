import { expect, test } from 'vitest'
import { roleFails } from './last-words.ts'

const fails = (words: string) => {
  const { message, hint } = roleFails('api', 'exit code 1', words, '/logs/api.log')
  return { message, hint }
}

test.each([
  [
    'an error with its remedy',
    'fairlead: the file is damaged\n  -> move it away\n',
    'the file is damaged',
    'move it away ',
  ],
  ['the last of several', 'fairlead: one\n  -> first\nfairlead: two\n', 'two', ''],
  [
    'one among other lines',
    '{"level":30}\nfairlead: the disk is full\n  -> make room\nbye\n',
    'the disk is full',
    'make room ',
  ],
  ['no words for users', '{"level":50,"msg":"fairlead: no"}\n', 'exit code 1', ''],
])('a role that does not start is told of by %s', (_, words, what, remedy) => {
  const { message, hint } = fails(words)
  expect(message).toBe(`api does not start: ${what}`)
  expect(hint).toBe(remedy ? `${remedy}(what it said is in /logs/api.log)` : 'what it said is in /logs/api.log')
})
