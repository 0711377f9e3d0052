/** Upgrade requests: which protocol it is to be, and who serves it. */

import type { IncomingMessage } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Pod } from '../../api/core/pod.ts'
import { badRequest, StatusError } from '../status-error.ts'
import { socketCarrier, webSocketCarrier } from './carrier.ts'
import type { CommandChannels, Wanted } from './channels.ts'
import { runCommand } from './command.ts'
import { checkScheduled, chooseContainer } from './container.ts'
import type { StreamDeps, Upgrade, UpgradeSubresource } from './mod.ts'
import { PORT_FORWARD_PROTOCOL, servePortForward, TUNNEL_PROTOCOL } from './port-forward.ts'
import { askedPorts, CHANNEL_PROTOCOLS, servePortChannels } from './port-forward-channels.ts'
import { flag } from './query.ts'
import { SPDY_COMMAND_PROTOCOLS, spdyCommand } from './spdy-command.ts'
import { acceptWebSocket, offeredProtocols } from './websocket.ts'
import { COMMAND_PROTOCOLS, webSocketCommand } from './websocket-command.ts'

/** See mod.ts. */
export async function podUpgrade(
  deps: StreamDeps,
  subresource: UpgradeSubresource,
  pod: Pod,
  upgrade: Upgrade,
): Promise<void> {
  const kind = upgradeKind(upgrade.request)
  checkScheduled(pod)
  if (subresource === 'portforward') return portForward(deps, pod, kind, upgrade)
  const { query } = upgrade
  const wanted = wantedStreams(query)
  const container = chooseContainer(pod, query.get('container') ?? '')
  const podUid = pod.metadata.uid
  const argv = query.getAll('command')
  if (subresource === 'exec' && argv.length === 0)
    throw badRequest('you must specify at least one command for the container')
  const channels = await commandChannels(deps, kind, upgrade, wanted)
  if (!channels) return
  const command =
    subresource === 'exec'
      ? {
          start: () => deps.runtime.exec({ podUid, container, command: argv, stdin: wanted.stdin, tty: wanted.tty }),
          failure: 'error executing command in container',
          tellsExit: true,
        }
      : {
          start: () => deps.runtime.attach(podUid, container),
          failure: 'error attaching to container',
          tellsExit: false,
        }
  await runCommand(channels, command, deps.clock)
}

type UpgradeKind = 'websocket' | 'spdy'

function upgradeKind(request: IncomingMessage): UpgradeKind {
  const protocol = String(request.headers.upgrade ?? '').toLowerCase()
  if (protocol === 'websocket') return 'websocket'
  if (protocol.includes('spdy/3.1')) return 'spdy'
  throw upgradeRequired()
}

/** See mod.ts. */
export const upgradeRequired = (): StatusError => badRequest('Upgrade request required')

function wantedStreams(query: URLSearchParams): Wanted {
  const tty = flag(query, 'tty')
  const wanted = {
    stdin: flag(query, 'stdin'),
    stdout: flag(query, 'stdout'),
    // A terminal has one output.
    stderr: flag(query, 'stderr') && !tty,
    tty,
  }
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr)
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
  return wanted
}

/** Undefined when the client went before it had opened its streams. */
async function commandChannels(
  deps: StreamDeps,
  kind: UpgradeKind,
  upgrade: Upgrade,
  wanted: Wanted,
): Promise<CommandChannels | undefined> {
  if (kind === 'websocket') {
    const protocol = agree(
      offeredProtocols(upgrade.request),
      COMMAND_PROTOCOLS.map(({ name }) => name),
    )
    const webSocket = await acceptWebSocket(upgrade, protocol)
    return webSocketCommand(webSocket, wanted, COMMAND_PROTOCOLS.find(({ name }) => name === protocol)!)
  }
  const protocol = acceptSpdy(upgrade, SPDY_COMMAND_PROTOCOLS)
  const carrier = socketCarrier(upgrade.socket, upgrade.head, deps.clock)
  try {
    return await spdyCommand(carrier, wanted, protocol, deps.clock)
  } catch (error) {
    deps.log.debug({ error: String(error) }, 'a client opened no streams')
    return undefined
  }
}

async function portForward(deps: StreamDeps, pod: Pod, kind: UpgradeKind, upgrade: Upgrade): Promise<void> {
  const forwarded = { uid: pod.metadata.uid, name: pod.metadata.name }
  if (kind === 'spdy') {
    acceptSpdy(upgrade, [PORT_FORWARD_PROTOCOL])
    return servePortForward(deps, forwarded, socketCarrier(upgrade.socket, upgrade.head, deps.clock))
  }
  const protocol = agree(offeredProtocols(upgrade.request), [TUNNEL_PROTOCOL, ...CHANNEL_PROTOCOLS])
  if (protocol === TUNNEL_PROTOCOL)
    return servePortForward(deps, forwarded, webSocketCarrier(await acceptWebSocket(upgrade, protocol)))
  const ports = askedPorts(upgrade.query)
  return servePortChannels(deps, forwarded, ports, await acceptWebSocket(upgrade, protocol))
}

/** The first of the client's protocols that we have. */
function agree(offered: readonly string[], ours: readonly string[]): string {
  if (offered.length === 0 && ours.includes('')) return ''
  const protocol = offered.find(name => ours.includes(name))
  if (protocol !== undefined) return protocol
  throw new StatusError(
    403,
    'Forbidden',
    `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${ours.join(' ')}]`,
  )
}

const VERSION_HEADER = 'x-stream-protocol-version'

/** Answers the upgrade; from here on the socket speaks SPDY. */
function acceptSpdy({ request, socket }: Upgrade, ours: readonly string[]): string {
  const offered = String(request.headers[VERSION_HEADER] ?? '')
    .split(',')
    .map(text => text.trim())
    .filter(text => text !== '')
  if (offered.length === 0) throw badRequest('unable to upgrade: X-Stream-Protocol-Version is required')
  const protocol = agree(offered, ours)
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  )
  return protocol
}

/** See mod.ts. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  const status =
    error instanceof StatusError
      ? error.status
      : new StatusError(500, 'InternalError', 'Internal error occurred').status
  const body = Buffer.from(JSON.stringify(status))
  if (!socket.writable) return void socket.destroy()
  socket.on('error', () => socket.destroy())
  socket.end(
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 ${status.code} ${STATUS_CODES[status.code] ?? 'Error'}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
      ),
      body,
    ]),
  )
}
