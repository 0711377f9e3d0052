import type { Entry, Expr } from './ast.ts'
import { CelError, dotted } from './ast.ts'
import { foldOf } from './fold.ts'
import { FUNCTIONS, METHODS } from './functions.ts'
import type { Run, Scope } from './scope.ts'
import { charge, chargeFor } from './scope.ts'
import type { Value } from './value.ts'
import { isList, isMap, isSpecial, lookup, NONE, noOverload, numberOf, some, typeName } from './value.ts'

const TYPES = new Set(
  'bool bytes double int list map null_type optional_type string type uint google.protobuf.Timestamp google.protobuf.Duration net.IP net.CIDR kubernetes.URL kubernetes.Quantity kubernetes.Semver kubernetes.NamedFormat'.split(
    ' ',
  ),
)

/** Makes an expression ready to run. Throws CelError for names and functions that do not exist. */
export function compile(expr: Expr, names: ReadonlySet<string>): Run {
  const run = made(expr, names)
  return scope => {
    charge(scope, 1)
    return run(scope)
  }
}

function made(expr: Expr, names: ReadonlySet<string>): Run {
  switch (expr.is) {
    case 'literal':
      return () => expr.value
    case 'uint':
      return () => ({ cel: 'uint', value: expr.value })
    case 'name':
      return variable(expr.name, names)
    case 'select':
      return select(expr, names)
    case 'index':
      return index(expr, names)
    case 'call':
      return call(expr, names)
    case 'list':
      return list(expr.items, names)
    case 'map':
      return map(expr.entries, names)
    case 'if':
      return choice(expr, names)
    case 'and':
    case 'or':
      return logic(expr, names)
  }
}

function variable(name: string, names: ReadonlySet<string>): Run {
  if (names.has(name))
    return scope => {
      for (let at: Scope | undefined = scope; at; at = at.parent) if (at.name === name) return at.value!
      throw new CelError(`no such attribute(s): ${name}`)
    }
  if (TYPES.has(name)) return () => ({ cel: 'type', name })
  throw undeclared(name)
}

const undeclared = (name: string): CelError => new CelError(`undeclared reference to '${name}' (in container '')`)

function select(expr: Expr & { is: 'select' }, names: ReadonlySet<string>): Run {
  const name = dotted(expr, names)
  if (name !== undefined && TYPES.has(name)) return () => ({ cel: 'type', name })
  const of = compile(expr.of, names)
  const field = unescaped(expr.field)
  return scope => access(of(scope), field, expr.optional)
}

const ESCAPES: Readonly<Record<string, string>> = { underscores: '__', dot: '.', dash: '-', slash: '/' }

/** Names of properties that are no names in CEL are written with escapes; reserved words between underscores. */
const unescaped = (field: string): string =>
  field.includes('__') ? field.replace(/__([a-z]+)__/g, (_, word: string) => ESCAPES[word] ?? word) : field

function index(expr: Expr & { is: 'index' }, names: ReadonlySet<string>): Run {
  const of = compile(expr.of, names)
  const at = compile(expr.index, names)
  return scope => access(of(scope), at(scope), expr.optional)
}

/** What an optional holds is reached through it, and stays optional. */
function access(of: Value, key: Value, optional: boolean): Value {
  if (isSpecial(of) && of.cel === 'optional') {
    if (of.value === undefined) return NONE
    const found = find(of.value, key)
    return found === undefined ? NONE : some(found)
  }
  const found = find(of, key)
  if (optional) return found === undefined ? NONE : some(found)
  if (found !== undefined) return found
  if (isList(of)) throw new CelError(`index out of bounds: ${String(numberOf(key))}`)
  throw new CelError(`no such key: ${typeof key === 'string' ? key : String(numberOf(key) ?? typeName(key))}`)
}

function find(of: Value, key: Value): Value | undefined {
  if (isMap(of)) return lookup(of, key)
  if (isSpecial(of) && of.cel === 'authorizer' && key === 'requestResource') return { ...of, question: of.request }
  const position = numberOf(key)
  if (isList(of) && position !== undefined) return of[Number(position)]
  throw noOverload('_[_]', [of, key])
}

