import { UserError } from '../lib/errors.ts'

/** A role's flags as data: the supervisor writes them, main.ts reads them. `--some-name` for `someName`. */
export type Flags = Readonly<Record<string, Flag>>

interface Flag {
  readonly type: 'text' | 'number' | 'list'
  readonly help: string
  readonly optional?: true
}

type Value<F extends Flag> = F['type'] extends 'number' ? number : F['type'] extends 'list' ? readonly string[] : string
type Optional<F extends Flags> = { [K in keyof F]: F[K] extends { readonly optional: true } ? K : never }[keyof F]

export type OptionsOf<F extends Flags> = { readonly [K in Exclude<keyof F, Optional<F>>]: Value<F[K]> } & {
  readonly [K in Optional<F>]?: Value<F[K]>
}

const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`

/** As in --name=node-1 --service-network=172.30.0.0/16; lists are separated by commas. */
export function toArgs<F extends Flags>(flags: F, options: OptionsOf<F>): string[] {
  const values = options as Readonly<Record<string, string | number | readonly string[] | undefined>>
  return Object.keys(flags).flatMap(name => {
    const value = values[name]
    return value === undefined ? [] : [`${flagOf(name)}=${Array.isArray(value) ? value.join(',') : value}`]
  })
}

/** Throws UserError (Usage) for what is unknown, missing or not a number. */
export function fromArgs<F extends Flags>(role: string, flags: F, args: readonly string[]): OptionsOf<F> {
  const given = new Map(args.map(arg => splitArg(role, arg)))
  const known = new Map(Object.entries(flags).map(([name, flag]) => [flagOf(name), { name, flag }]))
  for (const name of given.keys()) if (!known.has(name)) throw usage(role, `${name}: unknown`, flags)
  const options: Record<string, unknown> = {}
  for (const [text, { name, flag }] of known) {
    const value = given.get(text)
    if (value !== undefined) options[name] = read(role, text, flag, value)
    else if (!flag.optional) throw usage(role, `${text} is missing`, flags)
  }
  return options as OptionsOf<F>
}

function splitArg(role: string, arg: string): [string, string] {
  const match = /^(--[a-z0-9-]+)=(.*)$/s.exec(arg)
  if (!match) throw usage(role, `${JSON.stringify(arg)} is not understood`, {})
  return [match[1]!, match[2]!]
}

function read(role: string, text: string, flag: Flag, value: string): unknown {
  if (flag.type === 'text') return value
  if (flag.type === 'list') return value === '' ? [] : value.split(',')
  if (!/^\d+$/.test(value)) throw usage(role, `${text}=${value} is not a number`, {})
  return Number(value)
}

/** Of each flag, without its dashes, what it means. */
export const helpOf = (flags: Flags): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(flags).map(([name, { help }]) => [flagOf(name).slice(2), help]))

function usage(role: string, message: string, flags: Flags): UserError {
  const known = Object.entries(helpOf(flags)).map(([name, help]) => `--${name}=...  ${help}`)
  return new UserError('Usage', `${role}: ${message}`, known.length > 0 ? { hint: `flags:\n${known.join('\n')}` } : {})
}
