import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { messageOf } from '../../../lib/errors.ts'
import type { Answer } from '../builtins/http.ts'
import {
  accessLogged,
  answering,
  authorityOf,
  bodyOf,
  clientOf,
  headerLines,
  hostPort,
  plainAddress,
  targetOf,
} from '../builtins/http.ts'
import type { Builtin, BuiltinContext, HttpHandler, Request, TlsOptions } from '../builtins/mod.ts'
import { untilStopped } from '../builtins/mod.ts'
import type { ContainerPort } from '../mod.ts'
import type { Told } from './answer.ts'
import { isHealthPath, toldJson, toldText, wantsJson } from './answer.ts'
import { answerGrpc, isGrpc } from './grpc.ts'
import { speechOf, speechText } from './protocol.ts'
import { echoWebSocket } from './web-socket.ts'

/** Answers on every declared port in place of an image we do not have. */
export const standIn =
  (tls: TlsOptions): Builtin =>
  async context => {
    for (const port of context.ports) await serve(context, port, tls)
    context.out(`stand-in for ${context.image}: ${speechText(context.ports, context.appProtocols)}`)
    return untilStopped(context.signal)
  }

async function serve(context: BuiltinContext, port: ContainerPort, tls: TlsOptions): Promise<void> {
  const speech = speechOf(port, context.appProtocols[port.port])
  const handler: HttpHandler = Object.assign(accessLogged(context, tell(context, port.port)), {
    upgrade: echoWebSocket,
  })
  const echo = echoTo(context, port.port)
  try {
    if (speech === 'http') await context.sockets.http(port.port, handler, { h2c: true })
    else if (speech === 'https') await context.sockets.https(port.port, handler, tls)
    else if (speech === 'tcp-echo') await context.sockets.tcp(port.port, echo)
    else if (speech === 'udp-echo') await context.sockets.udp(port.port, message => message.reply(message.data))
    else if (speech === 'any') await context.sockets.any(port.port, handler, tls, echo)
  } catch (error) {
    throw new Error(`cannot listen on port ${port.port}/${port.protocol}: ${messageOf(error)}`, { cause: error })
  }
}

const echoTo =
  (context: BuiltinContext, port: number) =>
  (socket: Socket): void => {
    context.out(`${hostPort(plainAddress(socket.remoteAddress), socket.remotePort)} connected to port ${port}`)
    socket.pipe(socket)
  }

const tell = (context: BuiltinContext, port: number): HttpHandler => {
  const answer = async (request: Request): Promise<Answer> => {
    const { path, query } = targetOf(request)
    if (isHealthPath(path)) return { body: 'ok\n' }
    const bodyBytes = request.method === 'GET' || request.method === 'HEAD' ? 0 : (await bodyOf(request)).length
    const told = about(context, port, request, bodyBytes)
    const headers = { 'x-pod': context.pod.name, 'x-node': context.pod.node }
    return wantsJson(request.headers.accept, query)
      ? { headers: { ...headers, 'content-type': 'application/json' }, body: toldJson(told) }
      : { headers, body: toldText(told) }
  }
  const http = answering(answer)
  return (request, response) => (isGrpc(request) ? answerGrpc(request, response) : http(request, response))
}

function about(context: BuiltinContext, port: number, request: Request, bodyBytes: number): Told {
  const { pod } = context
  const socket = request.socket as Partial<TLSSocket>
  return {
    pod: pod.name,
    namespace: pod.namespace,
    node: pod.node,
    container: context.container,
    image: context.image,
    podIPs: pod.podIps,
    port,
    client: clientOf(request),
    method: request.method ?? 'GET',
    host: authorityOf(request),
    path: request.url ?? '/',
    proto: `HTTP/${request.httpVersion}`,
    ...(socket.encrypted
      ? {
          tls: {
            serverName: typeof socket.servername === 'string' ? socket.servername : '',
            version: socket.getProtocol?.() ?? '',
            alpn: socket.alpnProtocol || '',
          },
        }
      : {}),
    headers: headerLines(request),
    bodyBytes,
  }
}
