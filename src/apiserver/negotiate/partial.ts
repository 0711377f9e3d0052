import type { Obj } from '../object.ts'

export const partialMetadata = (object: Obj, version: string): Record<string, unknown> => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${version}`,
  metadata: object.metadata,
})

export const partialMetadataList = (objects: readonly Obj[], metadata: object, version: string) => ({
  kind: 'PartialObjectMetadataList',
  apiVersion: `meta.k8s.io/${version}`,
  metadata,
  items: objects.map(object => partialMetadata(object, version)),
})
