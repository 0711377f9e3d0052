import type { Informers } from '../client/mod.ts'
import type { Netns } from '../host/netns/mod.ts'
import type { SocketDriver } from '../host/socket/mod.ts'
import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import type { ZoneOptions } from '../model/names/types.ts'
import { createAnswering } from './answering.ts'
import { createCounts } from './forward/counts.ts'
import type { Upstream } from './forward/upstream.ts'
import type { HandlerDeps } from './handle.ts'
import { listenHttp } from './listen/http.ts'
import { listenTcp } from './listen/tcp.ts'
import { listenUdp } from './listen/udp.ts'
import type { Memo } from './memo.ts'
import { createMemo } from './memo.ts'
import { createMetrics } from './metrics.ts'
import type { NameGate } from './names/gate.ts'
import type { LogClass } from './querylog.ts'
import type { CorefileSource } from './sites.ts'
import { createSites, defaultCorefile } from './sites.ts'
import { createSource } from './source.ts'

export interface DnsServerDeps {
  readonly informers: Informers
  readonly sockets: SocketDriver
  readonly clock: Clock
  readonly log: Logger
  /** Whoever must know of an answer before it is given. */
  readonly gate?: NameGate
}

/** One place where the server answers: a pod, or the process's own network. */
export interface Attachment {
  readonly netns: Netns
  /** For UDP and TCP. */
  readonly port: number
  /** What `hostname.bind CH TXT` answers: the pod's name. */
  readonly hostname: string
  /** Asked in this order for names that are not the cluster's; from this network. */
  readonly upstreams: readonly Upstream[]
  /** Which queries are logged, and where to. */
  readonly logClass: LogClass
  /** What the server does is written there, and followed when it changes. */
  readonly corefile?: CorefileSource
  readonly out: (line: string) => void
  /** HTTP: /health, /ready and /metrics, each on its own port where given. */
  readonly healthPort?: number
  readonly readyPort?: number
  readonly metricsPort?: number
}

/** One view of the cluster's names, answered at any number of places. */
export interface DnsServer {
  readonly isSynced: boolean
  /**
   * Begins to answer there, until the signal aborts. Before the caches are synced the cluster's names get SERVFAIL. Rejects
   * with EADDRINUSE or EACCES, and then nothing is left open.
   */
  attach(at: Attachment, signal: AbortSignal): Promise<void>
}

/** Informers are made here; the caller syncs them. */
export function createDnsServer(deps: DnsServerDeps, zone: ZoneOptions): DnsServer {
  const { sockets, clock, log } = deps
  const source = createSource(deps.informers)
  const memos = new Set<Memo>()
  const followPods = (): void => {
    if (!source.followPods()) return
    deps.informers
      .sync(new AbortController().signal)
      .catch((error: unknown) => log.error({ error: messageOf(error) }, 'pods cannot be read'))
  }
  let serial = Math.floor(clock.now() / 1000)
  source.onChange(service => {
    for (const memo of memos) {
      if (service === undefined) memo.clear()
      else memo.forget(service)
    }
    serial = Math.max(serial, Math.floor(clock.now() / 1000))
  })
  return {
    get isSynced() {
      return source.isSynced
    },
    async attach(at, signal) {
      const memo = createMemo(zone.domain)
      const counts = createCounts()
      const metrics = createMetrics(at.port, zone.domain)
      const failed = (error: unknown): void => log.error({ error: messageOf(error) }, 'a query could not be answered')
      const common = { source, serial: () => serial, hostname: at.hostname, failed }
      const sites = createSites(
        { sockets, netns: at.netns, clock, log, counts, common, out: at.out, followPods },
        {
          zone,
          port: at.port,
          system: at.upstreams,
          initial: defaultCorefile(zone, at.port, at.logClass),
          ...(at.corefile ? { source: at.corefile } : {}),
        },
        () => memo.clear(),
      )
      const handler: HandlerDeps = { ...common, forwarder: { ask: async () => undefined }, siteOf: sites.siteOf }
      const answering = createAnswering({
        handler,
        sites,
        memo,
        metrics,
        clock,
        isSynced: () => source.isSynced,
        out: at.out,
        ...(deps.gate ? { gate: deps.gate } : {}),
      })
      const unfollow = deps.gate?.onChange(() => memo.clear())
      const { netns, healthPort, readyPort, metricsPort } = at
      const ready = (): { status: number; text: string } =>
        source.isSynced ? { status: 200, text: 'OK' } : { status: 503, text: 'kubernetes' }
      memos.add(memo)
      const stop = (): void => {
        memos.delete(memo)
        unfollow?.()
        sites.close()
      }
      signal.addEventListener('abort', stop, { once: true })
      await openAll(signal, [
        () => listenUdp(sockets, at, answering.udp),
        () => listenTcp({ sockets, clock }, at, answering.tcp),
        ...http(healthPort, '/health', () => ({ status: 200, text: 'OK' })),
        ...http(readyPort, '/ready', ready),
        ...http(metricsPort, '/metrics', () => ({
          status: 200,
          text: metrics.text() + counts.text(`dns://:${at.port}`),
        })),
      ])

      function http(port: number | undefined, path: string, answer: () => { status: number; text: string }) {
        return port === undefined ? [] : [() => listenHttp(sockets, { netns, port }, path, answer)]
      }
    },
  }
}

/** Opens one after the other, and closes all when the signal aborts or one cannot be opened. */
async function openAll(signal: AbortSignal, openers: readonly (() => Promise<() => void>)[]): Promise<void> {
  const closers: (() => void)[] = []
  const close = (): void => {
    for (const closer of closers.splice(0)) closer()
  }
  try {
    for (const open of openers) {
      closers.push(await open())
      signal.throwIfAborted()
    }
  } catch (error) {
    close()
    throw error
  }
  signal.addEventListener('abort', close, { once: true })
}
