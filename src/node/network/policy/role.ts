import type { Pod } from '../../../api/core/pod.ts'
import type { EventRecorder } from '../../../client/events.ts'
import { runLoop } from '../../../client/loop.ts'
import type { Client, Informers, Role } from '../../../client/mod.ts'
import type { ProgressCollector } from '../../../client/progress.ts'
import { createPolicyCompiler } from '../../../datapath/policy/compile.ts'
import type { Netns } from '../../../host/netns/mod.ts'
import type { PacketLogDriver } from '../../../host/nflog/mod.ts'
import type { NftDriver } from '../../../host/nft/mod.ts'
import type { SocketDriver } from '../../../host/socket/mod.ts'
import type { Clock } from '../../../lib/clock.ts'
import { messageOf } from '../../../lib/errors.ts'
import type { Ip } from '../../../lib/ip.ts'
import type { Logger } from '../../../lib/log.ts'
import type { PolicyWorld } from '../../../model/policy/types.ts'
import type { PodGate } from '../../cni/mod.ts'
import { createNameAdmission } from './admission.ts'
import { startDenials } from './denials.ts'
import type { PolicyReport } from './report.ts'
import { createPolicyReport } from './report.ts'
import type { PolicyRules } from './rules.ts'
import { createPolicyRules } from './rules.ts'
import type { NamesFrom } from './servers/servers.ts'
import { createPolicyStatus } from './status.ts'
import type { Given, PolicyWatchOptions } from './watch.ts'
import { createPolicyWatch } from './watch.ts'

export interface PolicyDeps {
  readonly client: Client
  readonly informers: Informers
  readonly progress: ProgressCollector
  readonly nft: NftDriver
  /** Absent: denied packets are not told of. */
  readonly packetLog?: PacketLogDriver
  /** Absent: nothing is told by events. */
  readonly events?: EventRecorder
  readonly sockets: Pick<SocketDriver, 'connect' | 'connectUnix'>
  readonly clock: Clock
  readonly log: Logger
}

export interface PolicyOptions extends PolicyWatchOptions {
  readonly node: string
  readonly netns: Netns
  /** Where DNS servers tell of what names lead to; absent: names in policies match nothing. */
  readonly names?: NamesFrom
}

export interface PolicyRole extends Role, PodGate {
  /** Resolves when policy is enforced for the first time. */
  readonly ready: Promise<void>
  /** Which policies are in force, and how long it took. */
  report(): PolicyReport
  /** Names that policy speaks of, by the addresses that pods of this node were told. */
  names(): Readonly<Record<Ip, readonly string[]>>
  /** Prometheus text. */
  metrics(): string
}

/** How often somebody asks whether something else has changed the rules. */
const AUDIT_MS = 5000

/** Those who wait for what they gave to be in force. */
interface Waiters {
  wait(): Promise<void>
  /** All who wait now. */
  take(): { resolve(): void; putBack(): void }
}

function createWaiters(signal: AbortSignal): Waiters {
  interface Waiting {
    readonly resolve: () => void
    readonly reject: (reason: unknown) => void
  }
  let waiting: Waiting[] = []
  signal.addEventListener('abort', () => {
    for (const { reject } of waiting) reject(signal.reason)
  })
  return {
    wait: () =>
      new Promise((resolve, reject) => {
        if (signal.aborted) reject(signal.reason)
        else waiting.push({ resolve, reject })
      }),
    take() {
      const taken = waiting
      waiting = []
      return {
        resolve: () => {
          for (const { resolve } of taken) resolve()
        },
        putBack: () => {
          waiting = [...taken, ...waiting]
        },
      }
    },
  }
}

/** Asks from time to time whether something else has changed the rules, says so, and has them put right. */
function startAudit(
  deps: PolicyDeps,
  { rules, node }: { readonly rules: PolicyRules; readonly node: string },
  putRight: () => void,
  signal: AbortSignal,
): void {
  const audit = (): void => {
    cancel = deps.clock.after(AUDIT_MS, audit)
    if (!rules.isDisturbed()) return
    const message = 'something else had changed the rules of policy: they are loaded anew'
    deps.log.warn({ node }, message)
    const about = { apiVersion: 'v1', kind: 'Node', name: node, uid: node }
    deps.events?.record(about, 'Warning', 'PolicyRestored', message)
    putRight()
  }
  let cancel = deps.clock.after(AUDIT_MS, audit)
  signal.addEventListener('abort', () => cancel(), { once: true })
}

/**
 * Who may talk to whom, for the pods of one node. Resolves when the caches are synced. Ending it changes nothing in the
 * kernel: policy stays in force, and the next one takes over without a moment in which there is none.
 */
export async function startPolicy(deps: PolicyDeps, options: PolicyOptions, signal: AbortSignal): Promise<PolicyRole> {
  const watch = createPolicyWatch(deps.informers, options, (object, why) => {
    deps.log.warn({ kind: object.kind, name: object.metadata.name, why }, 'an object of policy cannot be read')
    const said =
      object.kind === 'Namespace' ? `nothing is logged: ${why}` : `It cannot be read, and counts for nothing: ${why}`
    deps.events?.record(object, 'Warning', 'PolicyUnreadable', said)
  })
  const reporter = createPolicyReport(deps.informers, deps.clock, options.node)
  const names = createNameAdmission(deps, options, () => nft, signal)
  const status = createPolicyStatus(deps, options.node, () => names.isUp)
  await deps.informers.sync(signal)
  const nft = deps.nft.open(options.netns)
  const compiler = createPolicyCompiler(options.node)
  const rules = createPolicyRules(nft, options, names.fill)
  const given = new Map<string, Given>()
  const waiters = createWaiters(signal)
  let enforced: PolicyWorld | undefined
  watch.onPodGone(uid => given.delete(uid))
  const step = async (): Promise<void> => {
    const served = waiters.take()
    const startedMs = deps.clock.monotonic()
    const reported = reporter.begin()
    try {
      const world = watch.world(given)
      const ruleset = compiler.compile(world)
      await names.apply(rules, ruleset)
      reported.done()
      if (!enforced)
        deps.log.info({ policies: world.policies.length, ms: deps.clock.monotonic() - startedMs }, 'policy stands')
      enforced = world
    } catch (error) {
      reported.failed(messageOf(error))
      served.putBack()
      throw error
    }
    served.resolve()
    status.tell()
  }
  const loop = runLoop(deps, { name: 'policy', informers: [watch], step }, signal)
  names.start(loop.trigger)
  startAudit(deps, { rules, node: options.node }, loop.trigger, signal)
  const { packetLog, events } = deps
  if (packetLog && events) {
    const view = { world: () => enforced, logging: watch.logging, namesOf: names.leadingTo }
    startDenials({ packetLog, events, clock: deps.clock, log: deps.log }, options.netns, view, signal)
  }
  const applied = (): Promise<void> => {
    const done = waiters.wait()
    loop.trigger()
    return done
  }
  const ready = applied()
  ready.catch(() => {})
  return {
    progress: deps.progress.progress,
    done: loop.done.finally(() => {
      rules.close()
      nft.close()
    }),
    ready,
    report: reporter.report,
    names: names.byAddress,
    metrics: reporter.metrics,
    secure(pod: Pod, addresses: readonly Ip[]) {
      given.set(pod.metadata.uid, { pod, addresses })
      return applied()
    },
    forget: uid => void given.delete(uid),
  }
}
