import { Ingress, type IngressLoadBalancerIngress } from '../api/networking/ingress.ts'
import type { Informer } from '../client/mod.ts'
import { addressesOf, withoutAddresses } from '../model/ingress/status.ts'
import type { IngressVerdict } from './layout/ingresses.ts'
import { splitKey } from './object-keys.ts'
import { createTeller, createWarner, type StatusDeps, type Teller } from './teller.ts'

/** Writes where Ingresses are served into their status, and tells what is wrong with them in events. */
export interface IngressStatusWriter extends Teller<IngressVerdict> {
  /** The addresses changed. */
  again(): void
}

export function createIngressStatus(
  deps: StatusDeps,
  ingresses: Informer<Ingress>,
  addresses: () => readonly IngressLoadBalancerIngress[],
  signal: AbortSignal,
): IngressStatusWriter {
  const served = new Map<string, IngressVerdict>()
  const warner = createWarner(deps, 'IngressNotFullyServed')
  const write = async (key: string, verdict: IngressVerdict | undefined): Promise<undefined> => {
    const ingress = ingresses.get(splitKey(key))
    if (!ingress) {
      warner.forget(key)
      served.delete(key)
      return
    }
    if (verdict) warner.warn(key, ingress, verdict)
    const next = verdict ? addressesOf(ingress, addresses()) : withoutAddresses(ingress, addresses())
    if (next)
      await deps.client.updateStatus(Ingress, {
        ...ingress,
        status: { ...ingress.status, loadBalancer: { ingress: [...next] } },
      })
  }
  const teller = createTeller(deps, 'ingress-status', write, signal)
  return {
    ...teller,
    tell(verdicts) {
      for (const [key, verdict] of verdicts) served.set(key, verdict)
      teller.tell(verdicts)
    },
    withdraw(keys) {
      const gone = [...keys]
      for (const key of gone) served.delete(key)
      teller.withdraw(gone)
    },
    again: () => teller.tell(served),
  }
}
