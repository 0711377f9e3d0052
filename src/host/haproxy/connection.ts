import { connect, type Socket } from 'node:net'
import type { Command } from '../../wire/haproxy/command.ts'
import { createAnswerReader, encode, OPENING } from '../../wire/haproxy/dialogue.ts'
import { HaproxyGone } from './mod.ts'

/** A conversation with one process's runtime API. */
export interface Connection {
  readonly open: boolean
  /** Rejects with HaproxyGone when the connection ends first. */
  run(commands: readonly Command[]): Promise<readonly string[]>
  close(): void
}

interface Batch {
  readonly commands: readonly Command[]
  readonly answers: string[]
  sent: number
  readonly resolve: (answers: readonly string[]) => void
  readonly reject: (error: Error) => void
}

/** Commands change the worker between its requests: a longer burst would add milliseconds to them. */
const WINDOW = 100
const WINDOW_BYTES = 16_000

/** Rejects with the socket's error when nothing listens at the path. */
export function dial(path: string): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(converse(socket))
    })
  })
}

function converse(socket: Socket): Connection {
  const reader = createAnswerReader()
  const batches: Batch[] = []
  let open = true
  let greeted = false
  socket.setEncoding('utf8')
  socket.write(OPENING)
  const send = (): void => {
    const batch = batches[0]
    if (!batch) return
    let text = ''
    while (
      batch.sent < batch.commands.length &&
      batch.sent - batch.answers.length < WINDOW &&
      text.length < WINDOW_BYTES
    )
      text += encode(batch.commands[batch.sent++]!)
    if (text) socket.write(text)
  }
  const receive = (answer: string): void => {
    if (!greeted) {
      greeted = true
      return
    }
    const batch = batches[0]
    if (!batch) return
    batch.answers.push(answer)
    if (batch.answers.length < batch.commands.length) return
    batches.shift()
    batch.resolve(batch.answers)
  }
  const end = (): void => {
    open = false
    socket.destroy()
    for (const batch of batches.splice(0)) batch.reject(new HaproxyGone())
  }
  socket.on('data', (text: string) => {
    for (const answer of reader.read(text)) receive(answer)
    if ((batches[0]?.sent ?? 0) - (batches[0]?.answers.length ?? 0) < WINDOW / 2) send()
  })
  socket.on('error', end)
  socket.on('close', end)
  return {
    get open() {
      return open
    },
    run: commands =>
      new Promise((resolve, reject) => {
        if (!open) return reject(new HaproxyGone())
        if (commands.length === 0) return resolve([])
        batches.push({ commands, answers: [], sent: 0, resolve, reject })
        if (batches.length === 1) send()
      }),
    close: end,
  }
}
