import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { dial } from './dial.ts'

/** A connection whose limit is reached before this process has looked at what came. */
function late(answers: boolean) {
  const socket = Object.assign(new EventEmitter(), { pause: () => {}, destroy: () => {} })
  const clock = {
    after: (_ms: number, f: () => void) => {
      if (answers) setImmediate(() => socket.emit('connect'))
      f()
      return () => {}
    },
  }
  const sockets = { connect: () => socket }
  const target = {} as Parameters<typeof dial>[1]
  return { socket, found: dial({ sockets, clock } as unknown as { sockets: SocketDriver; clock: Clock }, target, 1) }
}

test('an answer that is there when the limit is over counts; silence does not', async () => {
  const answered = late(true)
  expect(await answered.found).toBe(answered.socket)
  expect(await late(false).found).toBeUndefined()
})
