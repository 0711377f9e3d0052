import type { Problem } from './scope.ts'

const LONGEST_LINE = 16_384

/** Problems with the lines they are in. Source: cel-go, common/error.go. */
export const problemsText = (source: string, problems: readonly Problem[]): string =>
  problems.map(problem => problemText(source, problem)).join('\n')

function problemText(source: string, { at, message }: Problem): string {
  const before = source.slice(0, at).split('\n')
  const line = source.split('\n')[before.length - 1]!.replaceAll('\t', ' ')
  const start = [...before.at(-1)!]
  const text = `ERROR: <input>:${before.length}:${start.length + 1}: ${message}`
  if (Buffer.byteLength(line) > LONGEST_LINE) return text
  const isWide = (char: string | undefined): boolean => char !== undefined && char > '\x7f'
  const pointer = start.map(char => (isWide(char) ? '．' : '.')).join('')
  return `${text}\n | ${line}\n | ${pointer}${isWide([...line][start.length]) ? '＾' : '^'}`
}
