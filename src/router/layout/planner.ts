import type { Ingress } from '../../api/networking/ingress.ts'
import type { Route } from '../../api/route/route.ts'
import type { Dialect } from '../../model/ingress/classes.ts'
import type { Verdict } from '../../model/routes/admission.ts'
import type { ServiceView } from '../../model/routes/endpoints.ts'
import type { SecretView } from '../../model/routes/read.ts'
import type { RouterPolicy } from '../../model/routes/types.ts'
import { createBackends, type DoorOf } from './backends.ts'
import { createIngresses, type IngressVerdict } from './ingresses.ts'
import { shortHash } from './keys.ts'
import { createLedger } from './ledger.ts'
import { type CertificateOwners, createOwners } from './owners.ts'
import type { PartContext } from './part.ts'
import { createParts } from './parts.ts'
import type { Refused } from './refusals.ts'
import { createStandings } from './standings.ts'
import { createTable, type HostOutcome, type RouteTable } from './table.ts'
import { type AdminFiles, type HostPart, isAuthorities, type Layout, type Listeners, type Pools } from './types.ts'
import { createLate, type Fixed, withoutReload } from './waiting.ts'

/** What one step of planning came to. */
export interface Plan {
  readonly layout: Layout
  /** The hosts whose parts differ from those of the plan before. */
  readonly hosts: ReadonlySet<string>
  /** The names of the backends that differ. */
  readonly backends: ReadonlySet<string>
  /** Of the Routes that were looked at; to be told once HAProxy has what the layout says. */
  readonly verdicts: ReadonlyMap<string, Verdict>
  /** Of the Ingresses that were looked at, the same. */
  readonly ingresses: ReadonlyMap<string, IngressVerdict>
  /** Something needs a reload that may not be yet. */
  readonly waits: boolean
}

/** Routes, Services and the ledger of backends in; layouts out. It looks only at the hosts that a change concerns. */
export interface Planner {
  put(route: Route): void
  remove(key: string): void
  putIngress(ingress: Ingress, dialect: Dialect): void
  removeIngress(key: string): void
  touch(service: string): void
  /** The Secret "namespace/name" of an external certificate changed. */
  touchSecret(secret: string): void
  /** The Secrets that Routes name. */
  secrets(): ReadonlySet<string>
  setDefaultCertificate(pem: string | undefined): void
  /** PEM of the authority that signs the cluster's own serving certificates. */
  setServiceCa(pem: string | undefined): void
  setFiles(files: AdminFiles): void
  /** HAProxy refused this file: Routes that brought it are not served. False when none has it. */
  refuseFile(file: string): boolean
  /** HAProxy refused backends of this class: its Routes are not served. */
  refuseClass(kind: string): boolean
  /** The Routes, by "namespace/name", that use a backend. */
  usersOf(backend: string): ReadonlySet<string>
  /** Unless a reload may be, hosts that need one stay as they are, and what else does too. */
  plan(mayReload?: boolean): Plan
}

export function createPlanner(
  policy: RouterPolicy,
  listeners: Listeners,
  view: ServiceView & Partial<SecretView> & { readonly door?: DoorOf },
): Planner {
  const standings = createStandings(view)
  const table = createTable(policy, standings, view)
  const ingresses = createIngresses(table, view)
  const ledger = createLedger()
  const backends = createBackends(ledger, standings, view.door)
  const parts = createParts(backends, ledger)
  const owners = createOwners()
  let wanted: Fixed = { files: {} }
  let fixed = wanted
  let pools: Pools = {}
  const late = createLate()

  const contextOf = (host: string): PartContext => ({
    http2: policy.http2 === true,
    ingress: listeners.ingress === true,
    isOffered: pem => policy.http2 === true && pem !== wanted.defaultCertificate && owners.isAlone(pem, host),
    except: owners.otherKeys(host),
    ...(policy.balance ? { balance: policy.balance } : {}),
    ...(fixed.serviceCa ? { serviceCa: fixed.serviceCa } : {}),
  })
  return {
    put: table.put,
    remove: table.remove,
    putIngress: ingresses.put,
    removeIngress: ingresses.remove,
    touch(service) {
      table.touch(service)
      backends.touch(service)
    },
    touchSecret(secret) {
      table.touchSecret(secret)
      ingresses.touchSecret(secret)
    },
    secrets: table.secrets,
    setDefaultCertificate(pem) {
      const { defaultCertificate: old, ...rest } = wanted
      for (const one of [old, pem]) if (one !== undefined) table.mark(owners.of(one))
      wanted = { ...rest, ...(pem === undefined ? {} : { defaultCertificate: pem }) }
    },
    setServiceCa(pem) {
      const { serviceCa: _, ...rest } = wanted
      const file = `ca/${shortHash('service-ca', pem ?? '')}.pem`
      wanted = { ...rest, ...(pem === undefined ? {} : { serviceCa: { file, pem } }) }
      table.mark(parts.trusting())
    },
    setFiles(files) {
      wanted = { ...wanted, files }
    },
    refuseFile(file) {
      const what = ownerOf(file, parts.now.values(), backends.layOut().serverFiles)
      return what !== undefined && table.refuse(what)
    },
    refuseClass(kind) {
      ledger.forbid(kind)
      return table.refuse({ is: 'class', kind })
    },
    usersOf: backends.usersOf,
    plan(mayReload = true) {
      fixed = mayReload ? wanted : withoutReload(wanted, fixed)
      const { hosts: dirty, hostless } = table.takeDirty()
      const verdicts = new Map(hostless)
      const outcomes = settle(table, owners, dirty, verdicts)
      const waiting = parts.replan(outcomes, contextOf, mayReload)
      const { changed, ...shared } = backends.layOut()
      if (mayReload) pools = ledger.grow()
      const layout: Layout = {
        listeners,
        isSorted: parts.isSorted,
        pools,
        parts: parts.snapshot(),
        ...fixed,
        ...shared,
      }
      const told = late.without(waiting, outcomes, verdicts, () => ingresses.take(verdicts))
      table.mark([...waiting, ...(fixed.serviceCa === wanted.serviceCa ? [] : parts.trusting())])
      const waits = waiting.length > 0 || fixed !== wanted
      return { layout, hosts: new Set(outcomes.keys()), backends: changed, verdicts, ingresses: told, waits }
    },
  }
}

/** Hosts to which it matters what others show are looked at again. */
function settle(
  table: RouteTable,
  owners: CertificateOwners,
  dirty: ReadonlySet<string>,
  verdicts: Map<string, Verdict>,
): Map<string, HostOutcome> {
  const outcomes = new Map<string, HostOutcome>()
  for (const host of [...dirty].sort()) {
    const outcome = table.outcome(host)
    outcomes.set(host, outcome)
    for (const [key, verdict] of outcome.verdicts) verdicts.set(key, verdict)
    const certificate = outcome.served.find(({ route }) => route.certificate)?.route.certificate
    for (const other of owners.set(host, certificate))
      if (!outcomes.has(other)) outcomes.set(other, table.outcome(other))
  }
  return outcomes
}

/** What Routes brought in this file. */
function ownerOf(
  file: string,
  parts: Iterable<HostPart>,
  serverFiles: ReadonlyMap<string, string>,
): Refused | undefined {
  for (const { certificate } of parts)
    if (certificate?.file === file) return { is: 'certificate', pem: certificate.pem }
  const pem = serverFiles.get(file)
  return pem === undefined ? undefined : { is: isAuthorities(file) ? 'authorities' : 'certificate', pem }
}
