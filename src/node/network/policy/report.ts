import { AdminNetworkPolicy } from '../../../api/cluster-policy/admin-network-policy.ts'
import { BaselineAdminNetworkPolicy } from '../../../api/cluster-policy/baseline-admin-network-policy.ts'
import { ClusterNetworkPolicy } from '../../../api/cluster-policy/cluster-network-policy.ts'
import type { KubeObject } from '../../../api/meta/meta.ts'
import { EgressNetworkPolicy } from '../../../api/network/egress-network-policy.ts'
import { NetworkPolicy } from '../../../api/networking/network-policy.ts'
import { EgressFirewall } from '../../../api/ovn/egress-firewall.ts'
import type { Informer, Informers } from '../../../client/mod.ts'
import type { Clock } from '../../../lib/clock.ts'

/** How far one object is in force on this node. */
export interface ReportEntry {
  readonly kind: string
  readonly namespace?: string
  readonly name: string
  /** What the node has heard of last. */
  readonly generation: number
  /** What the kernel has; absent: nothing of it yet. */
  readonly enforced?: number
  /** When the kernel had it, and how long after the node had heard of it. */
  readonly enforcedAtMs?: number
  readonly tookMs?: number
}

export interface PolicyReport {
  readonly node: string
  readonly entries: readonly ReportEntry[]
  /** Why the kernel does not have the last changes. */
  readonly error?: string
}

export interface PolicyReporter {
  /** What is heard up to now is going to be enforced; call `done` when it is. */
  begin(): { done(): void; failed(message: string): void }
  report(): PolicyReport
  /** Prometheus text. */
  metrics(): string
}

type Kind = Informer<KubeObject>['kind']

const KINDS: readonly Kind[] = [
  NetworkPolicy,
  AdminNetworkPolicy,
  ClusterNetworkPolicy,
  BaselineAdminNetworkPolicy,
  EgressFirewall,
  EgressNetworkPolicy,
] as unknown as readonly Kind[]
/** Upper bounds, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

interface Heard {
  readonly kind: string
  readonly object: KubeObject
  /** Of the generation that is not in force yet. */
  sinceMs: number | undefined
  enforced?: { readonly generation: number; readonly atMs: number; readonly tookMs: number }
}

const generationOf = ({ metadata }: KubeObject): number => Number(metadata.generation ?? 0)

/** Informers are made here; the caller syncs them. Remembers as much as there are objects. */
export function createPolicyReport(informers: Informers, clock: Clock, node: string): PolicyReporter {
  const heard = new Map<string, Heard>()
  const histogram = { counts: BUCKETS.map(() => 0), count: 0, sum: 0 }
  let error: string | undefined
  let failures = 0
  const keyOf = (kind: string, { metadata }: KubeObject): string =>
    `${kind} ${metadata.namespace ?? ''}/${metadata.name}`
  for (const kind of KINDS)
    informers.of(kind, { optional: kind.plural !== NetworkPolicy.plural }).onChange(({ type, object }) => {
      const key = keyOf(kind.kind, object)
      const known = heard.get(key)
      const isSame = known?.object.metadata.uid === object.metadata.uid
      if (type === 'deleted') heard.delete(key)
      else if (!isSame || generationOf(known.object) !== generationOf(object))
        heard.set(key, {
          kind: kind.kind,
          object,
          sinceMs: clock.monotonic(),
          ...(isSame && known.enforced ? { enforced: known.enforced } : {}),
        })
    })
  const add = (seconds: number): void => {
    histogram.count++
    histogram.sum += seconds
    for (const [i, bound] of BUCKETS.entries()) if (seconds <= bound) histogram.counts[i]!++
  }
  return {
    begin() {
      const going = [...heard.values()].filter(({ sinceMs }) => sinceMs !== undefined)
      return {
        done() {
          error = undefined
          for (const one of going) {
            const tookMs = clock.monotonic() - one.sinceMs!
            one.enforced = { generation: generationOf(one.object), atMs: clock.now(), tookMs }
            one.sinceMs = undefined
            add(tookMs / 1000)
          }
        },
        failed(message) {
          failures++
          error = message
        },
      }
    },
    report: () => ({
      node,
      entries: [...heard.values()].map(entryOf),
      ...(error === undefined ? {} : { error }),
    }),
    metrics: () =>
      [
        '# HELP fairlead_policy_enforce_seconds From hearing of a policy to the kernel having it.',
        '# TYPE fairlead_policy_enforce_seconds histogram',
        ...BUCKETS.map((bound, i) => `fairlead_policy_enforce_seconds_bucket{le="${bound}"} ${histogram.counts[i]}`),
        `fairlead_policy_enforce_seconds_bucket{le="+Inf"} ${histogram.count}`,
        `fairlead_policy_enforce_seconds_sum ${histogram.sum}`,
        `fairlead_policy_enforce_seconds_count ${histogram.count}`,
        '# HELP fairlead_policy_objects Policies that the node knows, by kind.',
        '# TYPE fairlead_policy_objects gauge',
        ...KINDS.map(({ kind }) => {
          const count = [...heard.values()].filter(one => one.kind === kind).length
          return `fairlead_policy_objects{kind="${kind}"} ${count}`
        }),
        '# HELP fairlead_policy_failures_total Times that the kernel did not take a change.',
        '# TYPE fairlead_policy_failures_total counter',
        `fairlead_policy_failures_total ${failures}`,
        '',
      ].join('\n'),
  }
}

const entryOf = ({ kind, object, enforced }: Heard): ReportEntry => ({
  kind,
  ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
  name: object.metadata.name,
  generation: generationOf(object),
  ...(enforced ? { enforced: enforced.generation, enforcedAtMs: enforced.atMs, tookMs: enforced.tookMs } : {}),
})
