import type { Resource } from '../resource/resource.ts'
import type { SubresourceInfo } from '../subresources/mod.ts'
import type { Group, GroupVersion } from './groups.ts'

/** The subresources of a type, in the order of their names. */
export type SubresourcesOf = (resource: Resource) => readonly SubresourceInfo[]

/** APIGroupDiscoveryList: everything a client needs to know in one document. */
export function aggregatedDiscovery(
  groups: readonly Group[],
  version: 'v2' | 'v2beta1',
  subresourcesOf: SubresourcesOf,
) {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(group => ({
      metadata: group.name === '' ? { creationTimestamp: null } : { name: group.name, creationTimestamp: null },
      versions: group.versions.map(of => versionDiscovery(of, subresourcesOf)),
    })),
  }
}

const versionDiscovery = (of: GroupVersion, subresourcesOf: SubresourcesOf) => ({
  version: of.version,
  resources: of.resources.map(resource => resourceDiscovery(resource, subresourcesOf)),
  freshness: 'Current',
})

function resourceDiscovery(resource: Resource, subresourcesOf: SubresourcesOf) {
  const subresources = subresourcesOf(resource)
  return {
    resource: resource.plural,
    responseKind: responseKind(resource),
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
    ...(subresources.length === 0
      ? {}
      : {
          subresources: subresources.map(({ name, responseKind: kind, verbs }) => ({
            subresource: name,
            responseKind: kind ?? responseKind(resource),
            verbs,
          })),
        }),
  }
}

const responseKind = ({ group, version, kind }: Resource) => ({ group, version, kind })
