const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

/** A length of time as kubectl shows it: two units at most, the finer one only where it matters. */
export function humanDuration(ms: number): string {
  if (ms <= -2 * SECOND) return '<invalid>'
  if (ms < 0) return '0s'
  if (ms < 2 * MINUTE) return `${floor(ms, SECOND)}s`
  if (ms < 10 * MINUTE) return pair(ms, MINUTE, 'm', SECOND, 's')
  if (ms < 3 * HOUR) return `${floor(ms, MINUTE)}m`
  if (ms < 8 * HOUR) return pair(ms, HOUR, 'h', MINUTE, 'm')
  if (ms < 2 * DAY) return `${floor(ms, HOUR)}h`
  if (ms < 8 * DAY) return pair(ms, DAY, 'd', HOUR, 'h')
  if (ms < 2 * YEAR) return `${floor(ms, DAY)}d`
  return ms < 8 * YEAR ? pair(ms, YEAR, 'y', DAY, 'd') : `${floor(ms, YEAR)}y`
}

const floor = (ms: number, unit: number): number => Math.floor(ms / unit)

function pair(ms: number, major: number, majorName: string, minor: number, minorName: string): string {
  const rest = floor(ms % major, minor)
  return `${floor(ms, major)}${majorName}${rest === 0 ? '' : `${rest}${minorName}`}`
}

/** How long ago a time was; nowMs is the request's. */
export function ageText(time: string | null | undefined, nowMs: number): string {
  if (!time) return '<unknown>'
  return humanDuration(nowMs - Date.parse(time))
}
