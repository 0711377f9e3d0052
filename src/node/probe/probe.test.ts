import { createServer as createHttp1 } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { connect, createServer } from 'node:net'
import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import { ip } from '../../lib/ip.ts'
import type { ExecSpec, ProcessStreams } from '../runtime/mod.ts'
import type { Check, ProbeDeps } from './mod.ts'
import { probe } from './probe.ts'

const address = ip('127.0.0.1')
const servers: { close(): void }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const deps = (
  exec: (spec: ExecSpec) => Promise<ProcessStreams> = () => Promise.reject(new Error('no exec')),
): ProbeDeps => ({
  socket: { connect: ({ address, port }) => connect(port, address) },
  netns: { fd: -1 } as never,
  clock: systemClock,
  runtime: { exec },
})
async function listening(server: Pick<Server, 'listen' | 'address' | 'close' | 'once'>): Promise<number> {
  servers.push(server)
  server.listen(0, address)
  await new Promise<void>(resolve => server.once('listening', () => resolve()))
  return (server.address() as AddressInfo).port
}
const tried = (check: Check, timeoutMs = 2000, on = deps()) => probe(on, check, timeoutMs)

describe('http', () => {
  const ask = async (path: string, more: object = {}) => {
    const seen: { url: string | undefined; headers: Record<string, unknown> }[] = []
    const server = createHttp1((request, response) => {
      seen.push({ url: request.url, headers: request.headers })
      const status = Number(/\d+/.exec(request.url ?? '')?.[0] ?? 200)
      if (request.url === '/never') return
      response.writeHead(status, status === 302 ? { location: '/500' } : {}).end('text')
    })
    const port = await listening(server)
    const outcome = await tried({ kind: 'http', scheme: 'HTTP', address, port, path, headers: [], ...more }, 300)
    return { outcome: { ...outcome, message: outcome.message.replaceAll(String(port), 'PORT') }, seen }
  }

  test.each<[string, boolean, string]>([
    ['/200', true, ''],
    ['/302', true, ''],
    ['/399', true, ''],
    ['/400', false, 'HTTP probe failed with statuscode: 400'],
    ['/503', false, 'HTTP probe failed with statuscode: 503'],
    [
      '/never',
      false,
      'Get "http://127.0.0.1:PORT/never": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
    ],
  ])('%s', async (path, ok, message) => expect((await ask(path)).outcome).toEqual({ ok, message }))

  test('asks as a kubelet does, with headers of the probe', async () => {
    const headers = [
      { name: 'Host', value: 'shop.example' },
      { name: 'X-Probe', value: 'yes' },
    ]
    const { seen } = await ask('status', { headers })
    expect(seen).toMatchObject([
      {
        url: '/status',
        headers: { host: 'shop.example', 'x-probe': 'yes', 'user-agent': expect.stringMatching(/^kube-probe\//) },
      },
    ])
  })

  test('a port that nobody listens on', async () => {
    const port = await listening(createServer())
    servers.pop()!.close()
    expect((await tried({ kind: 'http', scheme: 'HTTP', address, port, path: '/', headers: [] })).message).toBe(
      `Get "http://127.0.0.1:${port}/": dial tcp 127.0.0.1:${port}: connect: connection refused`,
    )
  })
})

test('tcp: being accepted is enough', async () => {
  const port = await listening(createServer(socket => socket.destroy()))
  expect(await tried({ kind: 'tcp', address, port })).toEqual({ ok: true, message: '' })
  servers.pop()!.close()
  expect(await tried({ kind: 'tcp', address, port })).toEqual({
    ok: false,
    message: `dial tcp 127.0.0.1:${port}: connect: connection refused`,
  })
})

test('grpc: serving is success; the service asked for is named', async () => {
  const asked: string[] = []
  const server = createHttp2((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const service = Buffer.concat(chunks).subarray(7).toString()
      asked.push(service)
      response.writeHead(200, { 'content-type': 'application/grpc' })
      response.addTrailers({ 'grpc-status': service === 'unknown' ? '5' : '0', 'grpc-message': 'unknown service' })
      if (service === 'unknown') response.end()
      else response.end(Buffer.from([0, 0, 0, 0, 2, 8, service === 'ill' ? 2 : 1]))
    })
  })
  const port = await listening(server as never)
  const check = (service: string) => tried({ kind: 'grpc', address, port, service })
  expect(await check('')).toEqual({ ok: true, message: '' })
  expect(await check('ill')).toEqual({ ok: false, message: 'service unhealthy (responded with "NOT_SERVING")' })
  expect(await check('unknown')).toEqual({ ok: false, message: 'error: health rpc failed: unknown service' })
  expect(asked).toEqual(['', 'ill', 'unknown'])
})

describe('exec', () => {
  const running = (code: number | undefined, text: string) => async (): Promise<ProcessStreams> => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    stdout.end(text)
    stderr.end()
    let end = (_exit: { code: number }): void => {}
    const exit = new Promise<{ code: number }>(resolve => {
      end = resolve
    })
    if (code !== undefined) setImmediate(() => end({ code }))
    return { stdin: null, stdout, stderr, resize: () => {}, exit, close: () => end({ code: 137 }) }
  }
  const check: Check = { kind: 'exec', podUid: 'u', container: 'main', command: ['check', 'it'] }

  test.each<[number | undefined, string, boolean, string]>([
    [0, 'fine', true, ''],
    [1, 'not so\n', false, 'not so'],
    [3, '', false, 'command exited with 3'],
    [undefined, '', false, 'command "check it" timed out after 0.1s'],
  ])('exit code %j with output %j', async (code, text, ok, message) =>
    expect(await tried(check, 100, deps(running(code, text)))).toEqual({ ok, message }),
  )
})
