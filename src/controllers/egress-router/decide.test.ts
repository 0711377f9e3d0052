import { expect, test } from 'vitest'
import type { EgressRouter, EgressRouterSpec } from '../../api/network-operator/egress-router.ts'
import { deploymentOf, isCurrent, statusOf, verdictOf } from './decide.ts'

const SPEC = {
  mode: 'Redirect',
  networkInterface: { macvlan: { mode: 'Bridge' } },
  addresses: [{ ip: '192.0.2.5/24' }],
  redirect: { redirectRules: [{ destinationIP: '203.0.113.1', port: 80, protocol: 'TCP' }] },
} as EgressRouterSpec
const router = (spec: Partial<EgressRouterSpec> = {}, name = 'out', creationTimestamp = '2026-01-01T00:00:00Z') =>
  ({
    metadata: { name, namespace: 'shop', uid: `u-${name}`, creationTimestamp },
    spec: { ...SPEC, ...spec },
  }) as EgressRouter
const conditionsOf = (one: EgressRouter, all = [one], deployment?: object): string => {
  const status = statusOf(one, verdictOf(one, all), deployment as never, 0)
  const held = status.conditions!.filter(({ status: holds }) => holds === 'True')
  return held.map(({ type, reason, message }) => `${type} ${reason} ${message}`).join()
}

test('what is right becomes a pod of its settings; the gateway is found where none is given', () => {
  expect(verdictOf(router(), [router()])).toEqual({
    is: 'wanted',
    settings: {
      address: '192.0.2.5',
      bits: 24,
      gateway: '192.0.2.1',
      rules: [{ protocol: 'tcp', port: 80, to: '203.0.113.1', targetPort: 80 }],
    },
  })
  const deployment = deploymentOf(router())
  expect(deployment.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } })
  expect(isCurrent(deployment as never, deploymentOf(router()))).toBe(true)
  expect(isCurrent(deployment as never, deploymentOf(router({ addresses: [{ ip: '192.0.2.6/24' }] })))).toBe(false)
})

test('all of a router is of one family, which may be IPv6', () => {
  const one = router({
    addresses: [{ ip: 'fd00::5/64' }],
    redirect: { redirectRules: [{ destinationIP: 'fd99::9', port: 80, protocol: 'TCP' }], fallbackIP: 'fd99::8' },
  })
  expect(verdictOf(one, [one])).toMatchObject({
    settings: { address: 'fd00::5', bits: 64, gateway: 'fd00::1', rules: [{ to: 'fd99::9' }], fallback: 'fd99::8' },
  })
})

test('it is available when its pod is', () => {
  expect(conditionsOf(router())).toMatch(/^Progressing /)
  const deployment = { metadata: { generation: 1 }, status: { observedGeneration: 1, updatedReplicas: 1 } }
  expect(conditionsOf(router(), undefined, deployment)).toMatch(/^Progressing /)
  const up = { ...deployment, status: { ...deployment.status, availableReplicas: 1 } }
  expect(conditionsOf(router(), undefined, up)).toMatch(/^Available AsExpected/)
})

test.each<[Partial<EgressRouterSpec>, RegExp]>([
  [{ addresses: [] }, /spec.addresses: it is to have one/],
  [{ addresses: [{ ip: '192.0.2.5' }] }, /length of its prefix/],
  [{ addresses: [{ ip: 'fd00::5/64' }] }, /redirectRules\[0\].destinationIP: "203.0.113.1"; .* IPv6/],
  [{ addresses: [{ ip: '192.0.2.5/33' }] }, /length of its prefix/],
  [{ addresses: [{ ip: '192.0.2.5/24', gateway: 'fd00::1' }] }, /gateway: "fd00::1"; .* IPv4/],
  [{ addresses: [{ ip: '192.0.2.5/32' }] }, /gateway: missing/],
  [{ addresses: [{ ip: '192.0.2.5/24', gateway: '192.0.2.5' }] }, /another address/],
  [{ redirect: {} }, /spec.redirect: missing/],
  [
    { redirect: { redirectRules: [{ destinationIP: 'x', port: 80, protocol: 'TCP' }] } },
    /redirectRules\[0\].destinationIP/,
  ],
  [
    { redirect: { redirectRules: [...SPEC.redirect!.redirectRules!, ...SPEC.redirect!.redirectRules!] } },
    /80\/tcp is there twice/,
  ],
  [{ redirect: { fallbackIP: 'example.com' } }, /fallbackIP/],
])('%j is degraded, and says why', (spec, message) => {
  expect(conditionsOf(router(spec))).toMatch(/^Degraded InvalidConfiguration /)
  expect(conditionsOf(router(spec))).toMatch(message)
})

test('a namespace has one router: the eldest', () => {
  const [elder, younger] = [router({}, 'b'), router({}, 'a', '2026-01-02T00:00:00Z')]
  expect(verdictOf(elder, [younger, elder]).is).toBe('wanted')
  expect(conditionsOf(younger, [younger, elder])).toMatch(/^Degraded AnotherRouter EgressRouter b /)
})
