import type { Entry } from '../../datapath/elements.ts'
import { adding, deleting, elementMaps } from '../../datapath/elements.ts'
import type { Program } from '../../datapath/program.ts'
import { CONTENT_TABLE, noteContent, readContent } from '../../datapath/program.ts'
import { TABLE } from '../../datapath/skeleton.ts'
import type { Nft } from '../../host/nft/mod.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Family } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import type { Command, Element } from '../../wire/nft/command.ts'
import { listed } from '../../wire/nft/listed.ts'
import type { NftText } from '../../wire/nft/text.ts'
import type { Group } from '../../wire/nft/transaction.ts'
import { transaction, transactions } from '../../wire/nft/transaction.ts'

/** What became of the kernel's table at start. */
export type Adoption = 'loaded' | 'adopted' | 'repaired'

/** Keeps the kernel's table equal to a program. */
export interface Rules {
  /** Applies what changed; resolves when the kernel has all of it. Rejects with NftError: `reconcile` then. */
  apply(groups: readonly Group[]): Promise<void>
  /**
   * Makes the table what the program says, whatever it holds: nothing is touched where the note in the kernel says that it
   * is so already, else only what differs. Connections live on in every case.
   */
  reconcile(): Promise<Adoption>
  /**
   * Looks whether something else has changed the table, by the note alone or by every element, and puts it right. Rejects
   * with NftError.
   */
  audit(depth: 'note' | 'elements'): Promise<Adoption>
}

export interface RulesDeps {
  readonly nft: Nft
  readonly program: Program
  readonly families: readonly Family[]
  readonly log: Logger
}

export function createRules({ nft, program, families, log }: RulesDeps): Rules {
  const run = async (texts: readonly string[], last: string): Promise<void> => {
    // Should the process end between two transactions, the next one must not take the table for finished.
    const [first = '', ...rest] = texts
    if (rest.length === 0) return nft.run(first + last)
    nft.run(noteContent('changing') + first)
    for (const text of rest.slice(0, -1)) {
      await breathe()
      nft.run(text)
    }
    await breathe()
    nft.run(rest.at(-1)! + last)
  }
  const isNoted = (): boolean => {
    const noted = readContent(nft.comment(CONTENT_TABLE.family, CONTENT_TABLE.name))
    const wanted = program.content()
    return noted?.skeleton === wanted.skeleton && noted.elements === wanted.elements
  }
  const isLoaded = (): boolean => nft.tables().includes(`${TABLE.family} ${TABLE.name}`)
  const makeRight = async (): Promise<Adoption> => {
    const wasLoaded = isLoaded()
    const hooks = transaction(TABLE, program.hooks()) + noteContent(program.content())
    try {
      nft.run(transaction(TABLE, program.base()))
      await run(transactions(TABLE, repairs(nft, program, families)), hooks)
      return wasLoaded ? 'repaired' : 'loaded'
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'the table cannot be repaired; replacing it')
      nft.load(replacement(program, hooks))
      return 'loaded'
    }
  }
  return {
    apply: groups => run(transactions(TABLE, groups), noteContent(program.content())),
    reconcile: async () => (isNoted() ? 'adopted' : makeRight()),
    async audit(depth) {
      const isRight = isNoted() && isLoaded() && (depth === 'note' || repairs(nft, program, families).length === 0)
      return isRight ? 'adopted' : makeRight()
    },
  }
}

/** Lets other work of the process go first for a moment: a transaction holds the thread for tens of milliseconds. */
const breathe = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** What turns the kernel's elements into the program's. */
function repairs(nft: Nft, program: Program, families: readonly Family[]): readonly Group[] {
  const present = new Map(families.flatMap(elementMaps).map(map => [map, elementsOf(nft, map)]))
  const changed: Group[] = []
  const missing = new Map<string, Element[]>()
  for (const entry of program.entries()) {
    const there = present.get(entry.of)
    const value = there?.get(entry.key)
    if (value === undefined) {
      collect(missing, entry)
      continue
    }
    there?.delete(entry.key)
    if (value !== (entry.value ?? '')) changed.push([deleting(entry), adding(entry)])
  }
  const extra = [...present].flatMap(([of, elements]) => [...elements.keys()].map((key): Entry => ({ of, key })))
  return [...extra.map((entry): readonly Command[] => [deleting(entry)]), ...additions(missing), ...changed]
}

function collect(elements: Map<string, Element[]>, entry: Entry): void {
  const own = elements.get(entry.of)
  if (own) own.push(entry)
  else elements.set(entry.of, [entry])
}

/** Elements in one group: several fit into one transaction. */
const CHUNK = 1000

/** Backends before what leads to them. */
function additions(missing: ReadonlyMap<string, readonly Element[]>): readonly Group[] {
  const isBackend = (map: string): boolean => map.includes('endpoints')
  const ordered = [...missing].toSorted(([a], [b]) => Number(isBackend(b)) - Number(isBackend(a)))
  return ordered.flatMap(([of, elements]) => {
    const groups: Group[] = []
    for (let i = 0; i < elements.length; i += CHUNK)
      groups.push([{ do: 'add', what: 'element', of, elements: elements.slice(i, i + CHUNK) }])
    return groups
  })
}

/** Key and data of each element of a map as the kernel has it; the data of a set's elements is empty. */
function elementsOf(nft: Nft, map: string): Map<NftText, string> {
  const elements = new Map<NftText, string>()
  for (const element of nft.elements(TABLE.family, TABLE.name, map) ?? []) {
    const read = listed(element)
    // Only the kernel's own listing gets in here, and only as the key of what is to be deleted or compared.
    if (read) elements.set(read.key as NftText, read.value ?? '')
  }
  return elements
}

/** All at once where the kernel takes it: the old table goes in the same transaction in which the new one comes. */
function replacement(program: Program, hooks: string): readonly string[] {
  const elements = new Map<string, Element[]>()
  for (const entry of program.entries()) collect(elements, entry)
  return [
    transaction(TABLE, [{ do: 'add', what: 'table' }, { do: 'delete', what: 'table' }, ...program.base()]),
    ...transactions(TABLE, additions(elements)),
    hooks,
  ]
}
