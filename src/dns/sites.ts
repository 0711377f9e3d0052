import { messageOf } from '../lib/errors.ts'
import type { ZoneOptions } from '../model/names/types.ts'
import { compileCorefile } from './corefile/compile.ts'
import type { Corefile, ForwardRule, ForwardTarget, Site } from './corefile/types.ts'
import { isBelow } from './corefile/values.ts'
import type { ForwardCounts } from './forward/counts.ts'
import type { Forwarder, ForwarderDeps } from './forward/forward.ts'
import { createForwarder } from './forward/forward.ts'
import type { Upstream } from './forward/upstream.ts'
import type { HandlerDeps } from './handle.ts'
import type { LogClass } from './querylog.ts'

/** A Corefile that may change while it is used. */
export interface CorefileSource {
  /** Undefined while there is none: then the server does what its arguments say. */
  text(): string | undefined
  /** The text of a file that the Corefile names, such as an authority's certificate. */
  file?(path: string): string | undefined
  onChange(handler: () => void): () => void
}

export interface SitesDeps extends ForwarderDeps {
  readonly counts: ForwardCounts
  /** What all sites have in common. */
  readonly common: Pick<HandlerDeps, 'source' | 'serial' | 'hostname' | 'failed'>
  /** The names of pods are to be verified. */
  readonly followPods: () => void
  /** A line for the log that users read. */
  readonly out: (line: string) => void
}

export interface SitesOptions {
  readonly zone: ZoneOptions
  /** The port of this server: blocks of others are not its. */
  readonly port: number
  /** What resolv.conf stands for in a Corefile. */
  readonly system: readonly Upstream[]
  /** In force while there is no Corefile. */
  readonly initial: Corefile
  readonly source?: CorefileSource
}

/** Who answers for which names, by the Corefile that is in force. */
export interface Sites {
  /** The site of the longest zone; the name is absolute, in lower case. */
  siteOf(name: string): RunningSite | undefined
  /** Some site logs more than failures and denials. */
  readonly isVerbose: boolean
  close(): void
}

export interface RunningSite extends HandlerDeps {
  readonly logClass: LogClass
}

interface Running {
  readonly byZone: ReadonlyMap<string, RunningSite>
  readonly isVerbose: boolean
  close(): void
}

/** `changed` is called when another Corefile has come into force. One that cannot be read changes nothing, and the log says so. */
export function createSites(deps: SitesDeps, options: SitesOptions, changed: () => void): Sites {
  let text: string | undefined
  let running = run(deps, options, options.initial)
  const follow = (isFirst = false): void => {
    const next = options.source?.text()
    if (next === undefined || next === text) return
    text = next
    try {
      const compiled = run(deps, options, compileCorefile(next))
      running.close()
      running = compiled
      if (!isFirst) deps.out('[INFO] Reloading complete')
      changed()
    } catch (error) {
      deps.out(`[ERROR] Restart failed: ${messageOf(error)}`)
    }
  }
  follow(true)
  const stop = options.source?.onChange(() => follow())
  return {
    siteOf(name) {
      let rest = name
      for (;;) {
        const found = running.byZone.get(rest === '' ? '.' : rest)
        if (found || rest === '' || rest === '.') return found ?? running.byZone.get('.')
        rest = rest.slice(rest.indexOf('.') + 1)
      }
    },
    get isVerbose() {
      return running.isVerbose
    },
    close() {
      stop?.()
      running.close()
    },
  }
}

function run(deps: SitesDeps, options: SitesOptions, { sites }: Corefile): Running {
  const byZone = new Map<string, RunningSite>()
  const forwarders: Forwarder[] = []
  for (const site of sites) {
    if (site.port !== options.port) continue
    const rules = site.forwards.map(rule => ({ rule, forwarder: forwarderFor(deps, options, site, rule) }))
    forwarders.push(...rules.map(({ forwarder }) => forwarder))
    const made = runningSite(deps, options, site, rules)
    for (const zone of site.zones) byZone.set(zone, made)
  }
  return {
    byZone,
    isVerbose: [...byZone.values()].some(({ logClass }) => logClass === 'all'),
    close: () => {
      for (const forwarder of forwarders) forwarder.close()
    },
  }
}

type Rules = readonly { readonly rule: ForwardRule; readonly forwarder: Forwarder }[]

function runningSite(deps: SitesDeps, { zone }: SitesOptions, site: Site, rules: Rules): RunningSite {
  const { kubernetes, hosts } = site
  const forwarder = {
    ask: async (question: Parameters<Forwarder['ask']>[0]) => {
      const name = question.name.toLowerCase()
      const found = rules.find(({ rule }) => isBelow(name, rule.from) && !rule.except.some(one => isBelow(name, one)))
      return found?.forwarder.ask(question)
    },
  }
  if (kubernetes?.pods === 'verified') deps.followPods()
  const ownZone: ZoneOptions | undefined = kubernetes && {
    ...zone,
    domain: kubernetes.domain.slice(0, -1),
    ttl: kubernetes.ttl,
    pods: kubernetes.pods,
  }
  return {
    ...deps.common,
    forwarder,
    logClass: site.logClass,
    rewrites: site.rewrites,
    loadbalance: site.loadbalance,
    ...(hosts ? { hosts } : {}),
    ...(ownZone ? { zone: ownZone, fallthrough: kubernetes!.fallthrough } : {}),
  }
}

function forwarderFor(deps: SitesDeps, { system, source }: SitesOptions, site: Site, rule: ForwardRule): Forwarder {
  const authority = rule.tlsAuthority === undefined ? undefined : source?.file?.(rule.tlsAuthority)
  const upstreamsOf = (target: ForwardTarget): readonly Upstream[] => {
    if (target.is === 'system') return system.map(one => ({ ...one, isTcpForced: rule.isTcpForced }))
    const { address, port, isTls } = target
    const tls = {
      ...(rule.tlsServerName === undefined ? {} : { serverName: rule.tlsServerName }),
      ...(authority === undefined ? {} : { authority }),
    }
    return [{ address, port, isTcpForced: rule.isTcpForced, ...(isTls ? { tls } : {}) }]
  }
  return createForwarder(deps, {
    upstreams: rule.to.flatMap(upstreamsOf),
    policy: rule.policy,
    maxFails: rule.maxFails,
    healthCheckMs: rule.healthCheckMs,
    ...(site.cache ? { cache: site.cache } : {}),
  })
}

/** What a server does without a Corefile: the cluster's zone, and the system's servers for the rest. */
export const defaultCorefile = ({ domain, ttl }: ZoneOptions, port: number, logClass: LogClass): Corefile => ({
  sites: [
    {
      zones: ['.'],
      port,
      kubernetes: { domain: `${domain}.`, pods: 'insecure', ttl, fallthrough: ['in-addr.arpa.', 'ip6.arpa.'] },
      rewrites: [],
      forwards: [
        {
          from: '.',
          except: [],
          to: [{ is: 'system' }],
          policy: 'sequential',
          isTcpForced: false,
          maxFails: 2,
          healthCheckMs: 500,
        },
      ],
      cache: {
        positiveSeconds: 900,
        positiveEntries: 9984,
        negativeSeconds: 30,
        negativeEntries: 9984,
        staleSeconds: 0,
        isStaleVerified: false,
      },
      logClass,
      loadbalance: false,
    },
  ],
})
