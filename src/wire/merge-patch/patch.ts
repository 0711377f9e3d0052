import { isObject } from '../json/value.ts'

/**
 * JSON merge patch (RFC 7396): null removes a member, objects merge, everything else replaces. In what is new, null
 * members are dropped, also inside of lists. Neither argument changes; the result shares what is unchanged.
 */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return isObject(document) ? patch : withoutNulls(patch)
  if (!isObject(document)) return withoutNulls(patch)
  const result: Record<string, unknown> = { ...document }
  for (const [key, value] of Object.entries(patch)) {
    const old = Object.hasOwn(result, key) ? result[key] : undefined
    if (value === null || value === undefined) delete result[key]
    else result[key] = old === undefined || old === null ? withoutNulls(value) : applyMergePatch(old, value)
  }
  return result
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null && member !== undefined)
      .map(([key, member]) => [key, withoutNulls(member)]),
  )
}
