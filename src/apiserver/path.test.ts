import { expect, it } from 'vitest'
import { parsePath } from './path.ts'

it.each([
  ['/', { is: 'other' }],
  ['/api', { is: 'other' }],
  ['/apis/apps', { is: 'other' }],
  ['/version', { is: 'other' }],
  ['/api/v1', { group: '', version: 'v1', plural: '' }],
  ['/api/v1/', { group: '', version: 'v1', plural: '' }],
  ['/api/v1/pods', { plural: 'pods' }],
  ['/api/v1/namespaces', { plural: 'namespaces' }],
  ['/api/v1/namespaces/a', { plural: 'namespaces', name: 'a' }],
  ['/api/v1/namespaces/a/status', { plural: 'namespaces', name: 'a', subresource: 'status' }],
  ['/api/v1/namespaces/a/finalize', { plural: 'namespaces', name: 'a', subresource: 'finalize' }],
  ['/api/v1/namespaces/a/pods', { plural: 'pods', namespace: 'a' }],
  ['/api/v1/namespaces/a/pods/b', { plural: 'pods', namespace: 'a', name: 'b' }],
  ['/api/v1/namespaces/a/pods/b/log', { namespace: 'a', name: 'b', subresource: 'log' }],
  ['/api/v1/namespaces/a/services/b/proxy/x/y', { name: 'b', subresource: 'proxy', rest: 'x/y' }],
  [
    '/apis/apps/v1/namespaces/a/deployments/b/scale',
    { group: 'apps', version: 'v1', plural: 'deployments', subresource: 'scale' },
  ],
  ['/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode', { plural: 'clusterroles', name: 'system:node' }],
])('%s', (path, expected) => expect(parsePath(path)).toMatchObject(expected))

it('throws on a malformed escape', () => expect(() => parsePath('/api/v1/pods/%zz')).toThrow(URIError))
