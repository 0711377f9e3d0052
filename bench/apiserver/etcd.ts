import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { must, run, start, until } from '../../test/harness.ts'
import { h2load } from './h2load.ts'

/** Puts of one key to Debian's etcd, without TLS, by the same client and to the same disk; undefined where it is not installed. */
export async function etcdPutsPerS(count: number, inFlight: number, value: Uint8Array): Promise<number | undefined> {
  if ((await run('etcd', ['--version'])).code !== 0 || (await run('etcdctl', ['version'])).code !== 0) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'etcd-'))
  const client = `http://127.0.0.1:${await freePort()}`
  const peer = `http://127.0.0.1:${await freePort()}`
  const etcd = start('etcd', [
    ...['--data-dir', folder, '--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
    ...['--log-level', 'error', '--quota-backend-bytes', String(4 << 30)],
  ])
  const ended = new Promise(resolve => etcd.once('exit', resolve))
  const etcdctl = (...args: string[]) => run('etcdctl', ['--endpoints', client, ...args], { env: ENV })
  try {
    await until('etcd is healthy', async () => (await etcdctl('endpoint', 'health')).code === 0)
    const { perS } = await h2load({
      url: `${client}/etcdserverpb.KV/Put`,
      headers: { 'content-type': 'application/grpc', te: 'trailers' },
      body: putRequest(KEY, value),
      count,
      inFlight,
    })
    // What gRPC answers stands behind the body, where h2load does not look.
    const read = await must('etcdctl', ['--endpoints', client, 'get', KEY, '-w', 'json'], { env: ENV })
    const { kvs } = JSON.parse(read) as { readonly kvs?: readonly { readonly version: number }[] }
    if (kvs?.[0]?.version !== count) throw new Error(`etcd took ${kvs?.[0]?.version ?? 0} of ${count} puts`)
    return perS
  } finally {
    etcd.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

const KEY = '/registry/configmaps/bench/a'
const ENV = { ...process.env, ETCDCTL_API: '3' }

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

/** etcdserverpb.PutRequest in the frame of gRPC: not compressed, its length, the message. */
function putRequest(key: string, value: Uint8Array): Buffer {
  const message = Buffer.concat([field(1, Buffer.from(key)), field(2, value)])
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

/** A field of bytes. */
function field(tag: number, bytes: Uint8Array): Buffer {
  const head = [(tag << 3) | 2]
  let left = bytes.length
  for (; left > 127; left >>= 7) head.push((left & 127) | 128)
  return Buffer.concat([Buffer.from([...head, left]), bytes])
}
