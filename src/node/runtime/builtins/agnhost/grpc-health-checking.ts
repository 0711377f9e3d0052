import { answerGrpc, isGrpc, NOT_SERVING, SERVING } from '../../stand-in/grpc.ts'
import { parseFlags } from '../flags.ts'
import { answering, bodyOf, targetOf } from '../http.ts'
import type { Builtin, HttpHandler, Response } from '../mod.ts'
import { untilStopped } from '../mod.ts'
import { tlsFrom } from './tls.ts'

const NOT_FOUND = '5'

/** The gRPC health service on --port, and on --http-port a way to make it say otherwise. */
export const grpcHealthChecking: Builtin = async context => {
  const flags = parseFlags(context.args)
  const { sockets, clock } = context
  const [port, httpPort] = [flags.number('port', 5000), flags.number('http-port', 8080)]
  const delaySeconds = flags.number('delay-unhealthy-sec', -1)
  const service = flags.string('service', '')
  const startMs = clock.monotonic()
  const seconds = (): number => (clock.monotonic() - startMs) / 1000
  let forced: boolean | undefined
  const status = (): Buffer => {
    const isWell = forced !== false && !(delaySeconds >= 0 && seconds() >= delaySeconds)
    return isWell ? SERVING : NOT_SERVING
  }
  const handler: HttpHandler = (request, response) => {
    if (!isGrpc(request)) return void response.writeHead(415).end()
    if (targetOf(request).path !== '/grpc.health.v1.Health/Check') return answerGrpc(request, response, status())
    bodyOf(request).then(body => {
      if (serviceOf(body) === service) answerGrpc(request, response, status())
      else refuse(response)
    })
  }
  const certFile = flags.string('tls-cert-file', '')
  if (certFile === '') await sockets.http(port, handler, { h2c: true })
  else await sockets.https(port, handler, tlsFrom(context, certFile, flags.string('tls-private-key-file', '')))
  const control = answering(request => {
    const { path } = targetOf(request)
    if (path !== '/make-serving' && path !== '/make-not-serving') return { status: 404, body: '404 page not found\n' }
    forced = path === '/make-serving'
    context.out(`Mark as ${forced ? 'healthy' : 'unhealthy'}`)
    return { body: `${seconds().toFixed(9)}s` }
  })
  await sockets.http(httpPort, control)
  context.out(`Http server starting to listen on :${httpPort}`)
  context.out(`gRPC server starting to listen on :${port}`)
  return untilStopped(context.signal)
}

/** HealthCheckRequest { service } in a frame: five bytes before the message, whose only field is text. */
function serviceOf(body: Buffer): string {
  const message = body.subarray(5)
  return message[0] === 0x0a ? message.subarray(2, 2 + message[1]!).toString('utf8') : ''
}

function refuse(response: Response): void {
  const send = response as Extract<Response, { stream: unknown }>
  send.writeHead(200, { 'content-type': 'application/grpc' })
  send.addTrailers({ 'grpc-status': NOT_FOUND, 'grpc-message': 'unknown service' })
  send.end()
}
