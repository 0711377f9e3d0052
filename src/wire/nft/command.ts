import { unreachable } from '../../lib/errors.ts'
import type { NftText } from './text.ts'
import { name, numberText, oneOf, quoted } from './text.ts'

export interface Table {
  readonly family: 'ip' | 'ip6' | 'inet' | 'arp' | 'bridge' | 'netdev'
  readonly name: string
}

/** Where a base chain is hooked in. Priorities are numbers: smaller ones come first. */
export interface Hook {
  readonly type: 'filter' | 'nat' | 'route'
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting' | 'ingress'
  readonly priority: number
  /** For ingress alone, which is a hook of links; they must be there. */
  readonly devices?: readonly string[]
  readonly policy?: 'accept' | 'drop'
}

export interface Element {
  readonly key: NftText
  /** For maps: the data. */
  readonly value?: NftText
  readonly comment?: string
}

/** One command about one table. `definition` and `rule` are nft's own words. */
export type Command =
  | { readonly do: 'add' | 'delete'; readonly what: 'table'; readonly comment?: string }
  | { readonly do: 'add'; readonly what: 'chain'; readonly name: string; readonly hook?: Hook }
  | { readonly do: 'flush' | 'delete'; readonly what: 'chain'; readonly name: string }
  | { readonly do: 'add'; readonly what: 'map' | 'set'; readonly name: string; readonly definition: NftText }
  | { readonly do: 'flush' | 'delete'; readonly what: 'map' | 'set'; readonly name: string }
  | { readonly do: 'add'; readonly what: 'counter'; readonly name: string }
  | { readonly do: 'add'; readonly what: 'rule'; readonly chain: string; readonly rule: NftText }
  | {
      readonly do: 'add' | 'delete'
      readonly what: 'element'
      readonly of: string
      readonly elements: readonly Element[]
    }

/** The command in nft's language, one line. */
export function print(table: Table, command: Command): string {
  const where = `${table.family} ${name(table.name)}`
  switch (command.what) {
    case 'table':
      return `${command.do} table ${where}${command.comment === undefined ? '' : ` { comment ${quoted(command.comment)}; }`}`
    case 'chain':
      return `${command.do} chain ${where} ${name(command.name)}${'hook' in command && command.hook ? hookText(command.hook) : ''}`
    case 'map':
    case 'set':
      return `${command.do} ${command.what} ${where} ${name(command.name)}${'definition' in command ? ` { ${command.definition} }` : ''}`
    case 'counter':
      return `add counter ${where} ${name(command.name)}`
    case 'rule':
      return `add rule ${where} ${name(command.chain)} ${command.rule}`
    case 'element':
      return `${command.do} element ${where} ${name(command.of)} { ${command.elements.map(elementText).join(', ')} }`
    default:
      return unreachable(command)
  }
}

function hookText({ type, hook, priority, devices, policy }: Hook): string {
  const place = priority < 0 ? `-${numberText(-priority)}` : numberText(priority)
  const where = devices ? `${hook} devices = ${oneOf(devices.map(quoted))}` : hook
  return ` { type ${type} hook ${where} priority ${place}; policy ${policy ?? 'accept'}; }`
}

function elementText({ key, value, comment }: Element): string {
  const noted = comment === undefined ? key : `${key} comment ${quoted(comment)}`
  return value === undefined ? noted : `${noted} : ${value}`
}
