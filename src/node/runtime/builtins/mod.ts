/** Servers that run inside the runtime's process, with their sockets in the pod's network: how a pod costs almost nothing. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SecureContext, TLSSocket } from 'node:tls'
import type { Netns } from '../../../host/netns/mod.ts'
import type { SocketDriver } from '../../../host/socket/mod.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { Ip } from '../../../lib/ip.ts'
import type { ContainerPort, SandboxSpec } from '../mod.ts'

export type Request = IncomingMessage | Http2ServerRequest
export type Response = ServerResponse | Http2ServerResponse
export interface HttpHandler {
  (request: Request, response: Response): void
  /** Takes over a connection whose client asks for WebSocket; absent: the request is answered like any other. */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

export interface HttpOptions {
  /** HTTP/2 by prior knowledge beside HTTP/1.1. */
  readonly h2c?: boolean
  /** HTTP/2 by prior knowledge alone: other requests get 400 with this text. */
  readonly h2cOnly?: string
  readonly address?: Ip
}

export interface TlsOptions {
  /** Certificate and key; asked for when the first client comes, so whoever makes it should keep it. */
  readonly context: () => Promise<SecureContext>
  /** Asks for a client certificate; one that the CA did not sign ends the connection, none is fine. */
  readonly requestCertificate?: boolean
}

export interface Datagram {
  readonly data: Buffer
  readonly address: string
  readonly port: number
  reply(data: Uint8Array | string): void
}

/** The pod's network. All that is opened here closes when the container ends. Rejections carry an errno code. */
export interface PodSockets {
  tcp(port: number, onConnection: (socket: Socket) => void, address?: Ip): Promise<void>
  http(port: number, handler: HttpHandler, options?: HttpOptions): Promise<void>
  /** HTTP/2 and HTTP/1.1 by ALPN. */
  https(port: number, handler: HttpHandler, tls: TlsOptions): Promise<void>
  tls(port: number, tls: TlsOptions, onConnection: (socket: TLSSocket) => void): Promise<void>
  /** Every address, both families where there are two. */
  udp(port: number, onMessage: (message: Datagram) => void): Promise<void>
  connect(address: Ip, port: number): Socket
  /** HTTP/1, HTTP/2 or TLS with HTTP inside, by a connection's first bytes; anything else goes to `other`, paused. */
  any(port: number, handler: HttpHandler, tls: TlsOptions, other: (socket: Socket) => void): Promise<void>
}

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface BuiltinContext {
  /** What follows the image's own command. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly image: string
  readonly container: string
  readonly ports: readonly ContainerPort[]
  readonly appProtocols: Readonly<Record<number, string>>
  readonly pod: SandboxSpec
  readonly sockets: PodSockets
  /** For servers that need more than `sockets` offers; what they open they close when `signal` aborts. */
  readonly netns: Netns
  readonly driver: SocketDriver
  readonly clock: Clock
  /** A line of the container's stdout or stderr. */
  out(line: string): void
  err(line: string): void
  /** A certificate for servers that bring none of their own. */
  certificate(): Promise<SecureContext>
  /** A file as the container sees it, in its volumes alone; undefined when it is in none, or absent. */
  file(path: string): Buffer | undefined
  /** Names in a folder of its volumes; none where it is in none. */
  entries(path: string): readonly string[]
  /** Runs a command of this machine in the pod, to its end. Output beyond 1 MiB is cut off. */
  run(command: readonly string[], signal?: AbortSignal): Promise<CommandResult>
  /** Aborts when the container is to end. */
  readonly signal: AbortSignal
}

/** A running builtin; `exited` is its exit code. */
export interface RunningBuiltin {
  readonly exited: Promise<number>
}

/** Resolves when it serves. A rejection ends the container with exit code 1 and the message in its log. */
export type Builtin = (context: BuiltinContext) => Promise<RunningBuiltin>

/** For servers: run until told to end, then exit code 0. */
export const untilStopped = (signal: AbortSignal): RunningBuiltin => ({
  exited: new Promise(resolve => {
    if (signal.aborted) resolve(0)
    else signal.addEventListener('abort', () => resolve(0), { once: true })
  }),
})

/** For commands that have ended. */
export const ended = (code: number): RunningBuiltin => ({ exited: Promise.resolve(code) })
