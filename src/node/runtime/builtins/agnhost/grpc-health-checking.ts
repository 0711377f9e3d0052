import { answerGrpc, isGrpc, NOT_SERVING, SERVING } from '../../stand-in/grpc.ts'
import { parseFlags } from '../flags.ts'
import { answering, targetOf } from '../http.ts'
import type { Builtin } from '../mod.ts'
import { untilStopped } from '../mod.ts'

/** The gRPC health service on --port, and on --http-port a way to make it say otherwise. */
export const grpcHealthChecking: Builtin = async context => {
  const flags = parseFlags(context.args)
  const port = Number(flags.string('port', '5000'))
  const httpPort = Number(flags.string('http-port', '8080'))
  let status: Buffer = SERVING
  await context.sockets.http(
    port,
    (request, response) =>
      isGrpc(request) ? answerGrpc(request, response, status) : void response.writeHead(415).end(),
    { h2c: true },
  )
  const control = answering(request => {
    const { path } = targetOf(request)
    if (path !== '/make-serving' && path !== '/make-not-serving') return { status: 404, body: '404 page not found\n' }
    status = path === '/make-serving' ? SERVING : NOT_SERVING
    return { body: '' }
  })
  await context.sockets.http(httpPort, control)
  context.out(`gRPC server starting to listen on :${port}`)
  return untilStopped(context.signal)
}
