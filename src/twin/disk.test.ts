import { expect, test } from 'vitest'
import { UserError } from '../lib/errors.ts'
import { diskError } from './disk.ts'

const failure = (code: string, more: object = {}): Error => Object.assign(new Error(`${code}: no`), { code, ...more })

test.each([
  ['ENOSPC', {}, 'make room'],
  ['EDQUOT', { path: '/data' }, 'make room'],
  ['EACCES', { path: '/data' }, 'XDG_DATA_HOME'],
  ['EROFS', { path: '/data' }, 'XDG_DATA_HOME'],
  ['ENOTDIR', { path: '/data' }, 'XDG_DATA_HOME'],
])('%s of a file is an error for users, with a remedy', (code, more, hint) => {
  const error = diskError(failure(code, more), '/data/fairlead/x') as UserError
  expect([error.code, error.message]).toEqual(['StateFolder', `/data/fairlead/x cannot be used: ${code}: no`])
  expect(error.hint).toContain(hint)
})

test.each([
  ['of a socket', failure('EACCES')],
  ['of a command', failure('ENOENT', { path: 'unshare', spawnargs: [] })],
  ['for users already', new UserError('PortTaken', 'taken')],
  ['of ours', new TypeError('x is not a function')],
])('an error %s stays what it is', (_, error) => {
  expect(diskError(error, '/data')).toBe(error)
})
