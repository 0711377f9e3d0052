/**
 * Port forwarding over plain WebSocket channels: two channels a port (data, error), each begun by us with the port's
 * number. One connection a port; some client libraries know only this.
 */
import { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { badRequest } from '../status-error.ts'
import type { StreamDeps } from './mod.ts'
import type { ForwardedPod } from './port-forward.ts'
import { forward } from './port-forward.ts'

export const CHANNEL_PROTOCOLS: readonly string[] = ['v4.channel.k8s.io', 'portforward.k8s.io']
const MAX_PORTS = 32

/** The ports of `?ports=80&ports=443`; throws 400. */
export function askedPorts(query: URLSearchParams): readonly number[] {
  const texts = query.getAll('ports').flatMap(text => text.split(','))
  const ports = texts.map(Number)
  if (ports.length === 0) throw badRequest('query parameter "ports" is required')
  if (ports.length > MAX_PORTS) throw badRequest(`at most ${MAX_PORTS} ports may be forwarded at once`)
  const wrong = texts.find((_, i) => !Number.isInteger(ports[i]) || ports[i]! < 1 || ports[i]! > 65535)
  if (wrong !== undefined) throw badRequest(`invalid port ${JSON.stringify(wrong)}: must be between 1 and 65535`)
  return ports
}

/** Resolves when the client has gone, or every connection is over. */
export async function servePortChannels(
  deps: StreamDeps,
  pod: ForwardedPod,
  ports: readonly number[],
  webSocket: WebSocket,
): Promise<void> {
  const channels = ports
    .flatMap(port => [port, port])
    .map((port, number) => {
      const begin = Buffer.alloc(3)
      begin[0] = number
      begin.writeUInt16LE(port, 1)
      webSocket.send(begin)
      return channel(webSocket, number)
    })
  webSocket.on('message', data => {
    const message = data as Buffer
    const target = channels[message[0] ?? 255]
    if (target && !target.destroyed && message.length > 1 && !target.push(message.subarray(1))) webSocket.pause()
  })
  webSocket.on('error', () => webSocket.terminate())
  webSocket.on('close', () => {
    for (const target of channels) target.destroy()
  })
  await Promise.all(ports.map((port, i) => forward(deps, pod, port, channels[2 * i]!, channels[2 * i + 1]!)))
  webSocket.close(1000)
}

function channel(webSocket: WebSocket, number: number): Duplex {
  const duplex = new Duplex({
    read: () => webSocket.resume(),
    write(chunk: Buffer, _, done) {
      if (webSocket.readyState !== webSocket.OPEN) return done(new Error('the client has gone'))
      webSocket.send(Buffer.concat([Buffer.from([number]), chunk]), error => done(error))
    },
  })
  duplex.on('error', () => {})
  return duplex
}
