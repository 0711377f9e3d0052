import { describe, expect, it } from 'vitest'
import { errorsOf, NO_LABEL, specOf, stored } from '../../testing.ts'
import { Service } from '../service.ts'

describe('services', () => {
  const port = { port: 80 }
  const service = (spec: object) => ({ spec: { ports: [port], ...spec } })

  it('get the defaults of their type', () => {
    expect(specOf(stored(Service, service({})))).toEqual({
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }],
    })
    expect(specOf(stored(Service, service({ type: 'LoadBalancer', sessionAffinity: 'ClientIP' })))).toMatchObject({
      externalTrafficPolicy: 'Cluster',
      allocateLoadBalancerNodePorts: true,
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
    })
    const alias = stored(Service, { spec: { type: 'ExternalName', externalName: 'a.b' } })
    expect(specOf(alias)).toEqual({ type: 'ExternalName', externalName: 'a.b', sessionAffinity: 'None' })
    expect(specOf(stored(Service, service({ externalIPs: ['192.0.2.1'] })))).toMatchObject({
      externalTrafficPolicy: 'Cluster',
    })
  })

  it('lose what only their old type had', () => {
    const old = stored(Service, service({ type: 'LoadBalancer' }))
    const now = { ...specOf(old), type: 'ClusterIP' } as object
    expect(specOf(stored(Service, { spec: now }, old))).not.toHaveProperty('allocateLoadBalancerNodePorts')
    expect(errorsOf(Service, { spec: now }, old)).toEqual([])
  })

  it.each<[object, readonly string[]]>([
    [{ ports: [] }, ['spec.ports: Required']],
    [{ ports: [], clusterIP: 'None', clusterIPs: ['None'] }, []],
    [
      { ports: [{ port: 0 }] },
      [
        'spec.ports[0].port: Invalid: must be between 1 and 65535, inclusive',
        'spec.ports[0].targetPort: Invalid: must be between 1 and 65535, inclusive',
      ],
    ],
    [{ ports: [port, { port: 81 }] }, ['spec.ports[0].name: Required', 'spec.ports[1].name: Required']],
    [
      {
        ports: [
          { ...port, name: 'a' },
          { port: 81, name: 'a' },
        ],
      },
      ['spec.ports[1].name: Duplicate'],
    ],
    [
      {
        ports: [
          { ...port, name: 'a' },
          { ...port, name: 'b' },
        ],
      },
      ['spec.ports[1]: Duplicate'],
    ],
    [{ ports: [{ ...port, name: 'A' }] }, [`spec.ports[0].name: Invalid: ${NO_LABEL}`]],
    [
      { ports: [{ ...port, protocol: 'HTTP' }] },
      ['spec.ports[0].protocol: NotSupported: supported values: "SCTP", "TCP", "UDP"'],
    ],
    [
      { ports: [{ ...port, targetPort: 'UPPER' }] },
      [
        'spec.ports[0].targetPort: Invalid: must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
        'spec.ports[0].targetPort: Invalid: must contain at least one letter (a-z)',
      ],
    ],
    [
      { ports: [{ ...port, nodePort: 30000 }] },
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [{ type: 'NodePort', ports: [{ ...port, nodePort: 30000 }] }, []],
    [
      { type: 'NodePort', clusterIP: 'None', clusterIPs: ['None'] },
      ["spec.clusterIPs[0]: Invalid: may not be set to 'None' for NodePort services"],
    ],
    [{ type: 'ExternalName' }, ['spec.externalName: Required']],
    [
      { type: 'Wrong' },
      ['spec.type: NotSupported: supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'],
    ],
    [
      { clusterIP: '1.2.3', clusterIPs: ['1.2.3'] },
      ['spec.clusterIPs[0]: Invalid: must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    ],
    [{ clusterIPs: ['1.2.3.4'] }, ['spec.clusterIPs: Invalid: must be empty when `clusterIP` is not specified']],
    [
      { externalIPs: ['127.0.0.1'] },
      ['spec.externalIPs[0]: Invalid: may not be in the loopback range (127.0.0.0/8, ::1/128)'],
    ],
    [
      { externalTrafficPolicy: 'Local' },
      ['spec.externalTrafficPolicy: Invalid: may only be set for externally-accessible services'],
    ],
    [
      { loadBalancerSourceRanges: ['10.0.0.0/8'] },
      ["spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'"],
    ],
    [
      { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/8 ', 'x'] },
      ['spec.LoadBalancerSourceRanges[1]: Invalid: must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
    ],
    [
      { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } } },
      ['spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid: must be greater than 0 and less than 86400'],
    ],
    [
      { trafficDistribution: 'Near' },
      ['spec.trafficDistribution: NotSupported: supported values: "PreferClose", "PreferSameZone", "PreferSameNode"'],
    ],
    [
      { selector: { 'a b': 'c' } },
      [expect.stringContaining('spec.selector: Invalid: name part must consist of') as never],
    ],
    [
      { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4', 'IPv6'] },
      [
        "spec.ipFamilyPolicy: Invalid: must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified",
      ],
    ],
  ])('%j', (spec, errors) => {
    expect(errorsOf(Service, service(spec))).toEqual(errors)
  })

  it('keep their address', () => {
    const at = (address: string) => service({ clusterIP: address, clusterIPs: [address] })
    expect(errorsOf(Service, at('172.30.0.9'), at('172.30.0.9'))).toEqual([])
    expect(errorsOf(Service, at('172.30.0.8'), at('172.30.0.9'))).toEqual([
      'spec.clusterIPs[0]: Invalid: may not change once set',
    ])
  })
})
