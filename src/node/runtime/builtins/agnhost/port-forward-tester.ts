import type { Socket } from 'node:net'
import { parseIp } from '../../../../lib/ip.ts'
import type { Builtin, BuiltinContext } from '../mod.ts'

const LINGER_MS = 500

/** Takes one connection, compares what comes, sends so many chunks, and ends: each step is a line of its log. */
export const portForwardTester: Builtin = async context => {
  const { BIND_ADDRESS = 'localhost', BIND_PORT = '' } = context.env
  const address = BIND_ADDRESS === 'localhost' ? parseIp('127.0.0.1') : parseIp(BIND_ADDRESS)
  let finish = (_code: number): void => {}
  const exited = new Promise<number>(resolve => {
    finish = resolve
  })
  context.signal.addEventListener('abort', () => finish(0), { once: true })
  let isTaken = false
  const onConnection = (socket: Socket): void => {
    if (isTaken) return void socket.destroy()
    isTaken = true
    converse(context, socket).then(finish, () => finish(1))
  }
  await context.sockets.tcp(Number(BIND_PORT), onConnection, address)
  return { exited }
}

async function converse(context: BuiltinContext, socket: Socket): Promise<number> {
  const { env, clock, out } = context
  out('Accepted client connection')
  const expected = Buffer.from(env.EXPECTED_CLIENT_DATA ?? '')
  if (expected.length > 0) {
    const got = await read(socket, expected.length)
    if (got.length < expected.length) {
      out(`Expected to read ${expected.length} bytes from client, but got ${got.length} instead. err=EOF`)
      return 2
    }
    if (!got.equals(expected)) {
      out(`Expect to read ${JSON.stringify(String(expected))}, but got ${JSON.stringify(String(got))}. err=<nil>`)
      return 3
    }
    out('Received expected client data')
  }
  const number = (name: string): number => {
    const value = Number(env[name] || Number.NaN)
    if (!Number.isInteger(value)) throw new Error(`Error parsing ${name} ${JSON.stringify(env[name] ?? '')}`)
    return value
  }
  const [chunks, size, intervalMs] = [number('CHUNKS'), number('CHUNK_SIZE'), number('CHUNK_INTERVAL')]
  for (let sent = 0; sent < chunks; sent++) {
    if (sent > 0) await clock.sleep(intervalMs)
    socket.write('x'.repeat(size))
  }
  out('Shutting down connection')
  socket.end()
  await clock.sleep(LINGER_MS)
  socket.destroy()
  out('Done')
  return 0
}

function read(socket: Socket, length: number): Promise<Buffer> {
  let seen = Buffer.alloc(0)
  return new Promise(resolve => {
    const done = (): void => {
      socket.off('data', onData)
      resolve(seen.subarray(0, length))
    }
    const onData = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk])
      if (seen.length >= length) done()
    }
    socket.on('data', onData).once('end', done).once('close', done)
  })
}
