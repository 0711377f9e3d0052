import { describe, expect, it } from 'vitest'
import { errorsOf, NO_LABEL, specOf, stored } from '../../testing.ts'
import { Pod } from '../pod.ts'

describe('pods', () => {
  const container = { name: 'a', image: 'i' }
  const pod = (spec: object) => ({ spec: { containers: [container], ...spec } })
  const one = (more: object) => pod({ containers: [{ ...container, ...more }] })

  it('get the defaults that keep kubectl diff quiet', () => {
    const given = pod({
      containers: [
        {
          ...container,
          ports: [{ containerPort: 80 }],
          readinessProbe: { httpGet: { port: 80 } },
          resources: { limits: { cpu: '1' } },
          env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
        },
        { name: 'b', image: 'registry.test:5000/x:v1' },
      ],
      volumes: [{ name: 'v' }, { name: 'c', configMap: { name: 'c' } }],
    })
    expect(specOf(stored(Pod, given))).toEqual({
      containers: [
        {
          name: 'a',
          image: 'i',
          imagePullPolicy: 'Always',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          readinessProbe: {
            httpGet: { port: 80, path: '/', scheme: 'HTTP' },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 3,
          },
          resources: { limits: { cpu: '1' }, requests: { cpu: '1' } },
          env: [{ name: 'IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } }],
        },
        {
          name: 'b',
          image: 'registry.test:5000/x:v1',
          imagePullPolicy: 'IfNotPresent',
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
      ],
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'c', configMap: { name: 'c', defaultMode: 420 } },
      ],
      dnsPolicy: 'ClusterFirst',
      enableServiceLinks: true,
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
    })
  })

  it.each([
    ['i', 'Always'],
    ['i:latest', 'Always'],
    ['r:5000/i', 'Always'],
    ['i:1', 'IfNotPresent'],
    ['i@sha256:abc', 'IfNotPresent'],
    ['i:latest@sha256:abc', 'IfNotPresent'],
  ])('pull %s %s', (image, policy) => {
    expect(stored(Pod, one({ image })).spec.containers[0]!.imagePullPolicy).toBe(policy)
  })

  it('on the host network take the ports of the node', () => {
    const spec = { hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 80 }] }] }
    expect(stored(Pod, { spec }).spec.containers[0]!.ports).toEqual([
      { containerPort: 80, hostPort: 80, protocol: 'TCP' },
    ])
  })

  it.each<[object, readonly string[]]>([
    [pod({}), []],
    [pod({ containers: [] }), ['spec.containers: Required']],
    [one({ name: '' }), ['spec.containers[0].name: Required']],
    [one({ name: 'A' }), [`spec.containers[0].name: Invalid: ${NO_LABEL}`]],
    [one({ image: '' }), ['spec.containers[0].image: Required']],
    [pod({ containers: [container, container] }), ['spec.containers[1].name: Duplicate']],
    [
      one({ ports: [{ containerPort: 70000 }] }),
      ['spec.containers[0].ports[0].containerPort: Invalid: must be between 1 and 65535, inclusive'],
    ],
    [
      one({
        ports: [
          { containerPort: 1, name: 'a' },
          { containerPort: 2, name: 'a' },
        ],
      }),
      ['spec.containers[0].ports[1].name: Duplicate'],
    ],
    [one({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }), ['spec.containers[0].volumeMounts[0].name: NotFound']],
    [one({ readinessProbe: {} }), ['spec.containers[0].readinessProbe: Required: must specify a handler type']],
    [
      one({ livenessProbe: { successThreshold: 2, tcpSocket: { port: 1 } } }),
      ['spec.containers[0].livenessProbe.successThreshold: Invalid: must be 1'],
    ],
    [one({ readinessProbe: { successThreshold: 2, tcpSocket: { port: 1 } } }), []],
    [
      one({ env: [{ name: 'a=b' }] }),
      [
        "spec.containers[0].env[0].name: Invalid: a valid environment variable name must consist only of printable ASCII characters other than '='",
      ],
    ],
    [
      one({ env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }),
      ['spec.containers[0].env[0].valueFrom: Invalid: may not be specified when `value` is not empty'],
    ],
    [
      one({ resources: { limits: { cpu: '1' }, requests: { cpu: '1500m' } } }),
      ['spec.containers[0].resources.requests: Invalid: must be less than or equal to cpu limit of 1'],
    ],
    [
      one({ imagePullPolicy: 'Maybe' }),
      ['spec.containers[0].imagePullPolicy: NotSupported: supported values: "Always", "IfNotPresent", "Never"'],
    ],
    [
      pod({ volumes: [{ name: 'v', emptyDir: {}, secret: { secretName: 's' } }] }),
      ['spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type'],
    ],
    [pod({ volumes: [{ name: 'v', configMap: {} }] }), ['spec.volumes[0].configMap.name: Required']],
    [pod({ dnsPolicy: 'None' }), ['spec.dnsConfig: Required: must provide `dnsConfig` when `dnsPolicy` is None']],
    [pod({ dnsPolicy: 'None', dnsConfig: { nameservers: ['172.30.0.10'] } }), []],
    [pod({ hostname: 'a.b' }), ['spec.hostname: Invalid: must not contain dots']],
    [
      pod({ tolerations: [{ operator: 'Exists', value: 'x' }] }),
      ["spec.tolerations[0].operator: Invalid: value must be empty when `operator` is 'Exists'"],
    ],
    [
      pod({ restartPolicy: 'Sometimes' }),
      ['spec.restartPolicy: NotSupported: supported values: "Always", "OnFailure", "Never"'],
    ],
  ])('%j', (object, errors) => {
    expect(errorsOf(Pod, object)).toEqual(errors)
  })

  it('change in a few ways only', () => {
    const old = pod({ nodeName: 'n' })
    expect(errorsOf(Pod, pod({ nodeName: 'n', containers: [{ ...container, image: 'j' }] }), old)).toEqual([])
    expect(errorsOf(Pod, pod({ nodeName: 'n', activeDeadlineSeconds: 5 }), old)).toEqual([])
    expect(errorsOf(Pod, pod({ nodeName: 'n' }), pod({}))).toEqual([])
    expect(errorsOf(Pod, pod({ nodeName: 'm' }), old)).toEqual([
      expect.stringContaining('spec: Forbidden: pod updates may not change fields'),
    ])
    expect(errorsOf(Pod, one({ args: ['x'] }), pod({}))).toEqual([
      expect.stringContaining('pod updates may not change fields'),
    ])
  })
})
