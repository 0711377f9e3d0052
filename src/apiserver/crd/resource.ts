import { ObjectMeta } from '../../api/meta/meta.ts'
import type { Subresources } from '../../schema/kind.ts'
import { mergeType } from '../../schema/merge-type.ts'
import { messageNode } from '../../schema/message-node.ts'
import type { StructNode } from '../../schema/node.ts'
import { structuralNode } from '../../schema/structural/node.ts'
import type { JsonSchema } from '../../schema/structural/schema.ts'
import { customTarget } from '../patch/mod.ts'
import { CUSTOM_BEHAVIOUR } from '../resource/behaviour.ts'
import type { Resource } from '../resource/resource.ts'
import { bySubresource, prefixOf } from '../resource/resource.ts'
import { customColumns } from './columns.ts'
import type { WebhookReach } from './conversion/conversion.ts'
import { conversionOf } from './conversion/conversion.ts'
import type { Definition, DefinitionVersion } from './definition.ts'
import { fullNames } from './definition.ts'
import { parseJsonPath } from './json-path.ts'

/** In the order in which apiextensions-apiserver tells them. */
const CUSTOM_VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'] as const

const ENVELOPE = { metadata: messageNode(ObjectMeta) }
const ANYTHING: JsonSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

/** The served versions of a definition whose names were accepted, the stored one in the same place for all. */
export function customResources(definition: Definition, kernel: WebhookReach): readonly Resource[] {
  const { group, versions } = definition.spec
  const nodes = new Map(versions.map(version => [`${group}/${version.name}`, nodeOf(version)]))
  const conversion = conversionOf(definition, nodes, kernel)
  return versions
    .filter(({ served }) => served)
    .map(version => ({ ...customResource(definition, version, nodes), ...(conversion ? { conversion } : {}) }))
}

const nodeOf = ({ schema }: DefinitionVersion): StructNode =>
  structuralNode((schema?.openAPIV3Schema as JsonSchema | undefined) ?? ANYTHING, ENVELOPE)

function customResource(
  definition: Definition,
  version: DefinitionVersion,
  nodes: ReadonlyMap<string, StructNode>,
): Resource {
  const { group, scope, versions } = definition.spec
  const names = fullNames(definition.status?.acceptedNames ?? definition.spec.names)
  const apiVersion = `${group}/${version.name}`
  const node = nodes.get(apiVersion)!
  const subresources = subresourcesOf(version)
  const stored = versions.find(({ storage }) => storage) ?? version
  return {
    group,
    version: version.name,
    kind: names.kind,
    listKind: names.listKind!,
    plural: names.plural,
    singular: names.singular!,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: scope === 'Namespaced',
    subresources,
    columns: customColumns(version) as Resource['columns'],
    selectable: selectableOf(version),
    node,
    custom: true,
    apiVersion,
    storageVersion: `${group}/${stored.name}`,
    prefix: prefixOf(group, names.plural),
    verbs: CUSTOM_VERBS,
    behaviour: CUSTOM_BEHAVIOUR,
    patchTarget: bySubresource(subresource =>
      customTarget({
        apiVersion,
        kind: names.kind,
        subresource,
        hasStatus: subresources.status === true,
        typeOf: other => {
          const found = nodes.get(other)
          return found && mergeType(found)
        },
      }),
    ),
    virtual: false,
    revision: `${definition.metadata.uid}.${definition.metadata.generation ?? 0}`,
    ...(definition.metadata.deletionTimestamp ? { terminating: true } : {}),
    ...deprecationOf(definition, version),
  }
}

function subresourcesOf({ subresources }: DefinitionVersion): Subresources {
  const { status, scale } = subresources ?? {}
  return {
    ...(status ? { status: true } : {}),
    ...(scale
      ? {
          scale: {
            replicas: scale.specReplicasPath,
            statusReplicas: scale.statusReplicasPath,
            selector: scale.labelSelectorPath ?? '',
          },
        }
      : {}),
  }
}

function selectableOf({ selectableFields = [] }: DefinitionVersion): Resource['selectable'] {
  const entries = selectableFields.map(({ jsonPath }) => {
    const path = parseJsonPath(jsonPath) ?? (() => [])
    return [jsonPath.replace(/^\./, ''), (object: unknown) => String(path(object)[0] ?? '')] as const
  })
  return Object.fromEntries(entries)
}

function deprecationOf({ spec }: Definition, version: DefinitionVersion): { readonly deprecation?: string } {
  if (!version.deprecated) return {}
  const text = version.deprecationWarning ?? `${spec.group}/${version.name} ${spec.names.kind} is deprecated`
  return { deprecation: text }
}
