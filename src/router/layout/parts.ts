import type { Backends } from './backends.ts'
import type { Ledger } from './ledger.ts'
import { layOutHost, type PartContext, releasePart } from './part.ts'
import type { HostOutcome } from './table.ts'
import { type HostPart, isSent } from './types.ts'
import { createVersions } from './versions.ts'

/** The parts of all hosts. */
export interface Parts {
  readonly now: ReadonlyMap<string, HostPart>
  /** TLS is passed through at some host, or was. */
  readonly isSorted: boolean
  /** Lays out these hosts; the hosts whose new part needs a reload that may not be keep the old one, and are returned. */
  replan(
    outcomes: ReadonlyMap<string, HostOutcome>,
    contextOf: (host: string) => PartContext,
    mayReload: boolean,
  ): readonly string[]
  snapshot(): ReadonlyMap<string, HostPart>
  /** Hosts whose pods are verified by the cluster's own authority. */
  trusting(): readonly string[]
}

export function createParts(backends: Backends, ledger: Ledger): Parts {
  const parts = createVersions<HostPart>()
  const replaced: HostPart[] = []
  let isSorted = false
  const needsReload = ({ maps, certificate }: HostPart, old: HostPart | undefined): boolean =>
    ledger.isShort() ||
    backends.needReload() ||
    (maps['sni.map'].size > 0 && !isSorted) ||
    (certificate !== undefined && !isSent(certificate, old?.certificate))
  /** False: it must wait. */
  const replan = (host: string, { served }: HostOutcome, context: PartContext, mayReload: boolean): boolean => {
    const part = served.length > 0 ? layOutHost(host, served, backends, context) : undefined
    const old = parts.now.get(host)
    if (part && !mayReload && needsReload(part, old)) {
      releasePart(part, backends)
      return false
    }
    if (old) replaced.push(old)
    if (part) parts.set(host, part)
    else parts.delete(host)
    if (part?.maps['sni.map'].size) isSorted = true
    return true
  }
  return {
    now: parts.now,
    get isSorted() {
      return isSorted
    },
    replan(outcomes, contextOf, mayReload) {
      const waiting = [...outcomes].filter(([host, outcome]) => !replan(host, outcome, contextOf(host), mayReload))
      // New backends were taken before old ones are given back, so that none changes hands within a step.
      for (const old of replaced.splice(0)) releasePart(old, backends)
      return waiting.map(([host]) => host)
    },
    snapshot: parts.snapshot,
    trusting: () => [...parts.now.values()].filter(({ usesServiceCa }) => usesServiceCa).map(({ host }) => host),
  }
}
