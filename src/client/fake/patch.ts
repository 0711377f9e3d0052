type Value = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Value =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** RFC 7396. Stands in for server-side apply too, which needs a schema: lists are replaced whole. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) return patch.filter(entry => !isRecord(entry) || entry.$patch !== 'replace')
  if (!isRecord(patch)) return patch
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch))
    if (value === null) delete result[name]
    else result[name] = mergePatch(result[name], value)
  return result
}

/** Needs a schema too: of lists, conditions alone merge, by their type; others are replaced, so that an entry that says so is left out. */
export function strategicPatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch) || !isRecord(target)) return mergePatch(target, patch)
  const result: Record<string, unknown> = { ...target }
  for (const [name, value] of Object.entries(patch))
    if (value === null) delete result[name]
    else if (name === 'conditions' && Array.isArray(value)) result[name] = mergedByType(result[name], value)
    else result[name] = strategicPatch(result[name], value)
  return result
}

function mergedByType(before: unknown, changes: readonly Value[]): readonly unknown[] {
  const result = new Map((Array.isArray(before) ? (before as readonly Value[]) : []).map(one => [one.type, one]))
  for (const change of changes) result.set(change.type, mergePatch(result.get(change.type), change) as Value)
  return [...result.values()]
}

interface Operation {
  readonly op: 'add' | 'replace' | 'remove' | 'test'
  readonly path: string
  readonly value?: unknown
}

/** RFC 6902 but for move and copy. Throws where a test fails or a path does not exist. */
export function jsonPatch(target: unknown, operations: readonly Operation[]): unknown {
  const result: unknown = structuredClone(target)
  for (const { op, path, value } of operations) {
    const names = path
      .split('/')
      .slice(1)
      .map(name => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    const last = names.pop()!
    const parent = names.reduce<unknown>((inner, name) => (inner as Value)?.[name], result) as Record<string, unknown>
    if (parent === undefined || (op !== 'add' && !(last in parent))) throw new Error(`no such path: ${path}`)
    if (op === 'test' && JSON.stringify(parent[last]) !== JSON.stringify(value)) throw new Error(`test failed: ${path}`)
    if (op === 'test') continue
    if (!Array.isArray(parent)) {
      if (op === 'remove') delete parent[last]
      else parent[last] = value
    } else if (op === 'remove') parent.splice(Number(last), 1)
    else parent.splice(last === '-' ? parent.length : Number(last), op === 'replace' ? 1 : 0, value)
  }
  return result
}
