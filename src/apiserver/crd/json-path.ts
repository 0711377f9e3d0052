/**
 * The part of Kubernetes JSONPath that printer columns and selectable fields use: `.a.b`, `['a.b']`, `.a\.b`, `[0]`, `[*]`,
 * `.a[*].b` and `[?(@.type=="Ready")]`, with or without a leading `$` or braces.
 */
export type JsonPath = (value: unknown) => readonly unknown[]

type Step = (value: unknown) => readonly unknown[]

/** undefined where the text is no such path. */
export function parseJsonPath(text: string): JsonPath | undefined {
  const steps = parseSteps(text.replace(/^\{(.*)\}$/s, '$1').replace(/^\$/, ''))
  return steps && (value => steps.reduce<readonly unknown[]>((values, step) => values.flatMap(step), [value]))
}

const FIELD = /^\.((?:\\.|[^.[\]\\*])+)/
const ALL = /^(?:\.\*|\[\*\])/
const INDEX = /^\[(-?\d+)\]/
const QUOTED = /^\[(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")\]/
const FILTER = /^\[\?\(\s*@((?:\.[A-Za-z0-9_-]+|\['[^']*'\])*)\s*(==|!=|<=|>=|<|>)\s*("[^"]*"|'[^']*'|[^)\s]+)\s*\)\]/
const EXISTS = /^\[\?\(\s*@((?:\.[A-Za-z0-9_-]+|\['[^']*'\])+)\s*\)\]/

function parseSteps(text: string): readonly Step[] | undefined {
  const steps: Step[] = []
  let rest = text.startsWith('.') || text.startsWith('[') || text === '' ? text : `.${text}`
  if (rest === '.') return steps
  while (rest !== '') {
    const parsed = parseStep(rest)
    if (!parsed) return undefined
    steps.push(parsed.step)
    rest = rest.slice(parsed.length)
  }
  return steps
}

function parseStep(text: string): { readonly step: Step; readonly length: number } | undefined {
  const all = ALL.exec(text)
  if (all) return { step: children, length: all[0].length }
  const field = FIELD.exec(text)
  if (field) return { step: member(unescaped(field[1]!)), length: field[0].length }
  const index = INDEX.exec(text)
  if (index) return { step: item(Number(index[1])), length: index[0].length }
  const quoted = QUOTED.exec(text)
  if (quoted) return { step: member(unescaped(quoted[1] ?? quoted[2]!)), length: quoted[0].length }
  return parseFilter(text)
}

function parseFilter(text: string) {
  const exists = EXISTS.exec(text)
  if (exists) {
    const path = parseJsonPath(exists[1]!)
    return path && { step: matching(value => path(value).length > 0), length: exists[0].length }
  }
  const filter = FILTER.exec(text)
  const path = filter ? parseJsonPath(filter[1]!) : undefined
  if (!filter || !path) return undefined
  const [whole, , operator, literal] = filter
  const wanted = literalOf(literal!)
  return { step: matching(value => path(value).some(found => compare(found, operator!, wanted))), length: whole.length }
}

const unescaped = (text: string): string => text.replace(/\\(.)/g, '$1')

const member =
  (name: string): Step =>
  value =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, name)
      ? [(value as Record<string, unknown>)[name]]
      : []

const item =
  (index: number): Step =>
  value => {
    const found = Array.isArray(value) ? value.at(index) : undefined
    return found === undefined ? [] : [found]
  }

const children: Step = value => {
  if (Array.isArray(value)) return value
  return typeof value === 'object' && value !== null ? Object.values(value) : []
}

const matching =
  (holds: (value: unknown) => boolean): Step =>
  value =>
    children(value).filter(holds)

function literalOf(text: string): string | number | boolean {
  if (/^["']/.test(text)) return text.slice(1, -1)
  if (text === 'true' || text === 'false') return text === 'true'
  return Number.isNaN(Number(text)) ? text : Number(text)
}

function compare(found: unknown, operator: string, wanted: string | number | boolean): boolean {
  if (operator === '==') return found === wanted
  if (operator === '!=') return found !== wanted
  if (typeof found !== typeof wanted || typeof wanted === 'boolean') return false
  const left = found as string | number
  switch (operator) {
    case '<':
      return left < wanted
    case '<=':
      return left <= wanted
    case '>':
      return left > wanted
    default:
      return left >= wanted
  }
}
