import type { Registry } from '../resource/registry.ts'
import type { Resource } from '../resource/resource.ts'

export interface GroupVersion {
  readonly group: string
  readonly version: string
  readonly resources: readonly Resource[]
}

export interface Group {
  readonly name: string
  /** The preferred version first. */
  readonly versions: readonly GroupVersion[]
}

/** Groups in the order clients resolve short names by: core, then the built-in ones, then the others by name. */
const ORDER = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'flowcontrol.apiserver.k8s.io',
]

export function groupsOf(registry: Registry): readonly Group[] {
  const groups = new Map<string, Map<string, Resource[]>>()
  for (const resource of registry.all()) {
    const versions = groups.get(resource.group) ?? new Map<string, Resource[]>()
    groups.set(resource.group, versions)
    const resources = versions.get(resource.version) ?? []
    versions.set(resource.version, [...resources, resource])
  }
  return [...groups]
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map(([name, versions]) => ({
      name,
      versions: [...versions]
        .sort(([a], [b]) => compareVersions(a, b))
        .map(([version, resources]) => ({ group: name, version, resources })),
    }))
}

const rank = (group: string): number => {
  const index = ORDER.indexOf(group)
  return index < 0 ? ORDER.length : index
}

const STABILITY: Readonly<Record<string, number>> = { '': 2, beta: 1, alpha: 0 }

/** v2 before v1 before v1beta2 before v1alpha1, and what is no such version last, by name. */
export function compareVersions(a: string, b: string): number {
  const left = parts(a)
  const right = parts(b)
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : 1
  return right.stability - left.stability || right.major - left.major || right.minor - left.minor
}

function parts(version: string) {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version)
  if (!match) return undefined
  return { major: Number(match[1]), stability: STABILITY[match[2] ?? '']!, minor: Number(match[3] ?? 0) }
}
