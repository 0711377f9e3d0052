import { describe, expect, it } from 'vitest'
import { DeleteOptions } from '../../api/meta/delete-options.ts'
import { ObjectMeta } from '../../api/meta/meta.ts'
import { ListMeta, Status } from '../../api/meta/status.ts'
import { KINDS } from '../../api/registry.ts'
import { messageNode } from '../message-node.ts'
import { structuralNode } from '../structural/node.ts'
import { openApiV2, openApiV3 } from './document.ts'
import type { ApiType } from './type.ts'

interface Document {
  readonly paths: Record<string, Record<string, Record<string, unknown> & { parameters: { name: string }[] }>>
  readonly components: { readonly schemas: Record<string, Schema> }
  readonly definitions: Record<string, Schema>
}
type Schema = Record<string, unknown> & { properties: Record<string, Schema> }

const shared = {
  listMeta: messageNode(ListMeta),
  status: messageNode(Status),
  deleteOptions: messageNode(DeleteOptions),
}
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const types: readonly ApiType[] = KINDS.map(kind => ({ ...kind, node: messageNode(kind.schema), verbs }))
const groupVersions = [...new Set(types.map(type => `${type.group}/${type.version}`))]
const typesOf = (name: string) => types.filter(type => `${type.group}/${type.version}` === name)
const v3Of = (list: readonly ApiType[]) => openApiV3(list, shared) as Document

const custom: ApiType = {
  group: 'example.com',
  version: 'v1',
  kind: 'Thing',
  listKind: 'ThingList',
  plural: 'things',
  namespaced: true,
  verbs,
  subresources: { status: true },
  node: structuralNode(
    {
      type: 'object',
      properties: {
        spec: { type: 'object', required: ['size'], properties: { size: { type: 'integer', minimum: 1 } } },
      },
    },
    { metadata: messageNode(ObjectMeta) },
  ),
}

function danglingRefs(document: object, prefix: string, known: object): string[] {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(match => match[1]!)
  expect(refs.length).toBeGreaterThan(0)
  return refs.filter(ref => !ref.startsWith(prefix) || !(ref.slice(prefix.length) in known))
}

describe.each(groupVersions)('OpenAPI v3 of %s', name => {
  const document = v3Of(typesOf(name))

  it('refers to nothing outside itself', () => {
    expect(danglingRefs(document, '#/components/schemas/', document.components.schemas)).toEqual([])
  })

  it('tells kubectl of each kind, where it is, and that the server validates fields', () => {
    for (const { group, version, kind, node, plural } of typesOf(name)) {
      const gvk = { group, version, kind }
      expect(document.components.schemas[node.name!]!['x-kubernetes-group-version-kind']).toEqual([gvk])
      const patches = Object.entries(document.paths)
        .filter(([path]) => path.endsWith(`/${plural}/{name}`))
        .map(([, item]) => item.patch!)
      expect(patches.map(patch => patch['x-kubernetes-group-version-kind'])).toContainEqual(gvk)
      expect(patches[0]!.parameters.map(parameter => parameter.name)).toContain('fieldValidation')
    }
  })
})

describe('components', () => {
  const { schemas } = v3Of(typesOf('/v1')).components

  it('carry what patches and server-side apply need', () => {
    expect(schemas['io.k8s.api.core.v1.ServiceSpec']!.properties.ports).toMatchObject({
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
      'x-kubernetes-patch-merge-key': 'port',
      'x-kubernetes-patch-strategy': 'merge',
    })
    expect(schemas['io.k8s.api.core.v1.PodSpec']!.properties.volumes).toMatchObject({
      'x-kubernetes-patch-strategy': 'merge,retainKeys',
    })
    expect(schemas['io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector']!['x-kubernetes-map-type']).toBe('atomic')
  })

  it('wrap references, and give those that are always there an empty default', () => {
    const pod = schemas['io.k8s.api.core.v1.Pod']!.properties
    expect(pod.spec).toMatchObject({
      allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec' }],
      default: {},
    })
    expect(schemas['io.k8s.api.core.v1.Container']!.properties.livenessProbe).not.toHaveProperty('default')
  })
})

it('keeps a custom resource in one piece', () => {
  const { components, paths } = v3Of([custom])
  expect(components.schemas['com.example.v1.Thing']).toMatchObject({
    properties: {
      metadata: { allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }] },
      spec: { type: 'object', required: ['size'], properties: { size: { type: 'integer', minimum: 1 } } },
    },
    'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Thing' }],
  })
  expect(Object.keys(paths)).toContain('/apis/example.com/v1/namespaces/{namespace}/things/{name}/status')
})

it('OpenAPI v2 holds everything, without dangling references or wrapping', () => {
  const document = openApiV2([...types, custom], shared) as Document
  expect(danglingRefs(document, '#/definitions/', document.definitions)).toEqual([])
  expect(JSON.stringify(document).includes('"allOf":[')).toBe(false)
  for (const type of types) expect(document.definitions).toHaveProperty([type.node.name!])
})

it('gives every operation an id of its own', () => {
  const { paths } = openApiV2([...types, custom], shared) as Document
  const ids = Object.values(paths).flatMap(item => Object.values(item).flatMap(one => one.operationId ?? []))
  expect(new Set(ids).size).toBe(ids.length)
})
