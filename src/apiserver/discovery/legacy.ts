import { createHash } from 'node:crypto'
import type { Resource } from '../resource/resource.ts'
import type { SubresourcesOf } from './aggregated.ts'
import type { Group, GroupVersion } from './groups.ts'

export const apiVersions = (versions: readonly string[]) => ({
  kind: 'APIVersions',
  versions,
  serverAddressByClientCIDRs: [],
})

export const apiGroupList = (groups: readonly Group[]) => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groups.map(groupEntry),
})

export const apiGroup = (group: Group) => ({ kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) })

function groupEntry({ name, versions }: Group) {
  const entries = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions: entries, preferredVersion: entries[0] }
}

export const apiResourceList = ({ group, version, resources }: GroupVersion, subresourcesOf: SubresourcesOf) => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: group === '' ? version : `${group}/${version}`,
  resources: resources.flatMap(resource => [resourceEntry(resource), ...subresourceEntries(resource, subresourcesOf)]),
})

const resourceEntry = (resource: Resource) => ({
  name: resource.plural,
  singularName: resource.singular,
  namespaced: resource.namespaced,
  kind: resource.kind,
  verbs: resource.verbs,
  ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
  ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
  ...(resource.virtual ? {} : { storageVersionHash: storageVersionHash(resource) }),
})

const storageVersionHash = ({ storageVersion, kind }: Resource): string =>
  createHash('sha256').update(`${storageVersion}/${kind}`).digest().subarray(0, 8).toString('base64')

const subresourceEntries = (resource: Resource, subresourcesOf: SubresourcesOf) =>
  subresourcesOf(resource).map(({ name, responseKind, verbs }) => ({
    name: `${resource.plural}/${name}`,
    singularName: '',
    namespaced: resource.namespaced,
    ...(responseKind ? { group: responseKind.group, version: responseKind.version } : {}),
    kind: responseKind?.kind ?? resource.kind,
    verbs,
  }))
