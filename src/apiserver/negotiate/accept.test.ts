import { expect, it } from 'vitest'
import { chooseOutput } from './accept.ts'

const TABLE =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json'

it.each([
  [undefined, { format: 'json' }],
  ['', { format: 'json' }],
  ['*/*', { format: 'json' }],
  ['application/json, */*', { format: 'json' }],
  ['application/vnd.kubernetes.protobuf,application/json', { format: 'json' }],
  ['application/yaml', { format: 'yaml' }],
  ['application/json;q=0.5, application/yaml', { format: 'yaml' }],
  [TABLE, { format: 'json', as: 'Table', version: 'v1' }],
  ['application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1', { as: 'PartialObjectMetadataList' }],
  ['application/json;as=Foo;g=meta.k8s.io;v=v1,application/json', { format: 'json' }],
  ['application/json;as=Table;g=other;v=v1,application/yaml', { format: 'yaml' }],
])('%s', (accept, expected) => expect(chooseOutput(accept)).toMatchObject(expected))

it.each(['application/vnd.kubernetes.protobuf', 'text/html', 'application/json;as=Table;g=meta.k8s.io;v=v7'])(
  'refuses %s alone',
  accept => expect(() => chooseOutput(accept)).toThrow('only the following media types are accepted'),
)
