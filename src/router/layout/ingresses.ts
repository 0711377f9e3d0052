import type { Ingress } from '../../api/networking/ingress.ts'
import type { Dialect } from '../../model/ingress/classes.ts'
import type { Canary } from '../../model/ingress/nginx-canary.ts'
import { readIngress } from '../../model/ingress/read.ts'
import { problemOf, type Verdict } from '../../model/routes/admission.ts'
import type { SecretView } from '../../model/routes/read.ts'
import type { RouteFacts } from '../../model/routes/types.ts'
import { createCanaries } from './canaries.ts'

/** What a router has to say of an Ingress that it serves: one sentence for each thing that is wrong with it. */
export type IngressVerdict = readonly string[]

/** The Ingresses behind a table of claims. */
export interface Ingresses {
  put(ingress: Ingress, dialect: Dialect): void
  remove(key: string): void
  touchSecret(secret: string): void
  /** Takes the verdicts about claims of Ingresses out of these, and tells of each Ingress that they concern. */
  take(verdicts: Map<string, Verdict>): ReadonlyMap<string, IngressVerdict>
}

interface Claims {
  add(claim: RouteFacts): void
  remove(key: string): void
  /** The keys of those that name it. */
  ofSecret(secret: string): readonly string[]
}

interface Known {
  readonly ingress: Ingress
  readonly dialect: Dialect
  readonly source: string
  readonly claims: readonly RouteFacts[]
  readonly warnings: readonly string[]
  readonly canary?: Canary
  /** By claim. */
  readonly problems: Map<string, string>
}

export function createIngresses(table: Claims, view: Partial<SecretView>): Ingresses {
  const known = new Map<string, Known>()
  const canaries = createCanaries()
  let changed = new Set<string>()
  const { now } = view
  const secrets: SecretView = { secret: key => view.secret?.(key), ...(now ? { now } : {}) }

  /** It came or went: canaries beside it may have more or less to take, and what it takes itself is shared anew. */
  const reshare = (one: Known): void => {
    for (const { key } of canaries.beside(one)) changed.add(key)
    for (const claim of one.canary ? canaries.takenBy(one.canary) : []) table.add(canaries.shared(claim))
  }
  const forget = (key: string): void => {
    const one = known.get(key)
    if (!one) return
    known.delete(key)
    changed.delete(key)
    canaries.leave(one)
    for (const claim of one.claims) table.remove(claim.key)
    reshare(one)
  }
  const read = (key: string, ingress: Ingress, dialect: Dialect, source: string): void => {
    forget(key)
    const one: Known = { ingress, dialect, source, ...readIngress(ingress, secrets, dialect), problems: new Map() }
    known.set(key, one)
    changed.add(key)
    if (dialect === 'nginx') canaries.join(one)
    for (const claim of one.claims) table.add(canaries.shared(claim))
    reshare(one)
  }
  /** What a canary has to say: nobody has its place, or an older one takes there. */
  const idleOf = ({ canary }: Known): readonly string[] => {
    if (!canary) return []
    const own = canary.places.map(({ service }) => service)
    for (const claim of canaries.takenBy(canary))
      if (own.includes(canaries.shared(claim).canary?.service ?? '')) return []
    return [NO_SHARE]
  }
  return {
    put(ingress, dialect) {
      const key = `${ingress.metadata.namespace}/${ingress.metadata.name}`
      const source = dialect + sourceOf(ingress)
      if (known.get(key)?.source === source) changed.add(key)
      else read(key, ingress, dialect, source)
    },
    remove: forget,
    touchSecret(secret) {
      for (const key of new Set(table.ofSecret(secret).map(ingressOf))) {
        const one = known.get(key)
        if (one) read(key, one.ingress, one.dialect, one.source)
      }
    },
    take(verdicts) {
      for (const [claim, verdict] of verdicts) {
        const key = ingressOf(claim)
        if (key === claim) continue
        verdicts.delete(claim)
        const one = known.get(key)
        if (!one) continue
        const problem = problemText(verdict)
        if ((one.problems.get(claim) ?? '') !== problem) changed.add(key)
        one.problems.set(claim, problem)
      }
      const told = [...changed].map((key): [string, IngressVerdict] => {
        const one = known.get(key)!
        return [key, [...textsOf(one), ...idleOf(one)]]
      })
      changed = new Set()
      return new Map(told)
    },
  }
}

const NO_SHARE =
  'takes no requests: no other Ingress of its namespace has its host and path and another Service, or an older canary takes there'

const ingressOf = (claim: string): string => claim.split('#')[0]!

/** Equal for versions that read the same, as after a change of status. */
const sourceOf = ({ metadata: { uid, annotations }, spec }: Ingress): string => JSON.stringify([uid, annotations, spec])

const problemText = ({ rejection, services = [] }: Verdict): string =>
  rejection?.message ?? problemOf(services)?.message.replace('spec.port.targetPort', 'the backend') ?? ''

const textsOf = ({ warnings, problems }: Known): IngressVerdict => [
  ...new Set([...warnings, ...[...problems.values()].filter(text => text !== '')]),
]