function call(expr: Expr & { is: 'call' }, names: ReadonlySet<string>): Run {
  const { name, target, args } = expr
  if (name === 'has' && !target) return present(args, names)
  const qualified = target?.is === 'name' && !names.has(target.name) ? `${target.name}.${name}` : undefined
  if (qualified === 'cel.bind') return bind(args, names)
  const fold = target && qualified === undefined ? foldOf(expr, names, compile) : undefined
  if (fold) return fold
  const isGlobal = !target || (qualified !== undefined && Object.hasOwn(FUNCTIONS, qualified))
  const table = isGlobal ? FUNCTIONS : METHODS
  const key = isGlobal ? (qualified ?? name) : name
  const body = Object.hasOwn(table, key) ? table[key] : undefined
  if (!body) throw undeclared(key)
  const runs = [...(target && !isGlobal ? [target] : []), ...args].map(arg => compile(arg, names))
  return scope => {
    const values = runs.map(run => run(scope))
    chargeFor(scope, values)
    const result = body(...values)
    if (result === undefined) throw noOverload(key, values)
    chargeFor(scope, [result])
    return result
  }
}

/** has(a.b): whether it is there; a itself must be. */
function present([arg, ...more]: readonly Expr[], names: ReadonlySet<string>): Run {
  if (arg?.is !== 'select' || more.length > 0) throw new CelError('invalid argument to has() macro')
  const of = compile(arg.of, names)
  const field = unescaped(arg.field)
  return scope => {
    const value = of(scope)
    const held = isSpecial(value) && value.cel === 'optional' ? value.value : value
    if (held === undefined) return false
    if (!isMap(held)) throw noOverload('has', [held])
    return lookup(held, field) !== undefined
  }
}

/** cel.bind(name, value, expression) */
function bind([name, value, body]: readonly Expr[], names: ReadonlySet<string>): Run {
  if (name?.is !== 'name' || !value || !body) throw new CelError('cel.bind() variable names must be simple identifiers')
  const first = compile(value, names)
  const then = compile(body, new Set([...names, name.name]))
  return scope => then({ name: name.name, value: first(scope), parent: scope, budget: scope.budget })
}

function list(items: readonly Entry[], names: ReadonlySet<string>): Run {
  const runs = items.map(({ value, optional }) => [compile(value, names), optional] as const)
  return scope =>
    runs.flatMap(([run, optional]) => {
      const value = run(scope)
      if (!optional) return [value]
      const held = optionalOf(value)
      return held === undefined ? [] : [held]
    })
}

function map(entries: readonly (Entry & { readonly key: Expr })[], names: ReadonlySet<string>): Run {
  const runs = entries.map(
    ({ key, value, optional }) => [compile(key, names), compile(value, names), optional] as const,
  )
  return scope => {
    const made = new Map<Value, Value>()
    for (const [key, run, optional] of runs) {
      const value = run(scope)
      const held = optional ? optionalOf(value) : value
      if (held !== undefined) made.set(key(scope), held)
    }
    return made
  }
}

function optionalOf(value: Value): Value | undefined {
  if (isSpecial(value) && value.cel === 'optional') return value.value
  throw noOverload('_?_', [value])
}

function choice(expr: Expr & { is: 'if' }, names: ReadonlySet<string>): Run {
  const [condition, then, otherwise] = [expr.condition, expr.then, expr.otherwise].map(each => compile(each, names))
  return scope => {
    const value = condition!(scope)
    if (typeof value !== 'boolean') throw noOverload('_?_:_', [value])
    return value ? then!(scope) : otherwise!(scope)
  }
}

/** Either side decides alone: an error in the other is passed over. */
function logic({ is, left, right }: Expr & { is: 'and' | 'or' }, names: ReadonlySet<string>): Run {
  const decisive = is === 'or'
  const runs = [compile(left, names), compile(right, names)]
  return scope => {
    let failure: unknown
    for (const run of runs) {
      try {
        const value = run(scope)
        if (value === decisive) return decisive
        if (typeof value !== 'boolean') throw noOverload(is === 'or' ? '_||_' : '_&&_', [value])
      } catch (error) {
        if (!(error instanceof CelError)) throw error
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
    return !decisive
  }
}
