import type { Pod } from '../../../api/core/pod.ts'
import { runLoop } from '../../../client/loop.ts'
import type { Client, Informers, Role } from '../../../client/mod.ts'
import type { ProgressCollector } from '../../../client/progress.ts'
import { createPolicyCompiler } from '../../../datapath/policy/compile.ts'
import type { Netns } from '../../../host/netns/mod.ts'
import type { NftDriver } from '../../../host/nft/mod.ts'
import type { SocketDriver } from '../../../host/socket/mod.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { Ip } from '../../../lib/ip.ts'
import type { Logger } from '../../../lib/log.ts'
import type { PodGate } from '../../cni/mod.ts'
import { createNameAdmission } from './admission.ts'
import { createPolicyRules } from './rules.ts'
import { createPolicyStatus } from './status.ts'
import type { Given, PolicyWatchOptions } from './watch.ts'
import { createPolicyWatch } from './watch.ts'

export interface PolicyDeps {
  readonly client: Client
  readonly informers: Informers
  readonly progress: ProgressCollector
  readonly nft: NftDriver
  readonly sockets: Pick<SocketDriver, 'connectUnix'>
  readonly clock: Clock
  readonly log: Logger
}

export interface PolicyOptions extends PolicyWatchOptions {
  readonly node: string
  readonly netns: Netns
  /** Where DNS servers tell of what names lead to; absent: names in policies match nothing. */
  readonly namesSocket?: string
}

export interface PolicyRole extends Role, PodGate {
  /** Resolves when policy is enforced for the first time. */
  readonly ready: Promise<void>
}

/** Somebody who waits for a pod's addresses to be under policy. */
interface Waiting {
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/**
 * Who may talk to whom, for the pods of one node. Resolves when the caches are synced. Ending it changes nothing in the
 * kernel: policy stays in force, and the next one takes over without a moment in which there is none.
 */
export async function startPolicy(deps: PolicyDeps, options: PolicyOptions, signal: AbortSignal): Promise<PolicyRole> {
  const watch = createPolicyWatch(deps.informers, options)
  const names = createNameAdmission(deps, options, () => nft, signal)
  const status = createPolicyStatus(deps, options.node, () => names.isUp)
  await deps.informers.sync(signal)
  const nft = deps.nft.open(options.netns)
  const compiler = createPolicyCompiler(options.node)
  const rules = createPolicyRules(nft, options, names.fill)
  const given = new Map<string, Given>()
  let waiting: Waiting[] = []
  let isFirst = true
  watch.onPodGone(uid => given.delete(uid))
  const step = async (): Promise<void> => {
    const served = waiting
    waiting = []
    const startedMs = deps.clock.monotonic()
    try {
      const world = watch.world(given)
      await names.apply(rules, compiler.compile(world))
      if (isFirst)
        deps.log.info({ policies: world.policies.length, ms: deps.clock.monotonic() - startedMs }, 'policy stands')
      isFirst = false
    } catch (error) {
      waiting = [...served, ...waiting]
      throw error
    }
    for (const { resolve } of served) resolve()
    status.tell()
  }
  const loop = runLoop(deps, { name: 'policy', informers: [watch], step }, signal)
  names.start(loop.trigger)
  const applied = (): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      waiting.push({ resolve, reject })
      loop.trigger()
    })
  signal.addEventListener('abort', () => {
    for (const { reject } of waiting) reject(signal.reason)
  })
  const ready = applied()
  ready.catch(() => {})
  return {
    progress: deps.progress.progress,
    done: loop.done.finally(() => nft.close()),
    ready,
    secure(pod: Pod, addresses: readonly Ip[]) {
      given.set(pod.metadata.uid, { pod, addresses })
      return applied()
    },
    forget: uid => void given.delete(uid),
  }
}
