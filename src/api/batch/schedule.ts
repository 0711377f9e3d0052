/** Schedules as CronJobs write them. Source: github.com/robfig/cron/v3 ParseStandard, which upstream uses. */

export type Schedule =
  | {
      readonly is: 'fields'
      readonly minutes: ReadonlySet<number>
      readonly hours: ReadonlySet<number>
      readonly days: ReadonlySet<number>
      readonly months: ReadonlySet<number>
      readonly weekdays: ReadonlySet<number>
      /** Where day and weekday are both given, one of them is enough. */
      readonly isEitherDay: boolean
    }
  | { readonly is: 'every'; readonly ms: number }

interface Range {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const RANGES: readonly Range[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ') },
  { min: 0, max: 6, names: 'sun mon tue wed thu fri sat'.split(' ') },
]

const DESCRIPTORS: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
])

/** The schedule, or what is wrong with its text. */
export function parseSchedule(text: string): Schedule | string {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof RangeError) return error.message
    throw error
  }
}

function parse(text: string): Schedule {
  if (text === '') throw new RangeError('empty spec string')
  if (text.startsWith('@every ')) return { is: 'every', ms: every(text) }
  if (text.startsWith('@') && !DESCRIPTORS.has(text)) throw new RangeError(`unrecognized descriptor: ${text}`)
  const fields = (DESCRIPTORS.get(text) ?? text).split(/\s+/).filter(field => field !== '')
  if (fields.length !== 5)
    throw new RangeError(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`)
  const [minutes, hours, days, months, weekdays] = fields.map((field, i) => parseField(field, RANGES[i]!)) as [
    Field,
    Field,
    Field,
    Field,
    Field,
  ]
  return {
    is: 'fields',
    minutes: minutes.values,
    hours: hours.values,
    days: days.values,
    months: months.values,
    weekdays: weekdays.values,
    isEitherDay: !days.isStar && !weekdays.isStar,
  }
}

interface Field {
  readonly values: ReadonlySet<number>
  readonly isStar: boolean
}

function parseField(text: string, range: Range): Field {
  const values = new Set<number>()
  let isStar = false
  for (const part of text.split(',').filter(one => one !== '')) isStar = parseRange(part, range, values) || isStar
  return { values, isStar }
}

/** Adds the numbers of one range; answers whether it is a star. */
function parseRange(text: string, { min, max, names }: Range, values: Set<number>): boolean {
  const [bounds = '', step, ...moreSteps] = text.split('/')
  const [low = '', high, ...moreHyphens] = bounds.split('-')
  let isStar = false
  let first = min
  let last = max
  if (low === '*' || low === '?') isStar = true
  else {
    first = numberOrName(low, names)
    if (moreHyphens.length > 0) throw new RangeError(`too many hyphens: ${text}`)
    last = high === undefined ? (step === undefined ? first : max) : numberOrName(high, names)
  }
  if (moreSteps.length > 0) throw new RangeError(`too many slashes: ${text}`)
  const by = step === undefined ? 1 : numberOf(step)
  if (by > 1) isStar = false
  if (first < min) throw new RangeError(`beginning of range (${first}) below minimum (${min}): ${text}`)
  if (last > max) throw new RangeError(`end of range (${last}) above maximum (${max}): ${text}`)
  if (first > last) throw new RangeError(`beginning of range (${first}) beyond end of range (${last}): ${text}`)
  if (by === 0) throw new RangeError(`step of range should be a positive number: ${text}`)
  for (let value = first; value <= last; value += by) values.add(value)
  return isStar
}

function numberOrName(text: string, names: readonly string[] | undefined): number {
  const index = names?.indexOf(text.toLowerCase()) ?? -1
  if (index < 0) return numberOf(text)
  return names!.length === 12 ? index + 1 : index
}

function numberOf(text: string): number {
  if (/^[+-]?\d+$/.test(text)) {
    const value = Number(text)
    if (value < 0) throw new RangeError(`negative number (${value}) not allowed: ${text}`)
    return value
  }
  throw new RangeError(
    `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
  )
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

function every(text: string): number {
  const duration = text.slice('@every '.length)
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== duration)
    throw new RangeError(`failed to parse duration ${text}: time: invalid duration ${JSON.stringify(duration)}`)
  const ms = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNIT_MS[unit!]!, 0)
  return Math.max(1000, Math.floor(ms / 1000) * 1000)
}

