import type { Special, Value } from '../value.ts'
import { isSpecial } from '../value.ts'
import type { Library } from './mod.ts'

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

/** As Go reads durations: 1h30m, -1.5s. */
export function durationOf(text: string): Special | undefined {
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+|0)$/.exec(text)
  if (!match) return undefined
  let nanos = 0n
  for (const [, whole = '', fraction = '', unit] of match[2]!.matchAll(/(\d*)\.?(\d*)(ns|us|µs|ms|s|m|h)/g)) {
    const size = UNITS[unit!]!
    nanos += BigInt(whole || '0') * size
    if (fraction !== '') nanos += (BigInt(fraction) * size) / 10n ** BigInt(fraction.length)
  }
  return { cel: 'duration', nanos: match[1] === '-' ? -nanos : nanos }
}

export const durationText = (nanos: bigint): string => `${Number(nanos) / 1e9}s`

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

export function timestampOf(text: string): Special | undefined {
  const ms = RFC3339.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(ms) ? undefined : { cel: 'timestamp', ms }
}

const part =
  (read: (date: Date) => number, ofDuration?: bigint) =>
  (value: Value = null, zone: Value = 'UTC'): Value | undefined => {
    if (!isSpecial(value)) return undefined
    if (value.cel === 'duration' && ofDuration !== undefined) return value.nanos / ofDuration
    if (value.cel !== 'timestamp' || typeof zone !== 'string') return undefined
    const offset = /^([+-]?)(\d\d):(\d\d)$/.exec(zone)
    const minutes = offset ? (Number(offset[2]) * 60 + Number(offset[3])) * (offset[1] === '-' ? -1 : 1) : 0
    return BigInt(read(new Date(value.ms + minutes * 60_000)))
  }

const DAY_MS = 86_400_000

export const times: Library = {
  methods: {
    getFullYear: part(date => date.getUTCFullYear()),
    getMonth: part(date => date.getUTCMonth()),
    getDate: part(date => date.getUTCDate()),
    getDayOfMonth: part(date => date.getUTCDate() - 1),
    getDayOfWeek: part(date => date.getUTCDay()),
    getDayOfYear: part(date => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / DAY_MS)),
    getHours: part(date => date.getUTCHours(), UNITS.h!),
    getMinutes: part(date => date.getUTCMinutes(), UNITS.m!),
    getSeconds: part(date => date.getUTCSeconds(), UNITS.s!),
    getMilliseconds: part(date => date.getUTCMilliseconds(), UNITS.ms!),
  },
}
