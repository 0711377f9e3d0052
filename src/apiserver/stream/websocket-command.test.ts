import { EventEmitter } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { COMMAND_PROTOCOLS, webSocketCommand } from './websocket-command.ts'

/** What the door needs of a WebSocket, without one. */
const fakeSocket = () =>
  Object.assign(new EventEmitter(), {
    OPEN: 1,
    readyState: 1,
    pause() {},
    resume() {},
    send(_: unknown, done?: () => void) {
      done?.()
    },
    close() {},
    terminate() {},
  })

describe.each(COMMAND_PROTOCOLS)('messages of $name', protocol => {
  it('of any bytes are taken or passed over', () => {
    const message = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .tuple(fc.constantFrom(0, 3, 4, 48, 52, 255), fc.string())
        .map(([channel, text]) => Buffer.from([channel, ...Buffer.from(text)])),
      fc.constant(Buffer.from([255, 0])),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(message, fc.boolean()), { maxLength: 20 }), messages => {
        const socket = fakeSocket()
        const wanted = { stdin: true, stdout: true, stderr: true, tty: false }
        const channels = webSocketCommand(socket as unknown as WebSocket, wanted, protocol)
        channels.onResize((columns, rows) => {
          expect([Number.isInteger(columns), Number.isInteger(rows)]).toEqual([true, true])
        })
        for (const [bytes, isBinary] of messages) socket.emit('message', Buffer.from(bytes), isBinary)
        socket.emit('close')
        expect(channels.gone.aborted).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})
