import { dnsArguments } from '../dns/arguments.ts'
import type { DnsServer, DnsServerDeps } from '../dns/server.ts'
import { createDnsServer } from '../dns/server.ts'
import type { Cidr } from '../lib/cidr.ts'
import { messageOf } from '../lib/errors.ts'
import type { ZoneOptions } from '../model/names/types.ts'
import type { Builtin } from '../node/runtime/builtins/mod.ts'
import { untilStopped } from '../node/runtime/builtins/mod.ts'

const HEALTH_PORT = 8080
const READY_PORT = 8181
const TTL_S = 5

export interface DnsBuiltinOptions {
  /** Of pods and Services: nobody else knows their names. */
  readonly networks: readonly Cidr[]
}

/** The image fairlead/dns: every DNS pod of the twin is one more place where one server answers. */
export function dnsBuiltin(deps: DnsServerDeps, options: DnsBuiltinOptions): Builtin {
  const servers = new Map<string, DnsServer>()
  const serverFor = (domain: string): DnsServer => {
    const known = servers.get(domain)
    if (known) return known
    const made = createDnsServer(deps, zoneOf(domain, options))
    servers.set(domain, made)
    deps.informers
      .sync(new AbortController().signal)
      .catch((error: unknown) => deps.log.error({ error: messageOf(error) }, 'the names cannot be read'))
    return made
  }
  return async context => {
    const { port, domain, upstreams, logClass } = dnsArguments(context.args)
    const metrics = context.ports.find(each => each.name === 'metrics')?.port
    await serverFor(domain).attach(
      {
        netns: context.netns,
        port,
        hostname: context.pod.name,
        upstreams,
        logClass,
        out: context.out,
        healthPort: HEALTH_PORT,
        readyPort: READY_PORT,
        ...(metrics === undefined ? {} : { metricsPort: metrics }),
      },
      context.signal,
    )
    context.out(`answering for ${domain} on port ${port}`)
    return untilStopped(context.signal)
  }
}

export const zoneOf = (domain: string, { networks }: DnsBuiltinOptions): ZoneOptions => ({
  domain,
  networks,
  ttl: TTL_S,
})
