import type { Resource } from './resource.ts'

/** Every type the server serves now. Custom resources come and go. */
export interface Registry {
  /** Changes whenever the set does: what is derived from it can be kept by this. */
  readonly generation: number
  find(group: string, version: string, plural: string): Resource | undefined
  /** By kind, in any version of the group when version is absent. */
  byKind(group: string, kind: string, version?: string): Resource | undefined
  hasVersion(group: string, version: string): boolean
  all(): readonly Resource[]
  /** Replaces what the owner had registered. */
  set(owner: string, resources: readonly Resource[]): void
}

export function createRegistry(builtin: readonly Resource[]): Registry {
  const owners = new Map<string, readonly Resource[]>([['', builtin]])
  let generation = 0
  let paths = new Map<string, Resource>()
  let versions = new Set<string>()
  let list: readonly Resource[] = []
  const index = (): void => {
    generation++
    list = [...owners.values()].flat()
    versions = new Set(list.map(({ group, version }) => `${group}/${version}`))
    paths = new Map()
    for (const resource of list) {
      const path = `${resource.group}/${resource.version}/${resource.plural}`
      // The first owner of a path keeps it: built-in kinds cannot be taken over.
      if (!paths.has(path)) paths.set(path, resource)
    }
  }
  index()
  return {
    get generation() {
      return generation
    },
    find: (group, version, plural) => paths.get(`${group}/${version}/${plural}`),
    byKind: (group, kind, version) =>
      list.find(
        resource =>
          resource.group === group && resource.kind === kind && (version === undefined || resource.version === version),
      ),
    hasVersion: (group, version) => versions.has(`${group}/${version}`),
    all: () => list,
    set(owner, resources) {
      if (resources.length === 0) owners.delete(owner)
      else owners.set(owner, resources)
      index()
    },
  }
}
