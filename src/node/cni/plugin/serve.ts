import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import type { SocketDriver } from '../../../host/socket/mod.ts'
import { messageOf } from '../../../lib/errors.ts'
import type { Logger } from '../../../lib/log.ts'
import { CniFailure } from './failure.ts'
import { readRequest, VERSIONS } from './request.ts'
import type { PluginDeps } from './verbs.ts'
import { carryOut } from './verbs.ts'

/**
 * Serves calls of container engines, which `deploy/cni/fairlead-cni` brings: the environment as headers, standard input as
 * body; 200 is success, all else an error of CNI. Resolves when it listens; ends with the signal.
 */
export async function servePlugin(
  deps: PluginDeps & { readonly sockets: SocketDriver; readonly log: Logger },
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const server = createServer(async (request, response) => {
    const { status, body } = await answer(deps, request)
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
    response.end(body === undefined ? '' : JSON.stringify(body))
  })
  await deps.sockets.listenUnix(server, path)
  signal.addEventListener('abort', () => server.close(), { once: true })
}

async function answer(
  deps: PluginDeps & { readonly log: Logger },
  message: IncomingMessage,
): Promise<{ readonly status: number; readonly body: object | undefined }> {
  const header = (name: string): string => String(message.headers[name] ?? '')
  const environment = {
    command: header('cni-command'),
    containerId: header('cni-containerid'),
    netns: header('cni-netns'),
    ifname: header('cni-ifname'),
    args: header('cni-args'),
  }
  let version: string = VERSIONS.at(-1)!
  try {
    const request = readRequest(environment, await text(message))
    version = request.version
    return { status: 200, body: await carryOut(deps, request) }
  } catch (error) {
    const { code, details } = error instanceof CniFailure ? error : new CniFailure(999, '')
    const level = error instanceof CniFailure ? 'info' : 'error'
    deps.log[level]({ ...environment, code, details, error: messageOf(error) }, 'a call of the container engine failed')
    return { status: 500, body: { cniVersion: version, code, msg: messageOf(error), details } }
  }
}
