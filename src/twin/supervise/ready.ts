import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import type { Informers } from '../../client/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { UserError } from '../../lib/errors.ts'
import type { WorldPlan } from '../plan.ts'
import { platformNamespaces, readiness } from './readiness.ts'

export interface ReadyDeps {
  readonly clock: Clock
  /** Caches of the API; the API need not answer yet. */
  readonly informers: Informers
}

/** A machine under load may take its time; one that needs more than this has a fault. */
const LIMIT_MS = 120_000

/** Resolves when the network serves. Rejects with UserError when that takes too long, and with the signal's reason. */
export async function untilReady(
  { clock, informers }: ReadyDeps,
  plan: WorldPlan,
  sinceMs: number,
  progress: (step: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const nodes = informers.of(Node)
  const pods = platformNamespaces(plan).map(namespace => informers.of(Pod, { namespace }))
  let last = ''
  const done = new Promise<void>((resolve, reject) => {
    const cancel = clock.after(LIMIT_MS, () => reject(tooLong(last)))
    const look = (): void => {
      const { ready, text } = readiness(
        plan,
        nodes.list(),
        pods.flatMap(each => each.list()),
        sinceMs,
      )
      if (text !== last) progress(text)
      last = text
      if (!ready) return
      cancel()
      resolve()
    }
    for (const each of [nodes, ...pods]) each.onChange(look)
    const abort = (): void => {
      cancel()
      reject(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
  })
  await Promise.race([done, informers.sync(signal).then(() => done)])
}

const tooLong = (last: string): UserError =>
  new UserError(
    'NotReady',
    `the network does not serve after ${LIMIT_MS / 1000} s: ${last || 'the API does not answer'}`,
    {
      hint: "look at the roles' logs in the twin's folder; ./fairlead doctor says what this machine lacks",
    },
  )