export function isTimeZone(zone: string): boolean {
  try {
    formatOf(zone)
    return true
  } catch {
    return false
  }
}

interface Local {
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly weekday: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known) return known
  const numeric = { month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const
  const format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', weekday: 'short', ...numeric })
  if (formats.size < 1000) formats.set(timeZone, format)
  return format
}

function localOf(ms: number, zone: string): Local {
  if (zone === 'UTC') {
    const date = new Date(ms)
    return {
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      second: date.getUTCSeconds(),
      weekday: date.getUTCDay(),
    }
  }
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  )
  const { month, day, hour, minute, second, weekday = '' } = parts
  return {
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    weekday: RANGES[4]!.names!.indexOf(weekday.toLowerCase()),
  }
}

/** RFC 3339 by the clock of a zone: 2026-01-01T05:30:00+05:30. */
export function zonedTime(ms: number, zone: string): string {
  const whole = Math.floor(ms / 1000) * 1000
  const { month, day, hour, minute, second } = localOf(whole, zone)
  const year = new Date(whole).getUTCFullYear()
  // A zone may be in another year, but never by more than a day.
  const local = [year - 1, year, year + 1]
    .map(one => Date.UTC(one, month - 1, day, hour, minute, second))
    .reduce((best, one) => (Math.abs(one - whole) < Math.abs(best - whole) ? one : best))
  const offset = Math.round((local - whole) / MINUTE_MS)
  const two = (value: number): string => String(value).padStart(2, '0')
  const size = Math.abs(offset)
  const suffix = offset === 0 ? 'Z' : `${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
  return `${new Date(local).toISOString().slice(0, 19)}${suffix}`
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** No date, as 30 February: given up after so long. */
const HORIZON_MS = 5 * 366 * DAY_MS

/** The first time after `ms` that the schedule names, in the zone's own clock; undefined where there is none. */
export function nextAfter(schedule: Schedule, ms: number, zone = 'UTC'): number | undefined {
  if (schedule.is === 'every') return Math.floor(ms / 1000) * 1000 + schedule.ms
  let at = Math.floor(ms / 1000) * 1000 + 1000
  const endMs = ms + HORIZON_MS
  const first = localOf(at, zone)
  if (first.second > 0) at += (60 - first.second) * 1000
  while (at < endMs) {
    const local = localOf(at, zone)
    if (!isDay(schedule, local)) at = nextMidnight(at, local, zone)
    else if (!schedule.hours.has(local.hour)) at += HOUR_MS - local.minute * MINUTE_MS
    else if (!schedule.minutes.has(local.minute)) at += MINUTE_MS
    else return at
  }
  return undefined
}

function isDay(schedule: Schedule & { readonly is: 'fields' }, { month, day, weekday }: Local): boolean {
  if (!schedule.months.has(month)) return false
  const [isDate, isWeekday] = [schedule.days.has(day), schedule.weekdays.has(weekday)]
  return schedule.isEitherDay ? isDate || isWeekday : isDate && isWeekday
}

/** A day may have 23 or 25 hours. */
function nextMidnight(at: number, { hour, minute }: Local, zone: string): number {
  const guess = at + DAY_MS - hour * HOUR_MS - minute * MINUTE_MS
  const local = localOf(guess, zone)
  const off = local.hour * HOUR_MS + local.minute * MINUTE_MS
  return local.hour > 12 ? guess + DAY_MS - off : guess - off
}
