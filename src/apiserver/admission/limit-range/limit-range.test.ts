import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../host/clock/real.ts'
import { type TestApi, testApi } from '../../testing.ts'
import { call } from '../../testing-call.ts'

const NS = '/api/v1/namespaces/default'
let api: TestApi
beforeEach(async () => {
  api = await testApi(systemClock)
})
afterEach(() => api.close())

const range = (...limits: object[]) =>
  call(api, `POST ${NS}/limitranges`, { body: { metadata: { name: `r${Math.random()}` }, spec: { limits } } })
const pod = (resources: object | undefined, more: object = {}) => {
  const container = { name: 'c', image: 'i', ...(resources ? { resources } : {}) }
  const body = { metadata: { generateName: 'p' }, spec: { containers: [container], ...more } }
  return call(api, `POST ${NS}/pods`, { body })
}

describe('a LimitRange', () => {
  it('gets defaults of its own, and shows them', async () => {
    const { status, json } = await range({ type: 'Container', max: { cpu: '2' }, min: { memory: '16Mi' } })
    expect(status).toBe(201)
    expect(json.spec.limits).toEqual([
      {
        type: 'Container',
        max: { cpu: '2' },
        min: { memory: '16Mi' },
        default: { cpu: '2' },
        defaultRequest: { cpu: '2', memory: '16Mi' },
      },
    ])
  })

  it('fills in what containers leave out, and says so', async () => {
    expect((await pod(undefined)).json.spec.containers[0].resources).toEqual({})
    await range({ type: 'Container', default: { cpu: '500m', memory: '1Gi' }, defaultRequest: { cpu: '100m' } })
    const init = {
      initContainers: [{ name: 'i', image: 'i', resources: { requests: { cpu: '1' }, limits: { cpu: '1' } } }],
    }
    const { json } = await pod({ limits: { cpu: '1' } }, init)
    expect(json.spec.containers[0].resources).toEqual({
      requests: { cpu: '1', memory: '1Gi' },
      limits: { cpu: '1', memory: '1Gi' },
    })
    expect(json.metadata.annotations).toEqual({
      'kubernetes.io/limit-ranger':
        'LimitRanger plugin set: memory request for container c; memory limit for container c; memory request for init container i; memory limit for init container i',
    })
    expect(json.status.qosClass).toBe('Guaranteed')
    const bare = (await pod(undefined)).json
    expect(bare.spec.containers[0].resources.requests).toEqual({ cpu: '100m', memory: '1Gi' })
    expect(bare.status.qosClass).toBe('Burstable')
  })

  it.each([
    [
      { requests: { cpu: '50m' }, limits: { cpu: '500m' } },
      'minimum cpu usage per Container is 100m, but request is 50m',
    ],
    [{ requests: { cpu: '1' }, limits: { cpu: '3' } }, 'maximum cpu usage per Container is 2, but limit is 3'],
    [
      { requests: { cpu: '100m' }, limits: { cpu: '2' } },
      'cpu max limit to request ratio per Container is 10, but provided ratio is 20.000000',
    ],
    [
      { requests: { cpu: '50m' }, limits: { cpu: '3' } },
      '[minimum cpu usage per Container is 100m, but request is 50m, maximum cpu usage per Container is 2, but limit is 3, cpu max limit to request ratio per Container is 10, but provided ratio is 60.000000]',
    ],
  ])('refuses containers that ask for %j', async (resources, message) => {
    await range({ type: 'Container', min: { cpu: '100m' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '10' } })
    expect((await pod({ requests: { cpu: '1' }, limits: { cpu: '2' } })).status).toBe(201)
    const { status, json } = await pod(resources)
    expect([status, json.message.replace(/"[^"]*"/, '"p"')]).toEqual([403, `pods "p" is forbidden: ${message}`])
  })

  it('refuses pods by what their containers ask for together, and by what they leave out', async () => {
    await range({ type: 'Pod', max: { memory: '1Gi' } })
    const second = { name: 'd', image: 'i', resources: { limits: { memory: '600Mi' } } }
    const both = (limit: string) =>
      pod(undefined, {
        containers: [{ name: 'c', image: 'i', resources: { limits: { memory: limit } } }, second],
      })
    expect((await both('400Mi')).status).toBe(201)
    expect((await both('500Mi')).json.message).toContain('maximum memory usage per Pod is 1Gi, but limit is 1100Mi')
    expect((await pod(undefined)).json.message).toContain('maximum memory usage per Pod is 1Gi.  No limit is specified')
  })

  it('holds for claims', async () => {
    await range({ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } })
    const claim = (storage: string) =>
      call(api, `POST ${NS}/persistentvolumeclaims`, {
        body: {
          metadata: { generateName: 'c' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
        },
      })
    expect((await claim('1Gi')).status).toBe(201)
    expect((await claim('2Gi')).json.message).toContain(
      'maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi',
    )
  })

  it.each([
    [
      [{ type: 'Pod', default: { cpu: '1' } }],
      "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
    ],
    [
      [
        { type: 'Pod', max: { cpu: '1' } },
        { type: 'Pod', max: { cpu: '2' } },
      ],
      'spec.limits[1].type: Duplicate value: "Pod"',
    ],
    [
      [{ type: 'Container', min: { cpu: '2' }, max: { cpu: '1' } }],
      'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
    ],
    [[{ type: 'Pod', maxLimitRequestRatio: { cpu: '500m' } }], 'ratio 500m is less than 1'],
    [[{ type: 'PersistentVolumeClaim', min: { cpu: '1' } }], 'either minimum or maximum storage value is required'],
  ])('is refused when it contradicts itself: %j', async (limits, message) => {
    const { status, json } = await range(...limits)
    expect([status, json.message]).toEqual([422, expect.stringContaining(message)])
  })
})
