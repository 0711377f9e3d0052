import type { MergeType } from '../merge-type.ts'
import { formatElement } from './element.ts'
import { itemElement, itemsOf, membersOf, shapeOf } from './shape.ts'

/** One objection: `.spec.ports: duplicate entries for key [port=80,protocol="TCP"]`. */
export interface TypedProblem {
  readonly path: string
  readonly problem: string
}

/** At most this many problems are reported. */
const MAX_PROBLEMS = 20

/**
 * What server-side apply objects to in a configuration before it merges: fields that the schema does not declare,
 * values of another shape, items without their keys, and items that occur twice.
 */
export function checkTyped(type: MergeType, value: unknown): readonly TypedProblem[] {
  const problems: TypedProblem[] = []
  visit(problems, type, value, '')
  return problems
}

/** As the API words a list of problems. */
export function problemsText(problems: readonly TypedProblem[]): string {
  const lines = problems.map(({ path, problem }) => (path === '' ? problem : `${path}: ${problem}`))
  return lines.length === 1 ? lines[0]! : ['errors:', ...lines.map(line => `  ${line}`)].join('\n')
}

function visit(problems: TypedProblem[], type: MergeType, value: unknown, path: string): void {
  if (value === undefined || value === null || problems.length >= MAX_PROBLEMS) return
  const shape = shapeOf(type, value)
  if (shape === 'list') visitItems(problems, type, value, path)
  else if (shape === 'map') visitMembers(problems, type, value, path)
  else if (typeof value === 'object') problems.push({ path, problem: `expected any scalar, got ${describe(value)}` })
}

function visitItems(problems: TypedProblem[], type: MergeType, value: unknown, path: string): void {
  const items = itemsOf(value)
  if (!items) {
    problems.push({ path, problem: `expected list, got ${describe(value)}` })
    return
  }
  const seen = new Set<string>()
  for (const [i, item] of items.entries()) {
    if (type.kind === 'any' || type.listType === 'atomic') {
      visit(problems, type.item()!, item, `${path}[${i}]`)
      continue
    }
    const element = itemElement(type, item)
    if (typeof element !== 'string') {
      problems.push({ path, problem: `element ${i}: ${element.problem}` })
      return
    }
    if (seen.has(element)) problems.push({ path, problem: `duplicate entries for key ${formatElement(element)}` })
    seen.add(element)
    visit(problems, type.item()!, item, path + formatElement(element))
  }
}

function visitMembers(problems: TypedProblem[], type: MergeType, value: unknown, path: string): void {
  const members = membersOf(value)
  if (!members) {
    problems.push({ path, problem: `expected map, got ${describe(value)}` })
    return
  }
  for (const [name, member] of Object.entries(members)) {
    const below = type.field(name)
    if (below !== undefined) visit(problems, below, member, `${path}.${name}`)
    else if (member !== undefined) {
      problems.push({ path: `${path}.${name}`, problem: 'field not declared in schema' })
      return
    }
  }
}

/** As Go prints the value it did not expect, cut short. */
function describe(value: unknown): string {
  const text = typeof value === 'string' ? `&{${value}}` : JSON.stringify(value)
  return text.length > 100 ? `${text.slice(0, 100)}...` : text
}
