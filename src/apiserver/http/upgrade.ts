import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Pod } from '../../api/core/pod.ts'
import type { DialDriver } from '../../host/dial/mod.ts'
import { admitConnection } from '../admission/connect.ts'
import { authorize } from '../auth/authorize.ts'
import { impersonate } from '../auth/impersonate.ts'
import type { User } from '../auth/user.ts'
import type { Kernel } from '../context.ts'
import { notFound } from '../errors.ts'
import { parsePath } from '../path.ts'
import type { Resource } from '../resource/resource.ts'
import { keyOf } from '../resource/resource.ts'
import { StatusError } from '../status-error.ts'
import { decodeStored } from '../stored.ts'
import type { StreamDeps } from '../stream/mod.ts'
import type { UpgradeHandler } from './listener.ts'

export interface UpgradeDeps {
  readonly kernel: Kernel
  /** Absent: no pods run here. */
  readonly streams?: StreamDeps | undefined
  /** Absent: nothing can be reached through the server. */
  readonly dial?: DialDriver | undefined
}

/** exec, attach and portforward of pods, carried out by `stream/`, and proxied upgrades: authorised here. */
export const upgrades =
  (deps: UpgradeDeps): UpgradeHandler =>
  (request, socket, head, user) => {
    upgrade(deps, { request, socket, head }, user).catch(async error => {
      const { refuseUpgrade } = await room()
      refuseUpgrade(socket, error)
    })
  }

/** Loaded when somebody first wants to look into a pod. */
const room = () => import('../stream/mod.ts')

interface Incoming {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

async function upgrade(deps: UpgradeDeps, incoming: Incoming, caller: User): Promise<void> {
  const { kernel } = deps
  const { request } = incoming
  const url = new URL(request.url ?? '/', 'http://server')
  const info = parsePath(url.pathname)
  if (info.is !== 'resource' || info.group !== '' || !info.name || !info.subresource) throw unknown()
  const resource = kernel.registry.find('', 'v1', info.plural)
  if (!resource?.subresources.connect?.includes(info.subresource)) throw unknown()
  const { namespace = '', name, plural, subresource } = info
  const user = impersonate(kernel.authorizer, request.headers as Readonly<Record<string, string>>, caller)
  const verb = request.method === 'POST' ? 'create' : 'get'
  const asked = { group: '', version: 'v1', plural, subresource, namespace, name }
  authorize(kernel.authorizer, { user, verb, path: info.path, resource: asked })
  const where = { resource, subresource, namespace: info.namespace, name, user }
  const rest = info.rest === undefined ? {} : { path: info.rest }
  await admitConnection(kernel, { ...where, query: url.searchParams, ...rest })
  if (subresource === 'proxy') return throughServer(deps, incoming, url, resource, { namespace, name })
  if (plural === 'pods') return intoPod(deps, incoming, url, resource, { namespace, name, subresource })
  throw unknown()
}

const unknown = (): StatusError =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})

interface Asked {
  readonly namespace: string
  readonly name: string
}

async function throughServer(
  { kernel, dial }: UpgradeDeps,
  incoming: Incoming,
  { pathname, search }: URL,
  resource: Resource,
  { namespace, name }: Asked,
): Promise<void> {
  const [{ locate }, { splitProxyPath }, { proxyUpgrade }] = await Promise.all([
    import('../proxy/location.ts'),
    import('../proxy/path.ts'),
    import('../proxy/upgrade.ts'),
  ])
  const path = splitProxyPath(pathname, resource.namespaced)
  await proxyUpgrade(dial, locate(kernel, resource, namespace, name), path, { ...incoming, search })
}

async function intoPod(
  { kernel, streams }: UpgradeDeps,
  incoming: Incoming,
  { searchParams: query }: URL,
  pods: Resource,
  { namespace, name, subresource: wanted }: Asked & { readonly subresource: string },
): Promise<void> {
  const { podUpgrade, UPGRADE_SUBRESOURCES } = await room()
  const subresource = UPGRADE_SUBRESOURCES.find(known => known === wanted)
  if (!subresource) throw unknown()
  const stored = kernel.store.get(keyOf(pods, namespace, name))
  if (!stored) throw notFound(pods, name)
  if (!streams) throw new StatusError(501, 'NotImplemented', 'this server runs no pods', {})
  const pod = decodeStored(pods, stored) as unknown as Pod
  await podUpgrade(streams, subresource, pod, { ...incoming, query })
}
