/** The most that an expression can take, in steps, before it runs. Source: cel-go, checker/cost.go. */
import type { Expr } from '../ast.ts'
import { dotted } from '../ast.ts'
import type { Part } from './call-cost.ts'
import { callCost } from './call-cost.ts'
import { FUNCTIONS, TYPE_NAMES } from './declarations.ts'
import { macroCost } from './macro-cost.ts'
import type { Check } from './scope.ts'
import type { Entry, Room, Size } from './size.ts'
import { exactly, plus, UNKNOWN, union, unionAll, unionEntry } from './size.ts'
import type { Type } from './type.ts'
import { isScalar } from './type.ts'

/** A name that an expression gives to something: what is known of it. */
export interface Local {
  readonly path: readonly string[]
  readonly size?: Size | undefined
  readonly entry?: Entry | undefined
}

/** What is known of all of an expression while its cost is estimated. */
export class Estimate {
  private readonly check: Check
  private readonly root: Room

  constructor(check: Check, root: Room) {
    this.check = check
    this.root = root
  }

  typed(expr: Expr): Type {
    return this.check.typed(expr)
  }

  /** Undefined where nothing is known. Paths begin with a variable, whose room is that of the rule. */
  sizeAt(path: readonly string[]): Size | undefined {
    if (path.length === 0) return undefined
    let at: Room | undefined = this.root
    for (const step of path.slice(1)) {
      at = step === '@items' || step === '@values' ? at.item : step === '@keys' ? at.key : at.field?.(step)
      if (!at) return undefined
    }
    return { min: 0, max: at.max }
  }

  of(expr: Expr, locals: ReadonlyMap<string, Local>): Part {
    const part = partOf(this, expr, locals)
    return { ...part, size: part.size ?? this.sizeAt(part.path) ?? (isScalar(part.type) ? exactly(1) : undefined) }
  }
}

const isCounted = (type: Type): boolean =>
  type.is === 'object' || type.is === 'param' || (type.is === 'made' && type.name === 'map')

function partOf(run: Estimate, expr: Expr, locals: ReadonlyMap<string, Local>): Part {
  const type = run.typed(expr)
  const none = { type, path: [], expr }
  switch (expr.is) {
    case 'literal':
      return { ...none, cost: 0, size: exactly(lengthOf(expr.value)) }
    case 'uint':
      return { ...none, cost: 0, size: exactly(1) }
    case 'name': {
      const local = locals.get(expr.name)
      const path = local?.path ?? [expr.name]
      return { ...none, cost: 1, path, size: run.sizeAt(path) ?? local?.size, entry: local?.entry }
    }
    case 'select': {
      const name = dotted(expr, locals)
      if (name !== undefined && TYPE_NAMES.has(name)) return { ...none, cost: 1, path: [name] }
      const of = run.of(expr.of, locals)
      if (expr.optional) return { ...none, cost: plus(of.cost, 1) }
      return { ...none, cost: plus(of.cost, isCounted(of.type) ? 1 : 0), path: [...of.path, expr.field] }
    }
    case 'index': {
      const [of, at] = [run.of(expr.of, locals), run.of(expr.index, locals)]
      const cost = plus(plus(of.cost, at.cost), 1)
      const isList = of.type.is === 'made' && of.type.name === 'list'
      if (expr.optional) return { ...none, cost }
      return { ...none, cost, size: of.entry?.value, path: [...of.path, isList ? '@items' : '@values'] }
    }
    case 'call':
      return { ...none, ...callPart(run, expr, locals) }
    case 'list': {
      const items = expr.items.map(({ value }) => run.of(value, locals))
      const entry = { key: exactly(1), value: sizesOf(items) }
      return { ...none, cost: costs(items, 10), size: exactly(items.length), entry }
    }
    case 'map': {
      const keys = expr.entries.map(({ key }) => run.of(key, locals))
      const values = expr.entries.map(({ value }) => run.of(value, locals))
      const entry = { key: sizesOf(keys), value: sizesOf(values) }
      return { ...none, cost: costs([...keys, ...values], 30), size: exactly(keys.length), entry }
    }
    case 'if':
      return { ...none, ...chosen([expr.condition, expr.then, expr.otherwise].map(one => run.of(one, locals))) }
    case 'and':
    case 'or':
      return { ...none, cost: costs([run.of(expr.left, locals), run.of(expr.right, locals)], 0) }
  }
}

const sizesOf = (parts: readonly Part[]): Size => unionAll(parts.map(({ size = UNKNOWN }) => size))

export const costs = (parts: readonly Part[], more: number): number =>
  parts.reduce((total, { cost }) => plus(total, cost), more)

function chosen([condition, then, otherwise]: readonly Part[]): Pick<Part, 'cost' | 'size' | 'entry'> {
  const [a, b] = [then!, otherwise!]
  return {
    cost: plus(condition!.cost, Math.max(a.cost, b.cost)),
    size: union(a.size ?? UNKNOWN, b.size ?? UNKNOWN),
    entry: unionEntry(a.entry, b.entry),
  }
}

function lengthOf(value: (Expr & { is: 'literal' })['value']): number {
  if (typeof value === 'string') return [...value].length
  return value instanceof Uint8Array ? value.length : 1
}

function callPart(
  run: Estimate,
  expr: Expr & { is: 'call' },
  locals: ReadonlyMap<string, Local>,
): Pick<Part, 'cost'> & Partial<Part> {
  const macro = macroCost(run, expr, locals)
  if (macro) return macro
  const { name, target, args } = expr
  const own = args.map(arg => run.of(arg, locals))
  const prefix = target && dotted(target, new Set(['self', 'oldSelf', ...locals.keys()]))
  if (prefix !== undefined && FUNCTIONS.has(`${prefix}.${name}`))
    return callCost(run, `${prefix}.${name}`, undefined, own)
  const on = target && run.of(target, locals)
  const made = callCost(run, name, on, own)
  return on ? { ...made, cost: plus(made.cost, on.cost) } : made
}
