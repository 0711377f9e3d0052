/** The rules of a schema (x-kubernetes-validations), run over an object. Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema/cel. */
import { jsonEqual } from '../../wire/json/value.ts'
import { isObject } from '../decode.ts'
import type { FieldError } from '../kind.ts'
import type { ListNode, Rule, SchemaNode, StructNode } from '../node.ts'
import { typedValue } from './from-json.ts'
import { tokens } from './lex.ts'
import type { Budget, Program } from './mod.ts'
import { CelBudgetError, CelError, celProgram } from './mod.ts'
import type { Value } from './value.ts'
import { NONE, some } from './value.ts'

/** Steps of one rule, and of all rules of an object together. */
const RULE_STEPS = 1_000_000
const OBJECT_STEPS = 10_000_000

const VARIABLES = ['self', 'oldSelf']

interface Compiled {
  readonly program: Program
  readonly message?: Program
  /** It compares with the state before, and says nothing where there is none. */
  readonly transition: boolean
}

const compiled = new WeakMap<Rule, Compiled>()

/** Throws CelError. */
export function compileRule(rule: Rule): Compiled {
  let made = compiled.get(rule)
  if (!made) {
    made = {
      program: celProgram(rule.rule, VARIABLES),
      ...(rule.messageExpression ? { message: celProgram(rule.messageExpression, VARIABLES) } : {}),
      transition: tokens(rule.rule).some(({ is, text }) => is === 'name' && text === 'oldSelf'),
    }
    compiled.set(rule, made)
  }
  return made
}

interface Run {
  readonly errors: FieldError[]
  readonly budget: Budget
  readonly known: Map<unknown, Value>
}

/** One value and what it was before; undefined where it was not, or cannot be told apart from others. */
interface Site {
  readonly node: SchemaNode
  readonly value: unknown
  readonly old: unknown
  readonly path: string
  /** It is as it was: what is wrong with it may stay. */
  readonly unchanged: boolean
}

/** What an object's rules say against it. */
export function ruleErrors(node: StructNode, value: object, old?: object): readonly FieldError[] {
  if (!hasRules(node)) return []
  const run: Run = { errors: [], budget: { left: OBJECT_STEPS }, known: new Map() }
  try {
    visit(run, { node, value, old, path: '', unchanged: false })
  } catch (error) {
    if (!(error instanceof CelBudgetError)) throw error
    const detail = 'validation failed due to running out of cost budget, no further validation rules will be run'
    run.errors.push({ type: 'Invalid', field: '<nil>', value: 'object', detail })
  }
  return run.errors
}

const withRules = new WeakMap<SchemaNode, boolean>()

/** Whether there is any rule in the node or below: most parts of most objects have none. */
export function hasRules(node: SchemaNode): boolean {
  let known = withRules.get(node)
  if (known === undefined) {
    // Recursive types are those of built-in kinds, which have no rules.
    withRules.set(node, false)
    known = (node.rules?.length ?? 0) > 0 || childNodes(node).some(hasRules)
    withRules.set(node, known)
  }
  return known
}

function childNodes(node: SchemaNode): readonly SchemaNode[] {
  if (node.kind === 'struct') return [...node.fields().values()].map(field => field.node)
  return node.kind === 'list' || node.kind === 'map' ? [node.item()] : []
}

function visit(run: Run, site: Site): void {
  const { node, value, old } = site
  if (value === undefined || value === null || !hasRules(node)) return
  const unchanged = site.unchanged || (old !== undefined && jsonEqual(value, old))
  const here = { ...site, unchanged }
  for (const rule of node.rules ?? []) apply(run, here, rule)
  for (const child of children(here)) visit(run, child)
}

