import type { Balance } from './types.ts'

const PREFIX = 'haproxy.router.openshift.io/'
/** HAProxy's largest time. */
const MAX_MS = 2_147_483_647
const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** OKD's TimeSpec: a whole number and a unit (none: ms), clipped to what HAProxy takes. Undefined when it is not one. */
export function parseTime(text: string): number | undefined {
  const match = /^([1-9][0-9]*)(us|ms|s|m|h|d)?$/.exec(text)
  if (!match) return undefined
  return Math.min(MAX_MS, Math.max(1, Math.round(Number(match[1]) * UNITS[match[2] ?? 'ms']!)))
}

type Annotations = Readonly<Record<string, string>> | undefined

/** An invalid value means the default, as on OKD. */
export const timeoutOf = (annotations: Annotations): number | undefined =>
  parseTime(annotations?.[`${PREFIX}timeout`] ?? '')

const BALANCES: readonly string[] = ['random', 'roundrobin', 'leastconn', 'source'] satisfies readonly Balance[]

export function balanceOf(annotations: Annotations): Balance | undefined {
  const value = annotations?.[`${PREFIX}balance`] ?? ''
  return BALANCES.includes(value) ? (value as Balance) : undefined
}
