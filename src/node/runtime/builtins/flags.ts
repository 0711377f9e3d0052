/** Command-line flags as Go programs take them: --name=value, --name value, -name, and --name alone for booleans. */
export interface Flags {
  string(name: string, fallback: string): string
  number(name: string, fallback: number): number
  boolean(name: string, fallback: boolean): boolean
  /** What is no flag. */
  readonly rest: readonly string[]
}

/** `booleans` never take the next argument as their value. */
export function parseFlags(args: readonly string[], booleans: readonly string[] = []): Flags {
  const values = new Map<string, string>()
  const rest: string[] = []
  for (let at = 0; at < args.length; at++) {
    const match = /^--?([a-zA-Z][\w-]*)(?:=(.*))?$/s.exec(args[at]!)
    if (args[at] === '--') {
      rest.push(...args.slice(at + 1))
      break
    }
    if (!match) rest.push(args[at]!)
    else if (match[2] !== undefined) values.set(match[1]!, match[2])
    else if (booleans.includes(match[1]!) || at + 1 >= args.length) values.set(match[1]!, 'true')
    else values.set(match[1]!, args[++at]!)
  }
  return {
    rest,
    string: (name, fallback) => values.get(name) ?? fallback,
    number: (name, fallback) => {
      const value = Number(values.get(name) ?? fallback)
      if (!Number.isFinite(value)) throw new Error(`invalid argument "${values.get(name)}" for "--${name}" flag`)
      return value
    },
    boolean: (name, fallback) => (values.has(name) ? values.get(name) !== 'false' : fallback),
  }
}

/** A duration as Go writes it, in milliseconds; undefined for other text. */
export function parseDuration(text: string): number | undefined {
  if (/^\d+$/.test(text) && Number(text) === 0) return 0
  if (!/^(\d+(\.\d+)?(ms|us|ns|s|m|h))+$/.test(text)) return undefined
  const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001, ns: 0.000_001 }
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|us|ns|s|m|h)/g)].reduce(
    (sum, [, value, unit]) => sum + Number(value) * unitMs[unit!]!,
    0,
  )
}