function* children({ node, value, old, path, unchanged }: Site): Generator<Site> {
  if (node.kind === 'list' && Array.isArray(value)) {
    const before = node.listType === 'map' && Array.isArray(old) ? byKeys(node, old) : undefined
    for (const [index, item] of value.entries())
      yield {
        node: node.item(),
        value: item,
        old: before?.get(keysOf(node, item)),
        path: `${path}[${index}]`,
        unchanged,
      }
  } else if ((node.kind === 'map' || node.kind === 'struct') && isObject(value)) {
    const before = isObject(old) && !node.atomic ? old : {}
    for (const name of Object.keys(value)) {
      const child = node.kind === 'map' ? node.item() : node.fields().get(name)?.node
      const childPath = node.kind === 'map' ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`
      if (child) yield { node: child, value: value[name], old: before[name], path: childPath, unchanged }
    }
  }
}

const byKeys = (node: ListNode, items: readonly unknown[]): ReadonlyMap<string, unknown> =>
  new Map(items.map(item => [keysOf(node, item), item]))

const keysOf = ({ listKeys }: ListNode, item: unknown): string =>
  JSON.stringify(listKeys.map(key => (isObject(item) ? item[key] : undefined)))

function apply(run: Run, site: Site, rule: Rule): void {
  const { program, message, transition } = compileRule(rule)
  const { node, value, old } = site
  if (transition && old === undefined && !rule.optionalOldSelf) return
  if (!transition && site.unchanged) return
  const before = old === undefined || old === null ? undefined : typedValue(node, old, run.known)
  const values: Record<string, Value> = { self: typedValue(node, value, run.known) }
  if (rule.optionalOldSelf) values.oldSelf = before === undefined ? NONE : some(before)
  else if (before !== undefined) values.oldSelf = before
  const problem = limited(
    run,
    budget => {
      const result = program.run(values, budget)
      return result === true ? undefined : (messageOf(message, values, budget) ?? fallback(rule))
    },
    rule,
  )
  if (problem !== undefined) run.errors.push(errorOf(rule, site, problem))
}

/** What the rule says; an evaluation that fails refuses too. Throws CelBudgetError when the object's steps are used up. */
function limited(run: Run, evaluate: (budget: Budget) => string | undefined, rule: Rule): string | undefined {
  const allowed = Math.min(RULE_STEPS, run.budget.left)
  const budget = { left: allowed }
  try {
    return evaluate(budget)
  } catch (error) {
    if (error instanceof CelBudgetError && run.budget.left <= RULE_STEPS) throw error
    if (!(error instanceof CelError) && !(error instanceof CelBudgetError)) throw error
    return `${error.message} evaluating rule: ${(rule.message || rule.rule).trim()}`
  } finally {
    run.budget.left -= allowed - Math.max(budget.left, 0)
  }
}

const MAX_MESSAGE = 5120

/** A message that cannot be made is none. */
function messageOf(
  program: Program | undefined,
  values: Readonly<Record<string, Value>>,
  budget: Budget,
): string | undefined {
  if (!program) return undefined
  try {
    const text = program.run(values, budget)
    if (typeof text !== 'string' || text.trim() === '' || text.includes('\n') || text.length > MAX_MESSAGE)
      return undefined
    return text.trim()
  } catch (error) {
    if (error instanceof CelError) return undefined
    throw error
  }
}

const fallback = ({ message, rule }: Rule): string => (message ? message.trim() : `failed rule: ${rule.trim()}`)

const REASONS: Readonly<Record<string, FieldError['type']>> = {
  FieldValueForbidden: 'Forbidden',
  FieldValueRequired: 'Required',
  FieldValueDuplicate: 'Duplicate',
}

function errorOf(rule: Rule, { node, path }: Site, detail: string): FieldError {
  const inner = (rule.fieldPath ?? '').replace(/\['([^']*)'\]/g, '[$1]')
  const field = (path + inner).replace(/^\./, '') || '<nil>'
  return { type: REASONS[rule.reason ?? ''] ?? 'Invalid', field, value: jsonType(node), detail }
}

function jsonType(node: SchemaNode): string {
  if (node.kind === 'list') return 'array'
  if (node.kind !== 'scalar') return 'object'
  if (node.scalar === 'boolean') return 'boolean'
  if (node.scalar === 'double') return 'number'
  return node.scalar === 'int32' || node.scalar === 'int64' ? 'integer' : 'string'
}
