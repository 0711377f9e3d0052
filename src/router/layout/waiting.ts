/** What waits for a reload that may not be yet. */
import type { Verdict } from '../../model/routes/admission.ts'
import { isPemPayload } from '../../wire/haproxy/command.ts'
import type { IngressVerdict } from './ingresses.ts'
import type { HostOutcome } from './table.ts'
import type { AdminFiles, PemFile } from './types.ts'

/** What a process keeps while it lives, beside its listeners and backends. */
export interface Fixed {
  readonly files: AdminFiles
  readonly serviceCa?: PemFile
  /** PEM; whether there is one. Its text may change. */
  readonly defaultCertificate?: string
}

/** Of what is wanted, what a process that has the other can be given. */
export function withoutReload(wanted: Fixed, had: Fixed): Fixed {
  const { defaultCertificate: pem } = wanted
  const isGiven = pem !== undefined && had.defaultCertificate !== undefined && isPemPayload(pem)
  const given = isGiven ? { ...had, defaultCertificate: pem } : had
  return textOf(given) === textOf(wanted) ? wanted : given
}

const textOf = ({ files, serviceCa, defaultCertificate }: Fixed): string =>
  JSON.stringify([files, serviceCa, defaultCertificate])

type Told = ReadonlyMap<string, IngressVerdict>

/** Verdicts of hosts that wait, to be told once they are served. */
export interface Late {
  /** Takes these out of the verdicts of Routes, and out of what `take` tells of Ingresses. */
  without(
    waiting: readonly string[],
    outcomes: ReadonlyMap<string, HostOutcome>,
    verdicts: Map<string, Verdict>,
    take: () => Told,
  ): Told
}

export function createLate(): Late {
  let late: Told = new Map()
  return {
    without(waiting, outcomes, verdicts, take) {
      const ingresses = new Set<string>()
      for (const key of waiting.flatMap(host => [...(outcomes.get(host)?.verdicts.keys() ?? [])])) {
        const [owner, claim] = key.split('#') as [string, string | undefined]
        if (claim === undefined) verdicts.delete(key)
        else ingresses.add(owner)
      }
      const told = [...new Map([...late, ...take()])]
      late = new Map(told.filter(([key]) => ingresses.has(key)))
      return new Map(told.filter(([key]) => !ingresses.has(key)))
    },
  }
}
