/** A deep copy; much faster than structuredClone for JSON. */
export function cloneJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(cloneJson) as T
  const result: Record<string, unknown> = {}
  for (const key in value) result[key] = cloneJson(value[key])
  return result as T
}
