/** What rules may take, before they run. Source: k8s.io/apiextensions-apiserver, pkg/apis/apiextensions/validation. */
import { plus, times } from '../cel/check/size.ts'
import { forbidden } from '../field-error.ts'
import type { FieldError } from '../kind.ts'
import type { SizedRoom } from './cel-room.ts'
import { mostOf } from './cel-room.ts'
import type { JsonSchema } from './schema.ts'

/** Steps of one rule for all values it is about, and of all rules of a schema. */
const RULE_LIMIT = 10_000_000
const SCHEMA_LIMIT = 100_000_000
const SHOWN = 4

/** What all rules of one schema take. */
export class RuleCosts {
  private readonly isLimited: boolean
  private total = 0
  private dearest: readonly { readonly path: string; readonly cost: number }[] = []

  constructor(isLimited: boolean) {
    this.isLimited = isLimited
  }

  /** A rule about values of which there are `count`, or as many as one request has room for. */
  observe(path: string, steps: number, room: SizedRoom, count: number | undefined): readonly FieldError[] {
    return this.add(path, times(steps, count ?? mostOf(room.bytes)), 'estimated rule cost')
  }

  observeMessage(path: string, steps: number): readonly FieldError[] {
    return this.add(path, steps, 'estimated messageExpression cost')
  }

  /** path: of the schema. */
  errors(path: string): readonly FieldError[] {
    if (this.total <= SCHEMA_LIMIT) return []
    return [
      ...this.dearest.map(rule =>
        forbidden(
          rule.path,
          'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
        ),
      ),
      forbidden(
        path,
        exceeding(
          'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema',
          this.total,
          SCHEMA_LIMIT,
        ),
      ),
    ]
  }

  private add(path: string, cost: number, what: string): readonly FieldError[] {
    if (!this.isLimited) return []
    this.total = plus(this.total, cost)
    if (cost >= SCHEMA_LIMIT / 100)
      this.dearest = [...this.dearest, { path, cost }].toSorted((a, b) => b.cost - a.cost).slice(0, SHOWN)
    return cost > RULE_LIMIT ? [forbidden(path, exceeding(what, cost, RULE_LIMIT))] : []
  }
}

function exceeding(what: string, cost: number, limit: number): string {
  const by = cost / limit
  const factor = by > 100 ? 'more than 100x' : `${by.toFixed(by < 1.5 ? 6 : 1)}x`
  return `${what} exceeds budget by factor of ${factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`
}

/** How many children of each kind a value has at most; undefined where nothing says it. */
export function mostChildren({ type, additionalProperties, maxProperties, maxItems }: JsonSchema): number | undefined {
  const limit = type === 'array' ? maxItems : type === 'object' && additionalProperties ? maxProperties : 1
  return limit === undefined ? undefined : Math.max(limit, 0)
}
