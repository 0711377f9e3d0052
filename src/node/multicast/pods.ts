import { Pod } from '../../api/core/pod.ts'
import type { Informer, Informers } from '../../client/mod.ts'
import type { Ip } from '../../lib/ip.ts'
import { parseIp } from '../../lib/ip.ts'

export interface KnownPod {
  readonly uid: string
  readonly node: string
  readonly addresses: readonly Ip[]
}

/** Pods of some namespaces, each followed by itself for as long as somebody asks for it. */
export interface FollowedPods {
  /** Resolves when the pods of these namespaces, and of no others, are known. */
  follow(namespaces: readonly string[]): Promise<void>
  namespaces(): readonly string[]
  /** Those with an address of their own, in an order that does not change. */
  of(namespace: string): readonly KnownPod[]
  onChange(handler: () => void): () => void
}

interface Followed {
  readonly stop: AbortController
  readonly pods: Informer<Pod>
}

export function followPods(informers: Informers, signal: AbortSignal): FollowedPods {
  const followed = new Map<string, Followed>()
  const handlers = new Set<() => void>()
  const tell = (): void => {
    for (const handler of handlers) handler()
  }
  return {
    async follow(namespaces) {
      for (const [namespace, { stop }] of followed) {
        if (namespaces.includes(namespace)) continue
        stop.abort()
        followed.delete(namespace)
      }
      const more = namespaces.filter(namespace => !followed.has(namespace))
      for (const namespace of more) {
        const stop = new AbortController()
        const pods = informers.of(Pod, { namespace, trim, signal: stop.signal })
        pods.onChange(tell)
        followed.set(namespace, { stop, pods })
      }
      if (more.length > 0) await informers.sync(signal)
    },
    namespaces: () => [...followed.keys()].toSorted(),
    of: namespace =>
      (followed.get(namespace)?.pods.list() ?? []).flatMap(known).toSorted((a, b) => (a.uid < b.uid ? -1 : 1)),
    onChange(handler) {
      handlers.add(handler)
      return () => void handlers.delete(handler)
    },
  }
}

const ENDED = new Set(['Succeeded', 'Failed'])

function known({ metadata, spec, status }: Pod): readonly KnownPod[] {
  const addresses = (status?.podIPs ?? []).flatMap(({ ip }) => parseIp(ip ?? '') ?? [])
  if (spec.hostNetwork || !spec.nodeName || addresses.length === 0 || ENDED.has(status?.phase ?? '')) return []
  return [{ uid: metadata.uid, node: spec.nodeName, addresses }]
}

const trim = ({ apiVersion, kind, metadata, spec, status }: Pod): Pod => {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata
  const { nodeName, hostNetwork } = spec
  const { phase, podIPs } = status ?? {}
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { nodeName, hostNetwork, containers: [] },
    status: { phase, podIPs },
  } as unknown as Pod
}
