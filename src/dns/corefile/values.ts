import { CorefileError } from './parse.ts'

/** In lower case with a final dot. */
export const absolute = (name: string): string => (name.endsWith('.') ? name : `${name}.`).toLowerCase()

export const isBelow = (name: string, zone: string): boolean =>
  zone === '.' || name === zone || name.endsWith(`.${zone}`)

export function wholeNumber(text: string | undefined, line: number, least: number, most: number): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < least || number > most)
    throw new CorefileError(line, `${JSON.stringify(text ?? '')} is not a number from ${least} to ${most}`)
  return number
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 }

/** "30s", "1h30m", or a number of seconds. */
export function seconds(text: string, line: number): number {
  if (/^\d+$/.test(text)) return Number(text)
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text)
    throw new CorefileError(line, `${JSON.stringify(text)} is not a duration`)
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * UNITS[unit!]!, 0)
}
