import type { NetnsDriver } from '../netns/mod.ts'
import { type Commands, spawnedCommands } from './commands.ts'
import { libraryCommands } from './library.ts'
import { type Nft, type NftDriver, NftError, type TableWatch } from './mod.ts'
import type { RawTransactions } from './raw/socket.ts'
import { rawTransactions } from './raw/socket.ts'
import { loadInParts, refuse } from './text.ts'
import type { KernelWatch } from './watch.ts'
import { watchTables } from './watch.ts'

/**
 * nftables of this kernel. Transactions of the forms that change often go to it as messages of our own; all else, and what
 * it refuses, by libnftables in this process, or by `nft` processes where the library is missing.
 */
export function kernelNft(
  netns: NetnsDriver,
  make: () => Commands = preferLibrary,
  makeRaw: () => RawTransactions = rawTransactions,
): NftDriver {
  return {
    open: at => {
      const commands = netns.within(at, make)
      const raw = makeRaw()
      // The library may reopen its socket, so it runs inside too.
      const watched = watches(() => netns.within(at, watchTables))
      return nftOf(
        {
          run: text => watched.own(() => netns.within(at, () => (raw.run(text) ? undefined : commands.run(text)))),
          list: (text, form) => netns.within(at, () => commands.list(text, form)),
          close() {
            raw.close()
            commands.close()
          },
        },
        watched.add,
      )
    },
  }
}

function preferLibrary(): Commands {
  try {
    return libraryCommands()
  } catch {
    return spawnedCommands()
  }
}

/** All who watch are told apart from what is our own. */
function watches(make: () => KernelWatch): { own<T>(run: () => T): T; add(): TableWatch } {
  const all = new Set<KernelWatch>()
  return {
    own: run => [...all].reduce((inner, watch) => () => watch.own(inner), run)(),
    add() {
      const watch = make()
      all.add(watch)
      return {
        changed: watch.changed,
        close: () => {
          all.delete(watch)
          watch.close()
        },
      }
    },
  }
}

function nftOf(commands: Commands, watch: () => TableWatch): Nft {
  const run = (text: string): void => {
    refuse(text)
    const error = commands.run(text)
    if (error !== undefined) throw new NftError(error.trimEnd())
  }
  const objects = (command: string): readonly Listed[] | undefined => {
    const text = commands.list(command, 'json')
    return text === undefined ? undefined : (JSON.parse(text) as { nftables: readonly Listed[] }).nftables
  }
  return {
    run,
    load: all => loadInParts(all, run),
    elements: (family, table, name) => {
      const where = `${family} ${table} ${name}`
      const found = objects(`list map ${where}`) ?? objects(`list set ${where}`)
      const item = found?.find(object => object.map ?? object.set)
      return item && ((item.map ?? item.set)?.elem ?? [])
    },
    tables: () =>
      (objects('list tables') ?? []).flatMap(({ table }) => (table ? [`${table.family} ${table.name}`] : [])),
    comment: (family, table) => {
      const text = commands.list(`list table ${family} ${table}`, 'terse')
      return text?.match(/^\tcomment "(.*)"$/m)?.[1]
    },
    outline: (family, table) =>
      commands.list(`list table ${family} ${table}`, 'terse')?.replace(/packets \d+ bytes \d+/g, ''),
    counter: (family, table, name) => {
      const found = objects(`list counter ${family} ${table} ${name}`)?.find(object => object.counter)?.counter
      return found && { packets: found.packets, bytes: found.bytes }
    },
    watch,
    close: commands.close,
  }
}

interface Listed {
  readonly table?: { readonly family: string; readonly name: string }
  readonly map?: { readonly elem?: readonly unknown[] }
  readonly set?: { readonly elem?: readonly unknown[] }
  readonly counter?: { readonly packets: number; readonly bytes: number }
}
