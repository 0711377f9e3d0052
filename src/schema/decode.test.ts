import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Deployment } from '../api/apps/deployment.ts'
import { Pod } from '../api/core/pod.ts'
import { Service } from '../api/core/service.ts'
import { decode } from './decode.ts'
import { messageNode } from './message-node.ts'

const pod = messageNode(Pod.schema)
const service = messageNode(Service.schema)
const deployment = messageNode(Deployment.schema)

describe('decode', () => {
  it('finds unknown fields, with indexes in their paths, and drops them', () => {
    const result = decode(pod, {
      kind: 'Pod',
      metadata: { name: 'a', labels: { any: 'key' }, foo: 1 },
      spec: { containers: [{ name: 'a' }, { name: 'b', imag: 'x', ports: [{ port: 1 }] }], foo: {} },
    })
    expect(result.unknown).toEqual([
      'metadata.foo',
      'spec.containers[1].imag',
      'spec.containers[1].ports[0].port',
      'spec.foo',
    ])
    expect(result.value).toEqual({
      kind: 'Pod',
      metadata: { name: 'a', labels: { any: 'key' } },
      spec: { containers: [{ name: 'a' }, { name: 'b', ports: [{}] }] },
    })
    expect(result.error).toBeUndefined()
  })

  it.each([
    [
      deployment,
      { spec: { replicas: '3' } },
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      service,
      { spec: { ports: [{ port: 80.5 }] } },
      'json: cannot unmarshal number 80.5 into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      service,
      { spec: { ports: {} } },
      'json: cannot unmarshal object into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort',
    ],
    [
      pod,
      { metadata: { labels: { a: 1 } } },
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      pod,
      { spec: { containers: [{ livenessProbe: { httpGet: { port: true } } }] } },
      'json: cannot unmarshal bool into Go struct field HTTPGetAction.spec.containers.livenessProbe.httpGet.port of type int32',
    ],
    [
      pod,
      { metadata: { creationTimestamp: 'x' } },
      'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"',
    ],
    [
      pod,
      { metadata: { creationTimestamp: 3 } },
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
    ],
    [pod, { spec: [] }, 'json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec'],
    [pod, [], 'json: cannot unmarshal array into Go value of type v1.Pod'],
    [
      pod,
      { spec: { hostNetwork: 'yes' } },
      'json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool',
    ],
  ])('words a wrong type as Go does', (node, json, error) => {
    expect(decode(node, json).error).toBe(error)
  })

  it('drops what is the same as absence, and keeps what is not', () => {
    const { value } = decode(deployment, {
      metadata: { name: 'a', creationTimestamp: null, labels: {} },
      spec: {
        replicas: 0,
        paused: false,
        strategy: { rollingUpdate: { maxSurge: 0 } },
        template: {
          spec: { containers: [], volumes: [{ name: 'a', emptyDir: {} }], nodeName: '', hostNetwork: false },
        },
      },
      status: {},
    })
    expect(value).toEqual({
      metadata: { name: 'a' },
      spec: {
        replicas: 0,
        strategy: { rollingUpdate: { maxSurge: 0 } },
        template: { spec: { containers: [], volumes: [{ name: 'a', emptyDir: {} }] } },
      },
      status: {},
    })
  })

  it('brings scalars into their stored form', () => {
    const { value } = decode(pod, {
      metadata: { deletionTimestamp: '2026-01-02T03:04:05.678+01:00' },
      spec: {
        containers: [
          {
            name: 'a',
            resources: { limits: { cpu: 0.5, memory: '1024Mi' } },
            readinessProbe: { httpGet: { port: 'http' } },
          },
        ],
      },
    })
    expect(value).toEqual({
      metadata: { deletionTimestamp: '2026-01-02T02:04:05Z' },
      spec: {
        containers: [
          {
            name: 'a',
            resources: { limits: { cpu: '500m', memory: '1Gi' } },
            readinessProbe: { httpGet: { port: 'http' } },
          },
        ],
      },
    })
  })

  it('never throws, and what it returns decodes to itself', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.jsonValue(), (spec, metadata) => {
        const first = decode(pod, { spec, metadata })
        const second = decode(pod, first.value)
        expect(second.value).toEqual(first.value)
        expect(second.unknown).toEqual([])
      }),
    )
  })
})
