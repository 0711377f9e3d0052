import type { Netns } from '../netns/mod.ts'
import { element, parse, type Statement, split } from './fake-syntax.ts'
import { type Nft, type NftDriver, NftError } from './mod.ts'
import { loadInParts, refuse } from './text.ts'

interface Collection {
  readonly kind: 'map' | 'set'
  readonly elements: Map<string, { readonly key: unknown; readonly value?: unknown }>
}

interface Table {
  comment?: string
  readonly chains: Map<string, { readonly base: string; rules: string[] }>
  readonly collections: Map<string, Collection>
  readonly counters: Map<string, { packets: number; bytes: number }>
}

export interface FakeNft extends NftDriver {
  /** Every transaction that was applied in the namespace, oldest first. */
  applied(netns: Netns): readonly string[]
  /** Tables, chains and rules, as text of one line each, sorted by table and chain. */
  dump(netns: Netns): readonly string[]
  /** Sets a named counter, as packets would. */
  count(netns: Netns, where: string, packets: number, bytes: number): void
  /** The next transaction fails with this message. */
  failNext(message: string): void
}

/** nftables in memory: transactions are atomic, and refused for the reasons callers can run into. */
export function fakeNft(): FakeNft {
  const rulesets = new Map<number, Map<string, Table>>()
  const logs = new Map<number, string[]>()
  /** Who watches a namespace: with the object whose changes are its own. */
  const watches = new Set<{ readonly id: number; readonly nft: Nft; readonly seen: Set<string> }>()
  let failure: string | undefined
  const of = (id: number): Map<string, Table> => rulesets.get(id) ?? new Map()
  const run = (id: number, text: string, by: Nft): void => {
    refuse(text)
    const message = failure
    failure = undefined
    if (message !== undefined) throw new NftError(message)
    const next = new Map(of(id))
    const own = new Set<string>()
    for (const statement of parse(text)) {
      const table = statement.words.slice(1, 3).join(' ')
      // What refuses later must not have changed what is there.
      if (next.has(table) && !own.has(table)) next.set(table, structuredClone(next.get(table)!))
      own.add(table)
      apply(next, statement)
    }
    rulesets.set(id, next)
    for (const { seen } of [...watches].filter(one => one.id === id && one.nft !== by))
      for (const table of own) seen.add(table)
    const log = logs.get(id) ?? []
    log.push(text)
    logs.set(id, log)
  }
  const open = ({ fd: id }: Netns): Nft => {
    const nft: Nft = {
      run: text => run(id, text, nft),
      load: commands => loadInParts(commands, text => run(id, text, nft)),
      elements: (family, table, name) => {
        const found = of(id).get(`${family} ${table}`)?.collections.get(name)
        return (
          found &&
          [...found.elements.values()].map(item => (item.value === undefined ? item.key : [item.key, item.value]))
        )
      },
      tables: () => [...of(id).keys()],
      comment: (family, table) => of(id).get(`${family} ${table}`)?.comment,
      outline: (family, table) => {
        const found = of(id).get(`${family} ${table}`)
        return found && JSON.stringify([[...found.chains], [...found.collections.keys()], [...found.counters.keys()]])
      },
      counter: (family, table, name) => {
        const found = of(id).get(`${family} ${table}`)?.counters.get(name)
        return found && { ...found }
      },
      watch() {
        const watch = { id, nft, seen: new Set<string>() }
        watches.add(watch)
        return {
          changed() {
            const changed = new Set(watch.seen)
            watch.seen.clear()
            return changed
          },
          close: () => void watches.delete(watch),
        }
      },
      close: () => {},
    }
    return nft
  }
  return {
    open,
    applied: netns => logs.get(netns.fd) ?? [],
    dump: netns => [...of(netns.fd)].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(dumpTable),
    count: (netns, where, packets, bytes) => {
      const [family, table, name] = where.split(' ')
      of(netns.fd).get(`${family} ${table}`)?.counters.set(name!, { packets, bytes })
    },
    failNext: message => {
      failure = message
    },
  }
}

function dumpTable([name, table]: [string, Table]): string[] {
  const chains = [...table.chains].sort(([a], [b]) => (a < b ? -1 : 1))
  return chains.flatMap(([chain, { base, rules }]) => [
    `${name} ${chain}${base && ` { ${base} }`}`,
    ...rules.map(rule => `${name} ${chain}: ${rule}`),
  ])
}

const missing = (): NftError => new NftError('Error: Could not process rule: No such file or directory')
const existing = (): NftError => new NftError('Error: Could not process rule: File exists')
const busy = (): NftError => new NftError('Error: Could not process rule: Device or resource busy')
const syntax = (text: string): NftError => new NftError(`Error: syntax error, unexpected ${text}`)

function apply(ruleset: Map<string, Table>, statement: Statement): void {
  if (statement.verb === 'syntax error') throw syntax(statement.words[0]!)
  const [object, family, tableName, name] = statement.words
  if (object === 'ruleset') ruleset.clear()
  else if (family === undefined || tableName === undefined) throw syntax(statement.words.join(' '))
  else if (object === 'table') applyTable(ruleset, statement, `${family} ${tableName}`)
  else {
    const table = ruleset.get(`${family} ${tableName}`)
    if (table) applyInside(table, object!, name ?? '', statement)
    else if (statement.verb !== 'destroy') throw missing()
  }
}

