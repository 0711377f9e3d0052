import type { SortedKeys } from './keys.ts'
import { sortedKeys } from './keys.ts'
import type { Stored } from './mod.ts'
import { RevisionCompacted, RevisionInFuture } from './mod.ts'

/** One state of one key. The chain of previous states goes back as far as the past is kept. */
export interface Version {
  readonly key: string
  readonly createRevision: number
  readonly revision: number
  readonly deleted: boolean
  /** Absent when the backing holds it: only ever on the newest version of a key, outside the kept past. */
  value: Uint8Array | undefined
  previous: Version | undefined
}

/** Reads the value of a key's newest durable version. */
export type Load = (version: Version) => Uint8Array

/** Every key with its versions, and the past they can be read at. */
export interface Versions {
  revision: number
  oldestRevision: number
  newest(key: string): Version | undefined
  put(version: Version): void
  forget(key: string): void
  at(key: string, revision: number): Version | undefined
  /** The live versions of a prefix at a revision, in key order. */
  scan(prefix: string, revision: number, after?: string): Generator<Version>
  checkRevision(revision: number): void
}

export function createVersions(initial: readonly Version[], revision: number): Versions {
  const newest = new Map<string, Version>(initial.map(version => [version.key, version]))
  const keys: SortedKeys = sortedKeys([...newest.keys()].sort())
  const at = (key: string, revision: number): Version | undefined => {
    let version = newest.get(key)
    while (version && version.revision > revision) version = version.previous
    return version?.deleted ? undefined : version
  }
  const self: Versions = {
    revision,
    oldestRevision: revision,
    newest: key => newest.get(key),
    put(version) {
      if (!newest.has(version.key)) keys.add(version.key)
      newest.set(version.key, version)
    },
    forget(key) {
      newest.delete(key)
      keys.delete(key)
    },
    at,
    *scan(prefix, revision, after) {
      for (const key of keys.from(prefix, after)) {
        const version = at(key, revision)
        if (version) yield version
      }
    },
    checkRevision(revision) {
      if (revision > self.revision) throw new RevisionInFuture(revision, self.revision)
      if (revision < self.oldestRevision) throw new RevisionCompacted(revision, self.oldestRevision)
    },
  }
  return self
}

/** The version with its value, as callers see it. */
export function storedOf(version: Version, load: Load): Stored {
  if (version.value !== undefined) return version as Version & { value: Uint8Array }
  const { key, createRevision, revision } = version
  return { key, createRevision, revision, value: load(version) }
}

/** A version whose value is read when it is asked for, as it was at that revision whatever is written meanwhile. */
class LazyStored implements Stored {
  readonly #version: Version
  readonly #load: Load
  constructor(version: Version, load: Load) {
    this.#version = version
    this.#load = load
  }
  get key(): string {
    return this.#version.key
  }
  get createRevision(): number {
    return this.#version.createRevision
  }
  get revision(): number {
    return this.#version.revision
  }
  get value(): Uint8Array {
    return this.#version.value ?? this.#load(this.#version)
  }
}

export const lazyStoredOf = (version: Version, load: Load): Stored => new LazyStored(version, load)
