import { Secret } from '../api/core/secret.ts'
import type { Informer, Informers } from '../client/mod.ts'
import { byName, keyOf, splitKey } from './object-keys.ts'

/**
 * The Secrets that Routes name, each followed by its name alone: so a router needs no right to read others, and starts however many
 * there are.
 */
export interface ExternalSecrets {
  /** Undefined when there is none, or it may not be read. */
  secret(key: string): Secret | undefined
  /** Follows these and no others. Resolves when each was read once, or the signal aborts. */
  follow(keys: ReadonlySet<string>, signal: AbortSignal): Promise<void>
  /** Called with the "namespace/name" of every change. Returns the way to stop. */
  onChange(handler: (key: string) => void): () => void
}

interface Followed {
  readonly informer: Informer<Secret>
  readonly stop: AbortController
}

export function createExternalSecrets(informers: Informers): ExternalSecrets {
  const followed = new Map<string, Followed>()
  const handlers = new Set<(key: string) => void>()
  const start = (key: string): void => {
    const stop = new AbortController()
    const informer = informers.of(Secret, { ...byName(key), signal: stop.signal })
    informer.onChange(({ object }) => {
      for (const handler of handlers) handler(keyOf(object))
    })
    followed.set(key, { informer, stop })
  }
  return {
    secret: key => followed.get(key)?.informer.get(splitKey(key)),
    async follow(keys, signal) {
      for (const [key, { stop }] of followed)
        if (!keys.has(key)) {
          followed.delete(key)
          stop.abort()
        }
      const added = [...keys].filter(key => !followed.has(key))
      for (const key of added) start(key)
      if (added.length > 0) await informers.sync(signal)
    },
    onChange(handler) {
      handlers.add(handler)
      return () => handlers.delete(handler)
    },
  }
}