function applyTable(ruleset: Map<string, Table>, { verb, body }: Statement & { body?: string }, name: string): void {
  const table = ruleset.get(name)
  if (verb === 'delete' && !table) throw missing()
  if (verb === 'create' && table) throw existing()
  if (verb === 'delete' || verb === 'destroy') return void ruleset.delete(name)
  if (verb === 'flush') return void table?.chains.forEach(chain => void chain.rules.splice(0))
  const made: Table = table ?? { chains: new Map(), collections: new Map(), counters: new Map() }
  ruleset.set(name, made)
  for (const part of split(body ?? '')) {
    const comment = /^comment "(.*)"$/.exec(part)
    if (comment) made.comment ??= comment[1]!
    else applyBlock(made, part)
  }
}

/** A chain, map, set or counter as it stands inside a table block. */
function applyBlock(table: Table, text: string): void {
  const match = /^(chain|map|set|counter)\s+(\S+)\s*(?:\{(.*)\})?$/s.exec(text)
  if (!match) throw syntax(text)
  applyInside(table, match[1]!, match[2]!, { verb: 'add', words: [], body: match[3] ?? '' })
}

function applyInside(table: Table, object: string, name: string, statement: Statement): void {
  if (object === 'chain') applyChain(table, name, statement)
  else if (object === 'rule') addRule(table, name, statement.words.slice(4).join(' '))
  else if (object === 'map' || object === 'set') applyCollection(table, object, name, statement)
  else if (object === 'element') applyElements(table, name, statement)
  else if (object === 'counter') applyCounter(table, name, statement)
  else throw syntax(object)
}

function applyCounter(table: Table, name: string, { verb }: Statement): void {
  if (verb === 'add' || verb === 'create')
    table.counters.set(name, table.counters.get(name) ?? { packets: 0, bytes: 0 })
  else if (!table.counters.delete(name) && verb === 'delete') throw missing()
}

const bodyOf = (statement: Statement): string => ('body' in statement ? (statement.body ?? '') : '')

function applyChain(table: Table, name: string, statement: Statement): void {
  const chain = table.chains.get(name)
  if (statement.verb === 'add' || statement.verb === 'create') {
    if (chain && statement.verb === 'create') throw existing()
    const parts = split(bodyOf(statement))
    const base = parts.filter(part => /^(type|policy)\s/.test(part)).join('; ')
    if (!chain) table.chains.set(name, { base, rules: [] })
    for (const rule of parts.filter(part => !/^(type|policy|comment)\s/.test(part))) addRule(table, name, rule)
    return
  }
  if (!chain) {
    if (statement.verb === 'destroy') return
    throw missing()
  }
  if (statement.verb === 'flush') return void chain.rules.splice(0)
  if (used(table, name)) throw busy()
  table.chains.delete(name)
}

function addRule(table: Table, chain: string, rule: string): void {
  const found = table.chains.get(chain)
  if (!found) throw missing()
  for (const [, target] of rule.matchAll(/\b(?:goto|jump)\s+(\S+?)(?=[\s,}]|$)/g))
    if (!table.chains.has(target!)) throw missing()
  for (const [, name] of rule.matchAll(/@(\w[\w-]*)/g))
    if (!/^(th|nh|ll|ih)$/.test(name!) && !table.collections.has(name!)) throw missing()
  found.rules.push(rule)
}

/** Whether a rule or an element leads to the chain. */
function used(table: Table, chain: string): boolean {
  const rule = new RegExp(`\\b(goto|jump)\\s+${chain}(?=[\\s,}]|$)`)
  return (
    [...table.chains.values()].some(other => other.rules.some(text => rule.test(text))) ||
    [...table.collections.values()].some(({ elements }) =>
      [...elements.values()].some(({ value }) => targetOf(value) === chain),
    )
  )
}

function targetOf(value: unknown): string | undefined {
  const { goto, jump } = (value ?? {}) as { goto?: { target: string }; jump?: { target: string } }
  return (goto ?? jump)?.target
}

function applyCollection(table: Table, kind: 'map' | 'set', name: string, statement: Statement): void {
  const found = table.collections.get(name)
  if (statement.verb === 'add' || statement.verb === 'create') {
    if (found && statement.verb === 'create') throw existing()
    if (!found) table.collections.set(name, { kind, elements: new Map() })
    const inline = /\belements\s*=\s*\{(.*?)\}/s.exec(bodyOf(statement))
    if (inline) applyElements(table, name, { verb: 'add', words: [], body: inline[1]! })
    return
  }
  if (!found) {
    if (statement.verb === 'destroy') return
    throw missing()
  }
  if (statement.verb === 'flush') {
    found.elements.clear()
    return
  }
  const reference = new RegExp(`@${name}(?![\\w-])`)
  if ([...table.chains.values()].some(chain => chain.rules.some(rule => reference.test(rule)))) throw busy()
  table.collections.delete(name)
}

function applyElements(table: Table, name: string, statement: Statement): void {
  const found = table.collections.get(name)
  if (!found) throw missing()
  for (const text of split(bodyOf(statement), ',')) {
    const item = element(text.replace(/\s+/g, ' '))
    const key = JSON.stringify(item.key)
    const old = found.elements.get(key)
    if (statement.verb === 'add' || statement.verb === 'create') addElement(table, found, key, item, old)
    else if (old) found.elements.delete(key)
    else if (statement.verb === 'delete') throw missing()
  }
}

function addElement(
  table: Table,
  collection: Collection,
  key: string,
  item: { readonly key: unknown; readonly value?: unknown },
  old: { readonly value?: unknown } | undefined,
): void {
  const target = targetOf(item.value)
  if (target !== undefined && !table.chains.has(target)) throw missing()
  if (old && JSON.stringify(old.value) !== JSON.stringify(item.value)) throw existing()
  collection.elements.set(key, item)
}
