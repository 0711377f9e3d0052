import type { Ingress } from '../../api/networking/ingress.ts'
import type { Dialect } from '../../model/ingress/classes.ts'
import { readIngress } from '../../model/ingress/read.ts'
import { problemOf, type Verdict } from '../../model/routes/admission.ts'
import type { SecretView } from '../../model/routes/read.ts'
import type { RouteFacts } from '../../model/routes/types.ts'

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
  /** By claim. */
  readonly problems: Map<string, string>
}

export function createIngresses(table: Claims, view: Partial<SecretView>): Ingresses {
  const known = new Map<string, Known>()
  let changed = new Set<string>()
  const { now } = view
  const secrets: SecretView = { secret: key => view.secret?.(key), ...(now ? { now } : {}) }

  const remove = (key: string): void => {
    for (const claim of known.get(key)?.claims ?? []) table.remove(claim.key)
    known.delete(key)
    changed.delete(key)
  }
  const read = (key: string, ingress: Ingress, dialect: Dialect, source: string): void => {
    remove(key)
    const reading = readIngress(ingress, secrets, dialect)
    known.set(key, { ingress, dialect, source, ...reading, problems: new Map() })
    for (const claim of reading.claims) table.add(claim)
    changed.add(key)
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
        if (claims.some(({ externalSecret }) => externalSecret === secret)) read(key, ingress, dialect, source)
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
      const told = [...changed].map((key): [string, IngressVerdict] => [key, textsOf(known.get(key)!)])
      changed = new Set()
      return new Map(told)
    },
  }
}

/** Equal for versions that read the same, as after a change of status. */
const sourceOf = ({ metadata: { uid, annotations }, spec }: Ingress): string => JSON.stringify([uid, annotations, spec])

const problemText = ({ rejection, services = [] }: Verdict): string =>
  rejection?.message ?? problemOf(services)?.message.replace('spec.port.targetPort', 'the backend') ?? ''

const textsOf = ({ warnings, problems }: Known): IngressVerdict => [
  ...new Set([...warnings, ...[...problems.values()].filter(text => text !== '')]),
]
