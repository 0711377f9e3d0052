import { Ingress, type IngressLoadBalancerIngress } from '../api/networking/ingress.ts'
import type { Informer } from '../client/mod.ts'
import { createQueue, type Queue } from '../client/queue.ts'
import { addressesOf, withoutAddresses } from '../model/ingress/status.ts'
import type { IngressVerdict } from './layout/ingresses.ts'
import { splitKey } from './object-keys.ts'
import type { StatusDeps } from './status.ts'

/** Writes where Ingresses are served into their status, and tells what is wrong with them in events. */
export interface IngressStatusWriter {
  /** HAProxy has acknowledged all of this. */
  tell(verdicts: ReadonlyMap<string, IngressVerdict>): void
  /** They are served no more. */
  withdraw(keys: Iterable<string>): void
  /** The addresses changed. */
  again(): void
  readonly done: Promise<void>
}

export function createIngressStatus(
  deps: StatusDeps,
  ingresses: Informer<Ingress>,
  addresses: () => readonly IngressLoadBalancerIngress[],
  signal: AbortSignal,
): IngressStatusWriter {
  const wanted = new Map<string, IngressVerdict | undefined>()
  const served = new Map<string, IngressVerdict>()
  /** What was said last, so that it is said once. */
  const told = new Map<string, string>()
  const warn = (key: string, ingress: Ingress, verdict: IngressVerdict): void => {
    const text = verdict.join('; ')
    if (text === (told.get(key) ?? '')) return
    if (text === '') told.delete(key)
    else {
      told.set(key, text)
      deps.events.record(ingress, 'Warning', 'IngressNotFullyServed', text.slice(0, 1000))
    }
  }
  const handle = async (key: string): Promise<void> => {
    if (!wanted.has(key)) return
    const verdict = wanted.get(key)
    const ingress = ingresses.get(splitKey(key))
    if (!ingress) {
      told.delete(key)
      served.delete(key)
    } else {
      if (verdict) warn(key, ingress, verdict)
      const next = verdict ? addressesOf(ingress, addresses()) : withoutAddresses(ingress, addresses())
      if (next)
        await deps.client.updateStatus(Ingress, {
          ...ingress,
          status: { ...ingress.status, loadBalancer: { ingress: [...next] } },
        })
    }
    if (wanted.get(key) === verdict) wanted.delete(key)
  }
  const queue: Queue = createQueue(deps, { name: 'ingress-status', handle, workers: 8 }, signal)
  const put = (key: string, verdict: IngressVerdict | undefined): void => {
    wanted.set(key, verdict)
    if (verdict) served.set(key, verdict)
    else served.delete(key)
    queue.add(key)
  }
  const putAll = (verdicts: ReadonlyMap<string, IngressVerdict>): void => {
    for (const [key, verdict] of verdicts) put(key, verdict)
  }
  return {
    tell: putAll,
    withdraw: keys => {
      for (const key of keys) put(key, undefined)
    },
    again: () => putAll(new Map(served)),
    done: queue.done,
  }
}
