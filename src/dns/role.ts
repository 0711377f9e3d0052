import type { Role } from '../client/mod.ts'
import type { ProgressCollector } from '../client/progress.ts'
import { messageOf } from '../lib/errors.ts'
import type { ZoneOptions } from '../model/names/types.ts'
import type { Attachment, DnsServerDeps } from './server.ts'
import { createDnsServer } from './server.ts'

export interface DnsDeps extends DnsServerDeps {
  readonly progress: ProgressCollector
}

export interface DnsOptions {
  readonly zone: ZoneOptions
  readonly at: Attachment
}

/**
 * A process that answers DNS, in the cluster or beside it. Resolves when it listens; the cluster's names get SERVFAIL until
 * the caches are synced.
 */
export async function startDns(deps: DnsDeps, { zone, at }: DnsOptions, signal: AbortSignal): Promise<Role> {
  const server = createDnsServer(deps, zone)
  await server.attach(at, signal)
  deps.informers.sync(signal).catch((error: unknown) => {
    if (!signal.aborted) deps.log.error({ error: messageOf(error) }, 'the names cannot be read')
  })
  const done = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
  return { progress: deps.progress.progress, done }
}
