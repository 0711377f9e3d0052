import { describe, expect, it } from 'vitest'
import { ingressOf, transition } from './admission.ts'
import { testPolicy, testRoute } from './testing.ts'

const NOW = '2026-02-01T00:00:00Z'
const service = { service: 'shop/web', weight: 1, endpoints: [] }
const admitted = (route = testRoute('a')) =>
  ingressOf(route, testPolicy, { host: 'a.example.com', services: [service] })

describe('ingressOf', () => {
  it('admitted, refused, and admitted without a Service', () => {
    const route = testRoute('a')
    expect(admitted()).toEqual({
      host: 'a.example.com',
      routerName: 'default',
      conditions: [{ type: 'Admitted', status: 'True' }],
      wildcardPolicy: 'None',
      routerCanonicalHostname: 'router-default.apps.fairlead.test',
    })
    const rejection = { reason: 'HostAlreadyClaimed', message: 'taken' } as const
    expect(ingressOf(route, testPolicy, { host: 'x', rejection }).conditions).toEqual([
      { type: 'Admitted', status: 'False', ...rejection },
    ])
    const services = [service, { ...service, service: 'shop/gone', problem: 'ServiceNotFound' as const }]
    expect(ingressOf(route, testPolicy, { host: 'x', services }).conditions).toEqual([
      { type: 'Admitted', status: 'True' },
      { type: 'ResolvedRefs', status: 'False', reason: 'ServiceNotFound', message: 'Service shop/gone does not exist' },
    ])
  })
  it('endpoints that come and go are not told', () => {
    const services = [{ ...service, problem: 'NoEndpoints' as const }]
    expect(ingressOf(testRoute('a'), testPolicy, { host: 'x', services }).conditions).toHaveLength(1)
  })
})

describe('transition', () => {
  it('writes once, then nothing while nothing changes', () => {
    const route = testRoute('a')
    const first = transition(route, admitted(), NOW)!
    expect(first[0]?.conditions?.[0]?.lastTransitionTime).toBe(NOW)
    expect(transition({ ...route, status: { ingress: first } }, admitted(), 'later')).toBeUndefined()
  })
  it('keeps the time of what stays, and the entries of other routers', () => {
    const other = { routerName: 'sharded', host: 'b' }
    const old = { ...admitted(), conditions: [{ type: 'Admitted', status: 'True', lastTransitionTime: NOW }] }
    const route = { ...testRoute('a'), status: { ingress: [other, old] } }
    const next = transition(route, { ...admitted(), host: 'new.example.com' }, 'later')!
    expect(next[0]).toBe(other)
    expect(next[1]).toMatchObject({ host: 'new.example.com', conditions: [{ lastTransitionTime: NOW }] })
    const rejection = { reason: 'InvalidHost', message: 'x' } as const
    const lost = transition(route, ingressOf(route, testPolicy, { host: 'x', rejection }), 'later')!
    expect(lost[1]?.conditions).toEqual([
      { type: 'Admitted', status: 'False', ...rejection, lastTransitionTime: 'later' },
    ])
  })
})
