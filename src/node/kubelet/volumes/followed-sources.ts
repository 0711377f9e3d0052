import { ConfigMap } from '../../../api/core/config-map.ts'
import type { Pod } from '../../../api/core/pod.ts'
import { Secret } from '../../../api/core/secret.ts'
import type { Informer, Informers } from '../../../client/mod.ts'
import type { Sources } from '../spec/env.ts'
import { volumeSources } from '../spec/volumes.ts'
import { bundlesOf } from './bundles.ts'

/** ConfigMaps and Secrets that pods of the node mount, each followed by itself while one does. */
export interface FollowedSources {
  /** From now on `changed` is called with the pod when one of its sources is different. */
  add(pod: Pod): void
  forget(pod: Pod): void
  /** Undefined while something is not known yet: `changed` will be called when it is. */
  of(pod: Pod): Sources | undefined
}

interface Source {
  readonly pods: Set<string>
  readonly stop: AbortController
  readonly cache: Informer<ConfigMap> | Informer<Secret>
}

type Key = readonly [kind: 'ConfigMap' | 'Secret', namespace: string, name: string]

export function followSources(informers: Informers, changed: (podUid: string) => void): FollowedSources {
  const sources = new Map<string, Source>()
  const watch = ([kind, namespace, name]: Key): Source => {
    const pods = new Set<string>()
    const stop = new AbortController()
    const tell = (): void => {
      for (const podUid of pods) changed(podUid)
    }
    const selection = { namespace, fieldSelector: `metadata.name=${name}`, signal: stop.signal }
    const cache =
      kind === 'Secret'
        ? informers.of(Secret, selection)
        : (bundlesOf(informers, name) ?? informers.of(ConfigMap, selection))
    const forget = cache.onChange(({ object }) => {
      if (object.metadata.namespace === namespace) tell()
    })
    stop.signal.addEventListener('abort', forget, { once: true })
    informers.sync(stop.signal).then(tell, () => {})
    return { pods, stop, cache }
  }
  return {
    add(pod) {
      for (const key of keysOf(pod)) {
        const source = sources.get(key.join('/')) ?? watch(key)
        sources.set(key.join('/'), source)
        source.pods.add(pod.metadata.uid)
      }
    },
    forget(pod) {
      for (const key of keysOf(pod)) {
        const source = sources.get(key.join('/'))
        source?.pods.delete(pod.metadata.uid)
        if (source?.pods.size !== 0) continue
        source.stop.abort()
        sources.delete(key.join('/'))
      }
    },
    of(pod) {
      const configMaps = new Map<string, ConfigMap>()
      const secrets = new Map<string, Secret>()
      for (const key of keysOf(pod)) {
        const cache = sources.get(key.join('/'))?.cache
        if (!cache?.synced) return undefined
        const object = cache.get({ namespace: key[1], name: key[2] })
        if (object && key[0] === 'ConfigMap') configMaps.set(key[2], object as ConfigMap)
        else if (object) secrets.set(key[2], object as Secret)
      }
      return { configMaps, secrets }
    },
  }
}

function keysOf(pod: Pod): readonly Key[] {
  const { configMaps, secrets } = volumeSources(pod)
  const { namespace = '' } = pod.metadata
  return [
    ...[...new Set(configMaps)].map(name => ['ConfigMap', namespace, name] as const),
    ...[...new Set(secrets)].map(name => ['Secret', namespace, name] as const),
  ]
}
