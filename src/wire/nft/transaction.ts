import type { Command, Element, Table } from './command.ts'
import { print } from './command.ts'

/** Commands that must take effect together. */
export type Group = readonly Command[]

/**
 * Elements in one command: the library's work and memory for a command grow with its length (11 ms for 1,000 elements,
 * 89 ms and 24 MB for 10,000).
 */
const ELEMENTS_A_COMMAND = 1000
/**
 * Elements in one transaction, where a chain or a rule counts for five: without real root the netlink buffer bounds a
 * transaction at 4,416 elements.
 */
export const TRANSACTION_WEIGHT = 4000
const OTHER_WEIGHT = 5

/**
 * The groups in order, as few transactions as the limit allows; no group is split unless it alone is above the limit,
 * when it goes alone and whole. Every text is one transaction for `Nft.run`.
 */
export function transactions(table: Table, groups: readonly Group[], limit = TRANSACTION_WEIGHT): readonly string[] {
  const texts: string[] = []
  let current: Command[] = []
  let weight = 0
  const flush = (): void => {
    if (current.length > 0) texts.push(transaction(table, current))
    current = []
    weight = 0
  }
  for (const group of groups) {
    const more = group.reduce((sum, command) => sum + weightOf(command), 0)
    if (weight > 0 && weight + more > limit) flush()
    current.push(...group)
    weight += more
  }
  flush()
  return texts
}

const weightOf = (command: Command): number => (command.what === 'element' ? command.elements.length : OTHER_WEIGHT)

/**
 * One transaction. Element commands that follow each other are gathered, deletions first, and long ones are cut: so
 * among those no element may be added first and deleted later.
 */
export function transaction(table: Table, commands: readonly Command[]): string {
  return gathered(commands)
    .flatMap(cut)
    .map(command => `${print(table, command)}\n`)
    .join('')
}

type ElementCommand = Extract<Command, { what: 'element' }>

function gathered(commands: readonly Command[]): readonly Command[] {
  const result: Command[] = []
  let run = new Map<string, ElementCommand & { readonly elements: Element[] }>()
  const flush = (): void => {
    const all = [...run.values()]
    result.push(...all.filter(command => command.do === 'delete'), ...all.filter(command => command.do === 'add'))
    run = new Map()
  }
  for (const command of commands) {
    if (command.what !== 'element') {
      flush()
      result.push(command)
      continue
    }
    const key = `${command.do} ${command.of}`
    const known = run.get(key)
    if (!known) run.set(key, { ...command, elements: [...command.elements] })
    else for (const element of command.elements) known.elements.push(element)
  }
  flush()
  return result.filter(command => command.what !== 'element' || command.elements.length > 0)
}

function cut(command: Command): readonly Command[] {
  if (command.what !== 'element' || command.elements.length <= ELEMENTS_A_COMMAND) return [command]
  const pieces: Command[] = []
  for (let i = 0; i < command.elements.length; i += ELEMENTS_A_COMMAND)
    pieces.push({ ...command, elements: command.elements.slice(i, i + ELEMENTS_A_COMMAND) })
  return pieces
}
