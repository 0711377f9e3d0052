/** Cells as kubectl prints them. */
import { describe, expect, it } from 'vitest'
import type { ApiObject, Kind } from '../schema/kind.ts'
import { Deployment } from './apps/deployment.ts'
import { Endpoints } from './core/endpoints.ts'
import { Event } from './core/event.ts'
import { Node } from './core/node.ts'
import { Pod } from './core/pod.ts'
import { Service } from './core/service.ts'
import { EndpointSlice } from './discovery/endpoint-slice.ts'
import { Ingress } from './networking/ingress.ts'
import { NetworkPolicy } from './networking/network-policy.ts'
import { Route } from './route/route.ts'

const NOW_MS = Date.parse('2026-01-01T00:10:00Z')
const metadata = { name: 'a', uid: '', resourceVersion: '', creationTimestamp: '2026-01-01T00:05:00Z' }

function cells<T extends ApiObject>(kind: Kind<T>, object: object): Record<string, unknown> {
  const whole = { metadata, ...object } as unknown as T
  return Object.fromEntries(kind.columns.map(column => [column.name, column.cell(whole, NOW_MS)]))
}

describe('pods', () => {
  const spec = { containers: [{ name: 'a' }, { name: 'b' }], nodeName: 'node-1' }
  const running = { name: 'a', ready: true, restartCount: 0, state: { running: {} }, image: '', imageID: '' }

  it('while they run', () => {
    const status = {
      phase: 'Running',
      podIPs: [{ ip: '10.128.0.5' }],
      containerStatuses: [
        running,
        {
          ...running,
          name: 'b',
          restartCount: 3,
          lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:06:00Z' } },
        },
      ],
    }
    expect(cells(Pod, { spec, status })).toEqual({
      Name: 'a',
      Ready: '2/2',
      Status: 'Running',
      Restarts: '3 (4m ago)',
      Age: '5m',
      IP: '10.128.0.5',
      Node: 'node-1',
      'Nominated Node': '<none>',
      'Readiness Gates': '<none>',
    })
  })

  it.each([
    ['Pending', { phase: 'Pending' }],
    ['Evicted', { phase: 'Failed', reason: 'Evicted' }],
    ['SchedulingGated', { phase: 'Pending', conditions: [{ type: 'PodScheduled', reason: 'SchedulingGated' }] }],
    ['CrashLoopBackOff', { containerStatuses: [{ ...running, state: { waiting: { reason: 'CrashLoopBackOff' } } }] }],
    ['Error', { containerStatuses: [{ ...running, state: { terminated: { reason: 'Error', exitCode: 1 } } }] }],
    ['ExitCode:2', { containerStatuses: [{ ...running, state: { terminated: { exitCode: 2 } } }] }],
    ['Signal:9', { containerStatuses: [{ ...running, state: { terminated: { exitCode: 137, signal: 9 } } }] }],
    [
      'NotReady',
      { containerStatuses: [{ ...running, state: { terminated: { reason: 'Completed', exitCode: 0 } } }, running] },
    ],
    ['Init:0/2', { initContainerStatuses: [{ ...running, state: { running: {} } }] }],
    ['Init:1/2', { initContainerStatuses: [done(), { ...running, state: {} }] }],
    [
      'Init:Error',
      { initContainerStatuses: [{ ...running, state: { terminated: { reason: 'Error', exitCode: 1 } } }] },
    ],
  ])('in the state %s', (state, status) => {
    const initContainers = 'initContainerStatuses' in status ? [{ name: 'x' }, { name: 'y' }] : []
    expect(cells(Pod, { spec: { ...spec, initContainers }, status }).Status).toBe(state)
  })

  function done() {
    return { ...running, state: { terminated: { exitCode: 0, reason: 'Completed' } } }
  }

  it('while they end', () => {
    const ending = { metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:09:00Z' }, spec }
    expect(cells(Pod, { ...ending, status: { phase: 'Running' } }).Status).toBe('Terminating')
    expect(cells(Pod, { ...ending, status: { phase: 'Succeeded' } }).Status).toBe('Succeeded')
  })
})

describe('services', () => {
  const ports = [
    { port: 80, nodePort: 30080, protocol: 'TCP' },
    { port: 53, protocol: 'UDP' },
  ]
  it.each([
    [{ type: 'ClusterIP', clusterIPs: ['172.30.0.9'], ports }, '172.30.0.9', '<none>', '80:30080/TCP,53/UDP'],
    [{ type: 'ClusterIP', clusterIPs: ['None'] }, 'None', '<none>', '<none>'],
    [{ type: 'ExternalName', externalName: 'a.b' }, '<none>', 'a.b', '<none>'],
    [{ type: 'LoadBalancer', clusterIPs: ['1.1.1.1'] }, '1.1.1.1', '<pending>', '<none>'],
    [{ type: 'NodePort', clusterIPs: ['1.1.1.1'], externalIPs: ['2.2.2.2'] }, '1.1.1.1', '2.2.2.2', '<none>'],
  ])('%j', (spec, cluster, external, portText) => {
    expect(cells(Service, { spec })).toMatchObject({
      'Cluster-IP': cluster,
      'External-IP': external,
      'Port(s)': portText,
      Selector: '<none>',
    })
  })

  it('with a load balancer', () => {
    const status = { loadBalancer: { ingress: [{ ip: '172.18.0.200' }] } }
    const spec = { type: 'LoadBalancer', clusterIPs: ['1.1.1.1'], externalIPs: ['2.2.2.2'] }
    expect(cells(Service, { spec, status })['External-IP']).toBe('172.18.0.200,2.2.2.2')
  })
})

describe('the others', () => {
  it('endpoint slices and endpoints', () => {
    const addresses = ['10.128.0.1', '10.128.0.2', '10.128.0.3', '10.128.0.4', '10.128.0.5']
    const slice = {
      addressType: 'IPv4',
      ports: [{ port: 80 }, {}],
      endpoints: addresses.map(one => ({ addresses: [one] })),
    }
    expect(cells(EndpointSlice, slice)).toMatchObject({
      Ports: '80,*',
      Endpoints: '10.128.0.1,10.128.0.2,10.128.0.3 + 2 more...',
    })
    expect(cells(EndpointSlice, { addressType: 'IPv4', endpoints: [] })).toMatchObject({
      Ports: '<unset>',
      Endpoints: '<unset>',
    })
    const subsets = [{ addresses: [{ ip: '10.128.0.1' }, { ip: 'fd01::1' }], ports: [{ port: 80 }] }]
    expect(cells(Endpoints, { subsets }).Endpoints).toBe('10.128.0.1:80,[fd01::1]:80')
    expect(cells(Endpoints, {}).Endpoints).toBe('<none>')
  })

  it('nodes', () => {
    const node = {
      metadata: { ...metadata, labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/infra': '' } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [{ type: 'InternalIP', address: '172.18.0.2' }],
      },
    }
    expect(cells(Node, node)).toMatchObject({
      Status: 'Ready,SchedulingDisabled',
      Roles: 'infra,worker',
      'Internal-IP': '172.18.0.2',
      'External-IP': '<none>',
    })
  })

  it('events', () => {
    const event = {
      involvedObject: { kind: 'Pod', name: 'web' },
      source: { component: 'kubelet', host: 'node-1' },
      lastTimestamp: '2026-01-01T00:09:30Z',
      firstTimestamp: '2026-01-01T00:00:00Z',
      count: 4,
      type: 'Warning',
      reason: 'BackOff',
      message: 'Back-off\n',
    }
    expect(cells(Event, event)).toEqual({
      'Last Seen': '30s',
      Type: 'Warning',
      Reason: 'BackOff',
      Object: 'pod/web',
      Subobject: '',
      Source: 'kubelet, node-1',
      Message: 'Back-off',
      'First Seen': '10m',
      Count: 4,
      Name: 'a',
    })
  })

  it('ingresses', () => {
    const spec = { rules: [{ host: 'a' }, { host: 'b' }, { host: 'c' }, { host: 'd' }], tls: [{}] }
    expect(cells(Ingress, { spec })).toMatchObject({ Class: '<none>', Hosts: 'a,b,c + 1 more...', Ports: '80, 443' })
    expect(cells(Ingress, { spec: { rules: [{}] } })).toMatchObject({ Hosts: '*', Address: '', Ports: '80' })
  })

  it('network policies', () => {
    const podSelector = {
      matchLabels: { app: 'web' },
      matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['b', 'a'] }],
    }
    expect(cells(NetworkPolicy, { spec: { podSelector } })['Pod-Selector']).toBe('app=web,tier notin (a,b)')
  })

  it('deployments', () => {
    const spec = {
      replicas: 3,
      selector: { matchLabels: { a: 'b' } },
      template: {
        spec: {
          containers: [
            { name: 'x', image: 'i:1' },
            { name: 'y', image: 'j' },
          ],
        },
      },
    }
    expect(cells(Deployment, { spec, status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 2 } })).toEqual(
      {
        Name: 'a',
        Ready: '2/3',
        'Up-to-date': 3,
        Available: 2,
        Age: '5m',
        Containers: 'x,y',
        Images: 'i:1,j',
        Selector: 'a=b',
      },
    )
  })
})

