import { connect } from 'node:http2'
import { messageOf } from '../../lib/errors.ts'
import type { GrpcCheck, Outcome, ProbeDeps } from './mod.ts'
import { at, dialError } from './words.ts'

const SERVING = 1
const NAMES: Readonly<Record<number, string>> = { 0: 'UNKNOWN', 2: 'NOT_SERVING', 3: 'SERVICE_UNKNOWN' }

/** grpc.health.v1.Health/Check without TLS; SERVING is success. */
export function grpcCheck(deps: ProbeDeps, check: GrpcCheck, timeoutMs: number): Promise<Outcome> {
  const { address, port } = check
  const session = connect(`http://${at(address, port)}`, {
    createConnection: () => deps.socket.connect({ netns: deps.netns, address, port }),
  })
  return new Promise(resolve => {
    const end = (outcome: Outcome): void => {
      cancel()
      resolve(outcome)
      session.destroy()
    }
    const failed = (message: string): void => end({ ok: false, message })
    const cancel = deps.clock.after(timeoutMs, () =>
      failed(`timeout: failed to connect service "${at(address, port)}" within ${timeoutMs / 1000}s`),
    )
    session.on('error', error => failed(dialError(error, address, port)))
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'kube-probe/1.33',
    })
    const chunks: Buffer[] = []
    let refused: string | undefined
    const note = (headers: Readonly<Record<string, unknown>>): void => {
      const status = headers['grpc-status']
      if (status !== undefined && status !== '0')
        refused = `error: health rpc failed: ${headers['grpc-message'] ?? `status ${status}`}`
    }
    stream.on('response', note)
    stream.on('trailers', note)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', error => failed(messageOf(error)))
    stream.on('end', () => {
      const status = servingStatus(Buffer.concat(chunks))
      if (refused !== undefined) failed(refused)
      else if (status === SERVING) end({ ok: true, message: '' })
      else failed(`service unhealthy (responded with "${NAMES[status] ?? status}")`)
    })
    stream.end(request(check.service))
  })
}

/** HealthCheckRequest { string service = 1 } in a gRPC frame. */
function request(service: string): Buffer {
  const name = Buffer.from(service)
  const body = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.of(0x0a, ...varint(name.length)), name])
  const head = Buffer.alloc(5)
  head.writeUInt32BE(body.length, 1)
  return Buffer.concat([head, body])
}

const varint = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)])

/** HealthCheckResponse { ServingStatus status = 1 }; the default, 0, is left out on the wire. */
const servingStatus = (frame: Buffer): number => (frame[5] === 0x08 ? (frame[6] ?? 0) : 0)
