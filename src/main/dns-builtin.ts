import { ConfigMap } from '../api/core/config-map.ts'
import type { Informers } from '../client/mod.ts'
import { dnsArguments } from '../dns/arguments.ts'
import type { DnsServer, DnsServerDeps } from '../dns/server.ts'
import { createDnsServer } from '../dns/server.ts'
import type { CorefileSource } from '../dns/sites.ts'
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
  const sync = (): void => {
    deps.informers
      .sync(new AbortController().signal)
      .catch((error: unknown) => deps.log.error({ error: messageOf(error) }, 'the names cannot be read'))
  }
  const serverFor = (domain: string, namespace: string): DnsServer => {
    const known = servers.get(domain)
    if (known) return known
    const made = createDnsServer(deps, { ...zoneOf(domain, options), server: serviceIn(namespace) })
    servers.set(domain, made)
    return made
  }
  return async context => {
    const { port, domain, upstreams, logClass, corefile } = dnsArguments(context.args)
    const metrics = context.ports.find(each => each.name === 'metrics')?.port
    const source = corefile && corefileAt(deps.informers, corefile)
    const server = serverFor(domain, context.pod.namespace)
    sync()
    await server.attach(
      {
        netns: context.netns,
        port,
        hostname: context.pod.name,
        upstreams,
        logClass,
        ...(source ? { corefile: source } : {}),
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

/** The Service in front of the DNS pods of a namespace: the zone's name server. */
const serviceIn = (namespace: string): { readonly namespace: string; readonly name: string } => ({
  namespace,
  name: namespace === 'kube-system' ? 'kube-dns' : 'dns-default',
})

/** Where operators put the authorities that a Corefile may name: each a ConfigMap of openshift-config. */
const AUTHORITIES = 'openshift-config'

/** A Corefile in a ConfigMap. The informers are made here and synced with the others. */
export function corefileAt(
  informers: Informers,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): CorefileSource {
  const configs = informers.of(ConfigMap, { namespace, fieldSelector: `metadata.name=${name}` })
  const authorities = informers.of(ConfigMap, { namespace: AUTHORITIES })
  return {
    text: () => configs.get({ namespace, name })?.data?.Corefile,
    file(path) {
      const [, map, key] = /^\/etc\/pki\/([^/]+)\/([^/]+)$/.exec(path) ?? []
      return map === undefined ? undefined : authorities.get({ namespace: AUTHORITIES, name: map })?.data?.[key!]
    },
    onChange(handler) {
      const stops = [configs.onChange(handler), authorities.onChange(handler)]
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}

export const zoneOf = (domain: string, { networks }: DnsBuiltinOptions): ZoneOptions => ({
  domain,
  networks,
  ttl: TTL_S,
})
