import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Pod } from '../../api/core/pod.ts'
import { authorize } from '../auth/authorize.ts'
import { impersonate } from '../auth/impersonate.ts'
import type { User } from '../auth/user.ts'
import type { Kernel } from '../context.ts'
import { notFound } from '../errors.ts'
import { parsePath } from '../path.ts'
import { keyOf } from '../resource/resource.ts'
import { StatusError } from '../status-error.ts'
import { decodeStored } from '../stored.ts'
import type { StreamDeps } from '../stream/mod.ts'
import type { UpgradeHandler } from './listener.ts'

/** exec, attach and portforward of pods: authorised here, carried out by `stream/`. */
export const podUpgrades =
  (kernel: Kernel, streams: StreamDeps | undefined): UpgradeHandler =>
  (request, socket, head, user) => {
    upgrade(kernel, streams, request, socket, head, user).catch(async error => {
      const { refuseUpgrade } = await room()
      refuseUpgrade(socket, error)
    })
  }

/** Loaded when somebody first wants to look into a pod. */
const room = () => import('../stream/mod.ts')

async function upgrade(
  kernel: Kernel,
  streams: StreamDeps | undefined,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  caller: User,
): Promise<void> {
  const { podUpgrade, UPGRADE_SUBRESOURCES } = await room()
  const url = new URL(request.url ?? '/', 'http://server')
  const info = parsePath(url.pathname)
  const pods = kernel.registry.find('', 'v1', 'pods')
  const subresource = UPGRADE_SUBRESOURCES.find(name => info.is === 'resource' && name === info.subresource)
  if (info.is !== 'resource' || info.group !== '' || info.plural !== 'pods' || !subresource || !pods || !info.name)
    throw new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
  const { namespace = '', name } = info
  const user = impersonate(kernel.authorizer, request.headers as Readonly<Record<string, string>>, caller)
  const verb = request.method === 'POST' ? 'create' : 'get'
  const asked = { group: '', version: 'v1', plural: 'pods', subresource, namespace, name }
  authorize(kernel.authorizer, { user, verb, path: info.path, resource: asked })
  const stored = kernel.store.get(keyOf(pods, namespace, name))
  if (!stored) throw notFound(pods, name)
  if (!streams) throw new StatusError(501, 'NotImplemented', 'this server runs no pods', {})
  const pod = decodeStored(pods, stored) as unknown as Pod
  await podUpgrade(streams, subresource, pod, { request, socket, head, query: url.searchParams })
}
