import { describe, expect, it } from 'vitest'
import { EndpointSlice } from '../discovery/endpoint-slice.ts'
import { ClusterRoleBinding } from '../rbac/cluster-role-binding.ts'
import { Role } from '../rbac/role.ts'
import { RoleBinding } from '../rbac/role-binding.ts'
import { errorsOf, stored } from '../testing.ts'
import { ConfigMap } from './config-map.ts'
import { Endpoints } from './endpoints.ts'
import { Secret } from './secret.ts'

describe('the others', () => {
  it('config maps and secrets', () => {
    expect(errorsOf(ConfigMap, { data: { 'a.b': '' } })).toEqual([])
    expect(errorsOf(ConfigMap, { data: { 'a/b': '' } })).toEqual([
      expect.stringContaining('data[a/b]: Invalid: a valid config key'),
    ])
    expect(errorsOf(ConfigMap, { data: { a: '2' } }, { data: { a: '1' } })).toEqual([])
    expect(errorsOf(ConfigMap, { immutable: true, data: { a: '2' } }, { immutable: true, data: { a: '1' } })).toEqual([
      'data: Forbidden: field is immutable when `immutable` is set',
    ])
    const secret = stored(Secret, { data: { a: 'YQ==' }, stringData: { b: 'ü' } })
    expect(secret).toMatchObject({ type: 'Opaque', data: { a: 'YQ==', b: 'w7w=' } })
    expect(secret).not.toHaveProperty('stringData')
    expect(errorsOf(Secret, { type: 'kubernetes.io/tls', data: { 'tls.crt': '' } })).toEqual([
      'data[tls.key]: Required',
    ])
  })

  it('the size of a config map, in bytes of UTF-8', () => {
    const limit = 1024 * 1024
    const sized = (euros: number, letters: number, bytes: number) =>
      errorsOf(ConfigMap, {
        data: { euros: '€'.repeat(euros), letters: 'x'.repeat(letters) },
        binaryData: { bytes: Buffer.alloc(bytes).toString('base64') },
      })
    const tooLong = [expect.stringContaining('TooLong: may not be more than 1048576 bytes')]
    expect(sized(0, limit, 0)).toEqual([])
    expect(sized(0, limit + 1, 0)).toEqual(tooLong)
    expect(sized(100_000, limit - 300_000, 0)).toEqual([])
    expect(sized(100_000, limit - 300_000 + 1, 0)).toEqual(tooLong)
    expect(sized(100_000, limit - 600_000, 300_000)).toEqual([])
    expect(sized(100_000, limit - 600_000 + 1, 300_000)).toEqual(tooLong)
  })

  it('endpoint slices and endpoints', () => {
    const slice = (address: string, more: object = {}) => ({
      addressType: 'IPv4',
      endpoints: [{ addresses: [address] }],
      ...more,
    })
    expect(errorsOf(EndpointSlice, slice('10.128.0.1', { ports: [{ port: 80 }] }))).toEqual([])
    expect(errorsOf(EndpointSlice, slice('fd01::1'))).toEqual([
      'endpoints[0].addresses: Invalid: must be an IPv4 address',
    ])
    expect(errorsOf(EndpointSlice, slice('127.0.0.1'))).toEqual([
      expect.stringContaining('may not be in the loopback range'),
    ])
    expect(errorsOf(EndpointSlice, slice('10.128.0.1', { ports: [{}, {}] }))).toEqual(['ports[1].name: Duplicate'])
    expect(errorsOf(EndpointSlice, { addressType: 'IPv6' }, slice('10.128.0.1'))).toEqual([
      'addressType: Invalid: field is immutable',
    ])
    expect(stored(EndpointSlice, slice('10.128.0.1', { ports: [{ port: 80 }] })).ports).toEqual([
      { name: '', port: 80, protocol: 'TCP' },
    ])
    expect(errorsOf(Endpoints, { subsets: [{}] })).toEqual([
      'subsets[0]: Required: must specify `addresses` or `notReadyAddresses`',
    ])
  })

  it('roles and bindings', () => {
    const roleRef = { kind: 'Role', name: 'r' }
    expect(stored(RoleBinding, { roleRef, subjects: [{ kind: 'User', name: 'u' }] })).toMatchObject({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io' }],
    })
    expect(errorsOf(RoleBinding, { roleRef })).toEqual([])
    expect(errorsOf(RoleBinding, { roleRef: { ...roleRef, name: 's' } }, { roleRef })).toEqual([
      'roleRef: Invalid: cannot change roleRef',
    ])
    expect(errorsOf(ClusterRoleBinding, { roleRef })).toEqual([
      'roleRef.kind: NotSupported: supported values: "ClusterRole"',
    ])
    expect(errorsOf(Role, { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] })).toEqual([
      'rules[0].nonResourceURLs: Invalid: namespaced rules cannot apply to non-resource URLs',
    ])
  })
})
