import type { Verb } from '../context.ts'
import type { Resource } from '../resource/resource.ts'
import { get } from '../verbs/get.ts'
import { patch } from '../verbs/patch.ts'
import { update } from '../verbs/update.ts'

/** A subresource as discovery shows it. */
export interface SubresourceInfo {
  readonly name: string
  /** Absent: the type's own kind. */
  readonly responseKind?: { readonly group: string; readonly version: string; readonly kind: string }
  readonly verbs: readonly string[]
}

export interface Subresource extends Omit<SubresourceInfo, 'verbs'> {
  readonly verbs: Readonly<Record<string, Verb>>
}

export interface Subresources {
  find(resource: Resource, name: string): Readonly<Record<string, Verb>> | undefined
  of(resource: Resource): readonly SubresourceInfo[]
}

const STATUS: Subresource = { name: 'status', verbs: { get, patch, update } }

/** Special ones by `group/plural/subresource`; `scale` is for every type that says how it scales. */
export function createSubresources(special: Readonly<Record<string, Subresource>>, scale?: Subresource): Subresources {
  const all = (resource: Resource): readonly Subresource[] => [
    ...(resource.subresources.status ? [STATUS] : []),
    ...(resource.subresources.scale && scale ? [scale] : []),
    ...(resource.subresources.connect ?? []).flatMap(
      name => special[`${resource.group}/${resource.plural}/${name}`] ?? [],
    ),
  ]
  return {
    find: (resource, name) => all(resource).find(found => found.name === name)?.verbs,
    of: resource =>
      all(resource)
        .map(({ verbs, ...info }) => ({ ...info, verbs: Object.keys(verbs).sort() }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}
