import { EndpointSlice } from '../../../../api/discovery/endpoint-slice.ts'
import type { Informer, Informers, ObjectKey } from '../../../../client/mod.ts'
import type { Netns } from '../../../../host/netns/mod.ts'
import type { SocketDriver } from '../../../../host/socket/mod.ts'
import type { Clock } from '../../../../lib/clock.ts'
import type { Logger } from '../../../../lib/log.ts'
import { endpointsOf } from '../../../../model/services/endpoints.ts'
import { SERVICE_NAME } from '../../../../model/services/fronts.ts'
import type { Backend } from '../../../../model/services/types.ts'
import { dialTls, dialUnix, type TlsTarget } from './dial.ts'
import type { Learn, LinkOptions, NamesLink } from './link.ts'
import { linkNames } from './link.ts'

/** The DNS servers behind a Service, each by its own address. */
export interface RemoteServers extends Pick<TlsTarget, 'authority' | 'token'> {
  /** One of its ports has the name `names`. */
  readonly service: ObjectKey
}

/** Where DNS servers are that tell of names: all at one Unix socket, or each for itself. */
export type NamesFrom = { readonly socket: string } | RemoteServers

export interface ServersDeps {
  readonly informers: Informers
  readonly sockets: Pick<SocketDriver, 'connect' | 'connectUnix'>
  readonly clock: Clock
  readonly log: Logger
}

export interface ServersOptions {
  readonly node: string
  readonly netns: Netns
  readonly from: NamesFrom
}

/** The DNS servers that tell of names before pods of this node hear of them. */
export interface NamesServers {
  /** One of them at least is there. */
  readonly isUp: boolean
  /** From now on names that match these patterns are told of. Resolves when that is heard, or who does not hear had a moment. */
  speakOf(patterns: readonly string[]): Promise<void>
  /** Begins; `onUp` is called when one is there. */
  start(onUp: () => void): void
}

/** The name of the Service's port. */
const PORT = 'names'

/** An informer is made here; the caller syncs it. */
export function createServers(
  deps: ServersDeps,
  { node, netns, from }: ServersOptions,
  learn: Learn,
  signal: AbortSignal,
): NamesServers {
  const links = new Map<string, NamesLink & { readonly stop: () => void }>()
  const slices = 'service' in from ? slicesOf(deps.informers, from.service) : undefined
  let patterns: readonly string[] | undefined
  let onUp = (): void => {}
  const add = (server: string, dial: LinkOptions['dial']): void => {
    const stop = new AbortController()
    const options = { dial, server, node, patterns: () => patterns, onUp: () => onUp() }
    const link = linkNames(deps, options, learn, AbortSignal.any([signal, stop.signal]))
    links.set(server, Object.assign(link, { stop: () => stop.abort() }))
  }
  const follow = (remote: RemoteServers): void => {
    const { namespace, name } = remote.service
    const wanted = new Map(backendsOf(slices?.list() ?? []).map(to => [`${to.address} ${to.port}`, to]))
    for (const [server, { stop }] of links) {
      if (wanted.has(server)) continue
      stop()
      links.delete(server)
    }
    for (const [server, { address, port }] of wanted)
      if (!links.has(server))
        add(server, dialTls(deps.sockets, { ...remote, netns, address, port, serverName: `${name}.${namespace}.svc` }))
  }
  return {
    get isUp() {
      return [...links.values()].some(link => link.isUp)
    },
    async speakOf(next) {
      if (JSON.stringify(next) !== JSON.stringify(patterns)) patterns = next
      await Promise.all([...links.values()].map(link => link.say()))
    },
    start(called) {
      onUp = called
      if ('socket' in from) return add(from.socket, dialUnix(deps.sockets, from.socket))
      follow(from)
      const unfollow = slices?.onChange(() => follow(from))
      if (unfollow) signal.addEventListener('abort', unfollow, { once: true })
    },
  }
}

const slicesOf = (informers: Informers, { namespace, name }: ObjectKey): Informer<EndpointSlice> =>
  informers.of(EndpointSlice, {
    ...(namespace === undefined ? {} : { namespace }),
    labelSelector: `${SERVICE_NAME}=${name}`,
  })

/** Each server once, by IPv4 where it has that; those that are not ready, or end, may answer pods too. */
function backendsOf(slices: readonly EndpointSlice[]): readonly Backend[] {
  const found = new Map<string, Backend>()
  for (const family of [4, 6] as const)
    for (const endpoint of endpointsOf(slices, family, { name: PORT, protocol: 'TCP' })) {
      const id = endpoint.pod ?? endpoint.address
      if (!found.has(id)) found.set(id, endpoint)
    }
  return [...found.values()]
}
