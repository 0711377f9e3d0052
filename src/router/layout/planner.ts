import type { Route } from '../../api/route/route.ts'
import type { Verdict } from '../../model/routes/admission.ts'
import type { ServiceView } from '../../model/routes/endpoints.ts'
import type { RouterPolicy } from '../../model/routes/types.ts'
import { createLedger } from './ledger.ts'
import { layOutHost, releasePart } from './part.ts'
import { createTable } from './table.ts'
import type { HostPart, Layout, Listeners } from './types.ts'

/** What one step of planning came to. */
export interface Plan {
  readonly layout: Layout
  /** The hosts whose parts differ from those of the plan before. */
  readonly hosts: ReadonlySet<string>
  /** Of the Routes that were looked at; to be told once HAProxy has what the layout says. */
  readonly verdicts: ReadonlyMap<string, Verdict>
}

/** Routes, Services and the ledger of backends in; layouts out. It looks only at the hosts that a change concerns. */
export interface Planner {
  put(route: Route): void
  remove(key: string): void
  touch(service: string): void
  setDefaultCertificate(pem: string | undefined): void
  /** HAProxy refused this certificate file: its Route loses it, whatever else it has. False when no Route has that file. */
  refuse(file: string): boolean
  plan(): Plan
}

export function createPlanner(policy: RouterPolicy, listeners: Listeners, view: ServiceView): Planner {
  const table = createTable(policy, view)
  const ledger = createLedger()
  const parts = new Map<string, HostPart>()
  let defaultCertificate: string | undefined

  /** New backends are taken before old ones are given back, so that none changes hands within a step. */
  const replan = (host: string, verdicts: Map<string, Verdict>): void => {
    const { served, verdicts: its } = table.outcome(host)
    for (const [key, verdict] of its) verdicts.set(key, verdict)
    if (served.length > 0) parts.set(host, layOutHost(host, served, ledger))
    else parts.delete(host)
  }
  return {
    put: table.put,
    remove: table.remove,
    touch: table.touch,
    setDefaultCertificate(pem) {
      defaultCertificate = pem
    },
    refuse(file) {
      for (const { host, certificate } of parts.values()) {
        if (certificate?.file !== file) continue
        const owner = table.outcome(host).served.find(({ route }) => route.certificate)
        if (owner) table.refuse(owner.route.key, certificate.pem)
        return owner !== undefined
      }
      return false
    },
    plan() {
      const { hosts, hostless } = table.takeDirty()
      const verdicts = new Map(hostless)
      const before = new Map([...hosts].map(host => [host, parts.get(host)]))
      for (const host of [...hosts].sort()) replan(host, verdicts)
      for (const [host, old] of before) if (old) releasePart(old, parts.get(host), ledger)
      const layout: Layout = {
        listeners,
        pools: ledger.grow(),
        parts: new Map(parts),
        ...(defaultCertificate === undefined ? {} : { defaultCertificate }),
      }
      return { layout, hosts, verdicts }
    },
  }
}
