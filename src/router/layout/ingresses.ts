import type { Ingress } from '../../api/networking/ingress.ts'
import type { Dialect } from '../../model/ingress/classes.ts'
import { type Canary, takesFrom, withCanary } from '../../model/ingress/nginx-canary.ts'
import { readIngress } from '../../model/ingress/read.ts'
import { problemOf, type Verdict } from '../../model/routes/admission.ts'
import type { SecretView } from '../../model/routes/read.ts'
import type { RouteFacts } from '../../model/routes/types.ts'
import { secretsOf } from './index-of.ts'

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
  let changed = new Set<string>()
  const { now } = view
  const secrets: SecretView = { secret: key => view.secret?.(key), ...(now ? { now } : {}) }

  /** By namespace. */
  const canaries = new Map<string, Map<string, Canary>>()
  const canariesOf = (key: string): readonly Canary[] => [...(canaries.get(namespaceOf(key))?.values() ?? [])]
  /** Those that a canary takes from, now that it came, changed or went. */
  const share = (canary: Canary): void => {
    const namespace = namespaceOf(canary.key)
    for (const [key, { claims }] of known)
      if (namespaceOf(key) === namespace && takesFrom(canary, claims)) {
        for (const claim of claims) table.add(withCanary(claim, canariesOf(key)))
        changed.add(key)
      }
    for (const { key } of canariesOf(canary.key)) changed.add(key)
  }
  const forget = (key: string): void => {
    const one = known.get(key)
    for (const claim of one?.claims ?? []) table.remove(claim.key)
    known.delete(key)
    changed.delete(key)
    if (!one?.canary) return
    canaries.get(namespaceOf(key))?.delete(key)
    share(one.canary)
  }
  const read = (key: string, ingress: Ingress, dialect: Dialect, source: string): void => {
    forget(key)
    const reading = readIngress(ingress, secrets, dialect)
    known.set(key, { ingress, dialect, source, ...reading, problems: new Map() })
    changed.add(key)
    for (const claim of reading.claims) table.add(dialect === 'nginx' ? withCanary(claim, canariesOf(key)) : claim)
    for (const canary of canariesOf(key)) changed.add(canary.key)
    if (!reading.canary) return
    canaries.set(namespaceOf(key), (canaries.get(namespaceOf(key)) ?? new Map()).set(key, reading.canary))
    share(reading.canary)
  }
  const remove = (key: string): void => {
    forget(key)
    for (const canary of canariesOf(key)) changed.add(canary.key)
  }
  /** What a canary has to say: nobody has its place, or an older one takes there. */
  const idleOf = ({ canary }: Known): readonly string[] => {
    if (!canary) return []
    const claims = [...known].flatMap(([key, one]) => (namespaceOf(key) === namespaceOf(canary.key) ? one.claims : []))
    const own = canary.places.map(({ service }) => service)
    const isServed = claims
      .filter(claim => takesFrom(canary, [claim]))
      .some(claim => own.includes(withCanary(claim, canariesOf(canary.key)).canary?.service ?? ''))
    return isServed ? [] : [NO_SHARE]
  }
  return {
    put(ingress, dialect) {
      const key = `${ingress.metadata.namespace}/${ingress.metadata.name}`
      const source = dialect + sourceOf(ingress)
      if (known.get(key)?.source === source) changed.add(key)
      else read(key, ingress, dialect, source)
    },
    remove,
    touchSecret(secret) {
      for (const [key, { ingress, dialect, claims, source }] of [...known])
        if (claims.some(claim => secretsOf(claim).includes(secret))) read(key, ingress, dialect, source)
    },
    take(verdicts) {
      for (const [claim, verdict] of verdicts) {
        const key = claim.split('#')[0]!
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

const namespaceOf = (key: string): string => key.slice(0, key.indexOf('/'))

/** Equal for versions that read the same, as after a change of status. */
const sourceOf = ({ metadata: { uid, annotations }, spec }: Ingress): string => JSON.stringify([uid, annotations, spec])

const problemText = ({ rejection, services = [] }: Verdict): string =>
  rejection?.message ?? problemOf(services)?.message.replace('spec.port.targetPort', 'the backend') ?? ''

const textsOf = ({ warnings, problems }: Known): IngressVerdict => [
  ...new Set([...warnings, ...[...problems.values()].filter(text => text !== '')]),
]
