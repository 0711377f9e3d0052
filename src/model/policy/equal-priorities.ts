import type { AdminNetworkPolicy } from '../../api/cluster-policy/admin-network-policy.ts'
import type { ClusterNetworkPolicy } from '../../api/cluster-policy/cluster-network-policy.ts'

/** For each policy that shares its priority with others of its tier, those others; all as "kind name". */
export function equalPriorities(
  admin: readonly AdminNetworkPolicy[],
  cluster: readonly ClusterNetworkPolicy[],
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  const add = (place: string, key: string): void => {
    const known = groups.get(place)
    if (known) known.push(key)
    else groups.set(place, [key])
  }
  for (const { metadata, spec } of admin) add(`Admin ${spec.priority}`, `adminnetworkpolicy ${metadata.name}`)
  for (const { metadata, spec } of cluster)
    add(`${spec.tier} ${spec.priority ?? 0}`, `clusternetworkpolicy ${metadata.name}`)
  return new Map(
    [...groups.values()]
      .filter(keys => keys.length > 1)
      .flatMap(keys => keys.map(key => [key, keys.filter(other => other !== key).toSorted()] as const)),
  )
}
