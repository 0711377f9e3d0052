import type { ApiObject, Kind } from '../schema/kind.ts'
import type { ObjectKey } from './mod.ts'

export type IndexFunction<T> = (object: T) => readonly string[]

export const keyOf = (key: ObjectKey): string => (key.namespace ? `${key.namespace}/${key.name}` : key.name)

interface Index<T> {
  readonly of: IndexFunction<T>
  readonly values: Map<string, Map<string, T>>
}

const NONE: readonly never[] = []

/** Objects by key, by namespace and by indexes. It knows nothing of events. */
export class ObjectStore<T extends ApiObject> {
  readonly #kind: Kind<T>
  readonly #objects = new Map<string, T>()
  readonly #namespaces = new Map<string, Map<string, T>>()
  readonly #indexes = new Map<IndexFunction<T>, Index<T>>()
  /** Arrays handed out by list, until something changes. */
  readonly #lists = new Map<string, readonly T[]>()

  constructor(kind: Kind<T>) {
    this.#kind = kind
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  entries(): Iterable<[string, T]> {
    return this.#objects
  }

  list(namespace: string | undefined): readonly T[] {
    const known = this.#lists.get(namespace ?? '')
    if (known) return known
    const source = namespace === undefined ? this.#objects : this.#namespaces.get(namespace)
    const made = source ? [...source.values()] : NONE
    this.#lists.set(namespace ?? '', made)
    return made
  }

  by(of: IndexFunction<T> | undefined, value: string): readonly T[] {
    const index = of && this.#indexes.get(of)
    if (!index) throw new Error(`${this.#kind.plural}: there is no such index`)
    const found = index.values.get(value)
    return found ? [...found.values()] : NONE
  }

  addIndex(of: IndexFunction<T>): void {
    if (this.#indexes.has(of)) return
    const index: Index<T> = { of, values: new Map() }
    for (const [key, object] of this.#objects) reindex(index, key, undefined, object)
    this.#indexes.set(of, index)
  }

  /** undefined removes. */
  set(key: string, object: T | undefined): void {
    const old = this.#objects.get(key)
    if (object === undefined) this.#objects.delete(key)
    else this.#objects.set(key, object)
    this.#lists.clear()
    const namespace = (object ?? old)?.metadata.namespace
    if (namespace) setIn(this.#namespaces, namespace, key, object)
    for (const index of this.#indexes.values()) reindex(index, key, old, object)
  }
}

function setIn<T>(maps: Map<string, Map<string, T>>, name: string, key: string, object: T | undefined): void {
  const inner = maps.get(name)
  if (object !== undefined) {
    if (inner) inner.set(key, object)
    else maps.set(name, new Map([[key, object]]))
    return
  }
  inner?.delete(key)
  if (inner?.size === 0) maps.delete(name)
}

function reindex<T>(index: Index<T>, key: string, old: T | undefined, object: T | undefined): void {
  const next = object === undefined ? NONE : index.of(object)
  if (old !== undefined)
    for (const value of index.of(old)) if (!next.includes(value)) setIn(index.values, value, key, undefined)
  for (const value of next) setIn(index.values, value, key, object)
}
