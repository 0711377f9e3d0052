import type { Store, StoreEvent } from '../store/mod.ts'
import type { Obj } from './object.ts'
import { parseBytes } from './stored.ts'

/** Tells of everything below a prefix, and of every change in the turn in which it is durable. Keys are what follows the prefix. */
export function follow(store: Store, prefix: string, tell: (key: string, object: Obj | undefined) => void): () => void {
  for (const { key, value } of store.range(prefix).items) tell(key.slice(prefix.length), parseBytes(value))
  return store.watch(prefix, store.revision, (events: readonly StoreEvent[]) => {
    for (const { type, key, value } of events)
      tell(key.slice(prefix.length), type === 'delete' ? undefined : parseBytes(value))
  })
}
