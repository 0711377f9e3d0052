import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import { cidr } from '../../lib/cidr.ts'
import { memoryStore } from '../../store/memory/memory.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call } from '../testing-call.ts'

const SERVICES = '/api/v1/namespaces/default/services'
const MERGE = { 'content-type': 'application/merge-patch+json' }
let api: TestApi
let made = 0
beforeEach(async () => {
  api = await testApi(systemClock)
  made = 0
})
afterEach(() => api.close())

const service = (spec: object = {}, name = `s${made++}`) => ({
  metadata: { name },
  spec: { selector: { app: 'a' }, ports: [{ port: 80 }], ...spec },
})
const post = (spec: object = {}, name?: string) => call(api, `POST ${SERVICES}`, { body: service(spec, name) })
const patch = async (name: string, spec: object) =>
  (await call(api, `PATCH ${SERVICES}/${name}`, { body: { spec }, headers: MERGE })).json

describe('service addresses', () => {
  it('come from above the band that is for the asking, each once', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => post()))
    const addresses = answers.map(({ json }) => json.spec.clusterIP)
    expect(addresses[0]).toBe('172.30.1.1')
    expect(new Set(addresses).size).toBe(50)
    expect(answers[0]!.json.spec).toMatchObject({
      clusterIPs: ['172.30.1.1'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      type: 'ClusterIP',
      sessionAffinity: 'None',
    })
  })

  it('can be asked for, and belong to one Service at a time', async () => {
    expect((await post({ clusterIP: '172.30.0.10' }, 'dns')).json.spec.clusterIPs).toEqual(['172.30.0.10'])
    const taken = await post({ clusterIP: '172.30.0.10' }, 'other')
    expect(taken.json).toMatchObject({
      code: 422,
      message:
        'Service "other" is invalid: spec.clusterIPs: Invalid value: []string{"172.30.0.10"}: failed to allocate IP 172.30.0.10: provided IP is already allocated',
    })
    await call(api, `DELETE ${SERVICES}/dns`)
    expect((await post({ clusterIP: '172.30.0.10' }, 'other')).status).toBe(201)
    const outside = await post({ clusterIP: '10.0.0.1' })
    expect(outside.json.message).toContain('the provided network does not match the current range')
  })

  it('that were given back are not given out at once', async () => {
    const first = (await post({}, 'a')).json.spec.clusterIP
    await call(api, `DELETE ${SERVICES}/a`)
    expect((await post({}, 'b')).json.spec.clusterIP).not.toBe(first)
  })

  it('are given back when the Service is refused or only tried', async () => {
    const refused = await post({ clusterIP: '172.30.0.20', type: 'NodePort', ports: [{ port: 80, nodePort: 1 }] })
    expect(refused.json.message).toContain(
      'spec.ports[0].nodePort: Invalid value: 1: provided port is not in the valid range. The range of valid ports is 30000-32767',
    )
    const tried = await call(api, `POST ${SERVICES}?dryRun=All`, { body: service({ clusterIP: '172.30.0.20' }) })
    expect(tried.status).toBe(201)
    expect((await post({ clusterIP: '172.30.0.20' }, 'x')).status).toBe(201)
    expect((await post({ clusterIP: '172.30.0.21' }, 'x')).status).toBe(409)
    expect((await post({ clusterIP: '172.30.0.21' })).status).toBe(201)
  })

  it('are known again after a restart', async () => {
    const store = memoryStore()
    const first = await testApi(systemClock, { store })
    const before = (await call(first, `POST ${SERVICES}`, { body: service({ type: 'NodePort' }, 'a') })).json.spec
    first.server.close()
    const second = await testApi(systemClock, { store })
    const taken = await call(second, `POST ${SERVICES}`, { body: service({ clusterIP: before.clusterIP }, 'b') })
    expect(taken.json.message).toContain('provided IP is already allocated')
    const port = await call(second, `POST ${SERVICES}`, {
      body: service({ type: 'NodePort', ports: [{ port: 1, nodePort: before.ports[0].nodePort }] }, 'c'),
    })
    expect(port.json.message).toContain('provided port is already allocated')
    expect((await call(second, `POST ${SERVICES}`, { body: service({}, 'd') })).json.spec.clusterIP).not.toBe(
      before.clusterIP,
    )
  })

  it('are not for headless Services and other names', async () => {
    expect((await post({ clusterIP: 'None' })).json.spec).toMatchObject({
      clusterIP: 'None',
      clusterIPs: ['None'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    })
    const bare = (await post({ clusterIP: 'None', selector: null })).json.spec
    expect(bare).toMatchObject({ ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' })
    const named = (await post({ type: 'ExternalName', externalName: 'example.com', ports: undefined })).json.spec
    expect(named.clusterIP).toBeUndefined()
    expect(named.ipFamilies).toBeUndefined()
    const policy = { internalTrafficPolicy: 'Local' }
    const local = await post({ type: 'ExternalName', externalName: 'example.com', ports: undefined, ...policy })
    expect(local.json.spec.internalTrafficPolicy).toBeUndefined()
    await post({ clusterIP: 'None' }, 'bare')
    const away = { type: 'ExternalName', externalName: 'example.com', clusterIP: null, clusterIPs: null }
    expect((await patch('bare', away)).spec).toEqual(expect.not.objectContaining({ ipFamilyPolicy: 'SingleStack' }))
  })

  it('that say something in vain, or twice, are told of', async () => {
    const warned = async (spec: object) => (await post(spec)).headers.warning ?? ''
    expect(await warned({ clusterIP: 'None', sessionAffinity: 'ClientIP', externalIPs: ['192.0.2.1'] })).toMatch(
      /spec.externalIPs is ignored for headless services.*spec.SessionAffinity is ignored for headless services/,
    )
    expect(await warned({ externalName: 'example.com' })).toContain(
      'spec.externalName is ignored when spec.type is not',
    )
    expect(await warned({ sessionAffinity: 'ClientIP' })).toBe('')
    const messageOf = async (spec: object) => (await post(spec)).json.message
    expect(await messageOf({ clusterIPs: ['172.30.0.77'] })).toContain(
      'spec.clusterIPs: Invalid value: []string{"172.30.0.77"}: must be empty when `clusterIP` is not specified',
    )
    expect(await messageOf({ ipFamilies: ['IPv5'] })).toContain('supported values: "IPv4", "IPv6"')
    expect(await messageOf({ ipFamilies: ['IPv4', 'IPv4'], ipFamilyPolicy: 'PreferDualStack' })).toMatch(
      /is invalid: spec.ipFamilies\[1\]: Duplicate value: "IPv4"$/,
    )
  })

  it('stay through updates that leave them out, and go with the type', async () => {
    const before = (await post({ type: 'NodePort', ports: [{ port: 80, name: 'a' }] }, 'a')).json.spec
    const bare = await call(api, `PUT ${SERVICES}/a`, {
      body: service(
        { type: 'NodePort', ports: [{ port: 80 }, { port: 81, name: 'b' }].map(port => ({ name: 'a', ...port })) },
        'a',
      ),
    })
    expect(bare.json.spec).toMatchObject({
      clusterIP: before.clusterIP,
      ports: [{ nodePort: before.ports[0].nodePort }, {}],
    })
    expect(bare.json.spec.ports[1].nodePort).toBeGreaterThanOrEqual(30086)
    // By name: another number is the same port.
    const moved = await call(api, `PUT ${SERVICES}/a`, {
      body: service(
        {
          type: 'NodePort',
          ports: [
            { port: 82, name: 'a' },
            { port: 81, name: 'c' },
          ],
        },
        'a',
      ),
    })
    expect(moved.json.spec.ports[0].nodePort).toBe(before.ports[0].nodePort)
    expect(moved.json.spec.ports[1].nodePort).not.toBe(bare.json.spec.ports[1].nodePort)
    const inside = await patch('a', { type: 'ClusterIP' })
    expect(inside.spec.ports[0].nodePort).toBeUndefined()
    expect((await post({ type: 'NodePort', ports: [{ port: 1, nodePort: before.ports[0].nodePort }] })).status).toBe(
      201,
    )
    const away = await patch('a', { type: 'ExternalName', externalName: 'example.com' })
    expect([away.spec.clusterIP, away.spec.internalTrafficPolicy]).toEqual([undefined, undefined])
    expect((await post({ clusterIP: before.clusterIP })).status).toBe(201)
  })

  it('of two protocols share a node port; load balancers get one for health checks', async () => {
    const both = await post({
      type: 'NodePort',
      ports: [
        { port: 53, name: 'a' },
        { port: 53, name: 'b', protocol: 'UDP' },
      ],
    })
    const [tcp, udp] = both.json.spec.ports
    expect(tcp.nodePort).toBe(udp.nodePort)
    const balanced = (await post({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' })).json.spec
    expect(balanced.healthCheckNodePort).toBeGreaterThan(30000)
    expect(balanced.ports[0].nodePort).not.toBe(balanced.healthCheckNodePort)
    const none = (await post({ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false })).json.spec
    expect(none.ports[0].nodePort).toBeUndefined()
    // What a load balancer has it keeps, and what it asks for it has, when it is to get no more.
    const ports = [{ port: 1, nodePort: 31_999 }]
    const asked = await post({ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports }, 'asked')
    expect(asked.json.spec.ports[0].nodePort).toBe(31_999)
    expect((await post({ type: 'NodePort', ports })).json.message).toContain('provided port is already allocated')
    await post({ type: 'LoadBalancer', ports: [{ port: 1, nodePort: 31_998 }] }, 'kept')
    const kept = await patch('kept', { allocateLoadBalancerNodePorts: false })
    expect(kept.spec.ports[0].nodePort).toBe(31_998)
  })

  it('come in two families where the cluster has two', async () => {
    expect((await post({ ipFamilyPolicy: 'RequireDualStack' })).json.message).toContain(
      'this cluster is not configured for dual-stack services',
    )
    expect((await post({ ipFamilies: ['IPv6'] })).json.message).toContain(
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    )
    const dual = await testApi(systemClock, { serviceNetworks: [cidr('172.30.0.0/16'), cidr('fd02::/112')] })
    const { spec } = (await call(dual, `POST ${SERVICES}`, { body: service({ ipFamilyPolicy: 'PreferDualStack' }) }))
      .json
    expect(spec).toMatchObject({ ipFamilies: ['IPv4', 'IPv6'], clusterIPs: ['172.30.1.1', 'fd02::101'] })
    const single = (await call(dual, `POST ${SERVICES}`, { body: service({ ipFamilies: ['IPv6'] }) })).json.spec
    expect(single).toMatchObject({ ipFamilyPolicy: 'SingleStack', clusterIP: 'fd02::102' })
    const both = { body: service({ ipFamilyPolicy: 'RequireDualStack' }, 'both') }
    const [, second] = (await call(dual, `POST ${SERVICES}`, both)).json.spec.clusterIPs
    const one = await call(dual, `PATCH ${SERVICES}/both`, {
      body: { spec: { ipFamilyPolicy: 'SingleStack' } },
      headers: MERGE,
    })
    expect(one.json.spec).toMatchObject({ ipFamilies: ['IPv4'], clusterIPs: ['172.30.1.2'] })
    expect((await call(dual, `POST ${SERVICES}`, { body: service({ clusterIP: second }) })).status).toBe(201)
    await dual.close()
  })
})

describe('pods', () => {
  it('get an account, a priority and tolerations', async () => {
    const spec = { containers: [{ name: 'c', image: 'nginx' }], priorityClassName: 'system-node-critical' }
    const pod = await call(api, 'POST /api/v1/namespaces/default/pods', { body: { metadata: { name: 'a' }, spec } })
    expect(pod.json.spec).toMatchObject({
      serviceAccountName: 'default',
      serviceAccount: 'default',
      priority: 2_000_001_000,
    })
    expect(pod.json.spec.tolerations).toHaveLength(2)
    expect(pod.json.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' })
    const none = await call(api, 'POST /api/v1/namespaces/default/pods', {
      body: { metadata: { name: 'b' }, spec: { ...spec, priorityClassName: 'x' } },
    })
    expect(none.json.message).toBe('pods "b" is forbidden: no PriorityClass with name x was found')
  })
})

describe('routes', () => {
  it('without a host get one of their own', async () => {
    const path = 'POST /apis/route.openshift.io/v1/namespaces/default/routes'
    const spec = { to: { kind: 'Service', name: 'a' } }
    const route = await call(api, path, { body: { metadata: { name: 'web' }, spec } })
    expect(route.json.spec.host).toBe('web-default.apps.fairlead.test')
    expect(route.json.metadata.annotations).toEqual({ 'openshift.io/host.generated': 'true' })
    const own = await call(api, path, { body: { metadata: { name: 'own' }, spec: { ...spec, host: 'a.example.com' } } })
    expect(own.json.spec.host).toBe('a.example.com')
    expect(own.json.metadata.annotations).toBeUndefined()
  })
})
