import { createHash } from 'node:crypto'

/** Equal as JSON, whatever the order of keys; absent and null are the same. */
export const sameValue = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b)

/** JSON with sorted keys and without nulls. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined && item !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`).join(',')}}`
}

/** The letters Kubernetes uses in generated names: no vowels, nothing that looks like another. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** A name part that follows from the value: ten letters. */
export function hashName(value: unknown, salt = ''): string {
  const digest = createHash('sha256').update(canonical(value)).update(salt).digest()
  return [...digest.subarray(0, 10)].map(byte => ALPHABET[byte % ALPHABET.length]).join('')
}

/** intstr.GetScaledValueFromIntOrPercent: "25%" of the total, or the number itself. */
export function scaled(value: number | string | undefined, total: number, round: 'up' | 'down'): number {
  if (typeof value === 'number') return value
  const percent = /^(\d+)%$/.exec(value ?? '')
  if (!percent) return 0
  const exact = (Number(percent[1]) * total) / 100
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact)
}
