/** Raw HTTP/2 to a twin's API, for tests and benchmarks that care about connections and streams. */
import { readFileSync } from 'node:fs'
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { connect } from 'node:http2'
import { parse } from 'yaml'

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: Readonly<Record<string, string>> }]
  readonly users: readonly [{ readonly user: Readonly<Record<string, string>> }]
}

export interface Access {
  readonly server: string
  readonly ca: Buffer
  readonly cert: Buffer
  readonly key: Buffer
}

export function accessOf(kubeconfig: string): Access {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig
  const { cluster } = clusters[0]
  const { user } = users[0]
  const text = (base64: string | undefined): Buffer => Buffer.from(base64 ?? '', 'base64')
  return {
    server: cluster.server!,
    ca: text(cluster['certificate-authority-data']),
    cert: text(user['client-certificate-data']),
    key: text(user['client-key-data']),
  }
}

/** With room for what a client that reads is sent, unless the window is said; its failures are those of its streams. */
export function sessionOf({ server, ...tls }: Access, initialWindowSize = 1 << 24): ClientHttp2Session {
  const session = connect(server, { ...tls, maxSessionMemory: 1024, settings: { initialWindowSize } })
  session.on('error', () => {})
  return session
}

export interface Reply {
  readonly status: number
  readonly body: Buffer
}

/** Rejects when the connection breaks before the end of the answer. */
export function ask(
  session: ClientHttp2Session,
  method: string,
  path: string,
  body?: object,
  type = 'json',
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let stream: ClientHttp2Stream
    try {
      stream = session.request({ ':method': method, ':path': path, 'content-type': `application/${type}` })
    } catch (error) {
      reject(error)
      return
    }
    const chunks: Buffer[] = []
    let status = 0
    let ended = false
    stream.on('response', headers => {
      status = headers[':status'] ?? 0
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.once('error', reject)
    stream.once('end', () => {
      ended = status !== 0
    })
    stream.once('close', () =>
      ended && stream.rstCode === 0
        ? resolve({ status, body: Buffer.concat(chunks) })
        : reject(new Error(`${method} ${path}: the answer broke off`)),
    )
    stream.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** As ask; rejects for what is no success. */
export async function must2xx(...request: Parameters<typeof ask>): Promise<Buffer> {
  const { status, body } = await ask(...request)
  if (status < 200 || status > 299) throw new Error(`${request[1]} ${request[2]}: ${status} ${body}`)
  return body
}
