type Value = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Value =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * RFC 7396. Stands in for strategic merge and server-side apply too, which need a schema: lists are replaced whole, so that an
 * entry that says so is left out.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) return patch.filter(entry => !isRecord(entry) || entry.$patch !== 'replace')
  if (!isRecord(patch)) return patch
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch))
    if (value === null) delete result[name]
    else result[name] = mergePatch(result[name], value)
  return result
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