describe('routes', () => {
  const to = { kind: 'Service', name: 'web', weight: 100 }
  const admitted = (host: string, status: string, reason?: string) => ({
    host,
    conditions: [{ type: 'Admitted', status, reason }],
  })
  it.each([
    ['h', [admitted('h', 'True')]],
    ['Pending', []],
    ['HostAlreadyClaimed', [admitted('h', 'False', 'HostAlreadyClaimed')]],
    ['h ... 1 rejected', [admitted('h', 'True'), admitted('h', 'False', 'X')]],
    ['h ... 1 more', [admitted('h', 'True'), admitted('h', 'True')]],
  ])('the host is %s', (text, ingress) => {
    expect(cells(Route, { spec: { host: 'h', to }, status: { ingress } })['Host/Port']).toBe(text)
  })

  it('show weights, ports and termination', () => {
    const spec = {
      host: 'h',
      path: '/x',
      to: { ...to, weight: 90 },
      alternateBackends: [{ ...to, name: 'canary', weight: 10 }],
      port: { targetPort: 'http' },
      tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'Redirect' },
      wildcardPolicy: 'None',
    }
    expect(cells(Route, { spec })).toMatchObject({
      Path: '/x',
      Services: 'web(90%),canary(10%)',
      Port: 'http',
      Termination: 'edge/Redirect',
      Wildcard: 'None',
    })
    expect(cells(Route, { spec: { to } })).toMatchObject({ Services: 'web', Port: '<all>', Termination: '' })
  })
})
