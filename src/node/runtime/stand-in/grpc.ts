import type { Request, Response } from '../builtins/mod.ts'

/** Whether a request is a gRPC call, which is answered in trailers whatever becomes of it. */
export const isGrpc = (request: Request): boolean =>
  request.httpVersionMajor === 2 && /^application\/grpc\b/.test(String(request.headers['content-type'] ?? ''))

/** HealthCheckResponse { status } in a frame. */
export const SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 0x01])
export const NOT_SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 0x02])
const UNIMPLEMENTED = '12'

/** grpc.health.v1.Health, for all services alike; every other method is not implemented. */
export function answerGrpc(request: Request, response: Response, status: Buffer = SERVING): void {
  const method = request.url ?? ''
  const send = response as Extract<Response, { stream: unknown }>
  request.resume()
  send.writeHead(200, { 'content-type': 'application/grpc' })
  if (method === '/grpc.health.v1.Health/Watch') return void send.write(status)
  const isCheck = method === '/grpc.health.v1.Health/Check'
  send.addTrailers(
    isCheck
      ? { 'grpc-status': '0' }
      : { 'grpc-status': UNIMPLEMENTED, 'grpc-message': `a stand-in does not know ${method}` },
  )
  if (isCheck) send.end(status)
  else send.end()
}
