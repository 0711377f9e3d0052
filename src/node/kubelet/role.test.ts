import { afterEach, describe, expect, test } from 'vitest'
import { Lease } from '../../api/coordination/lease.ts'
import { ConfigMap } from '../../api/core/config-map.ts'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { Service } from '../../api/core/service.ts'
import { eventually } from '../../client/testing.ts'

import { closeWorlds, world } from './testing-world.ts'

afterEach(closeWorlds)

describe('the node', () => {
  test('is registered with labels and addresses, ready, and keeps its lease; what others wrote stays', async () => {
    const { api, settled } = await world()
    await settled()
    const node = api.get(Node, { name: 'node-1' })!
    expect(node.metadata.labels).toMatchObject({
      'kubernetes.io/hostname': 'node-1',
      'topology.kubernetes.io/zone': 'zone-a',
      'node-role.kubernetes.io/worker': '',
    })
    expect(node.spec.podCIDR).toBe('10.128.0.0/23')
    expect(node.status!.addresses).toEqual([
      { type: 'InternalIP', address: '172.18.0.11' },
      { type: 'Hostname', address: 'node-1' },
    ])
    expect(node.status!.conditions!.find(({ type }) => type === 'Ready')?.status).toBe('True')
    await eventually(() => api.get(Lease, { namespace: 'kube-node-lease', name: 'node-1' }) !== undefined)
    expect(api.get(Lease, { namespace: 'kube-node-lease', name: 'node-1' })!.spec).toMatchObject({
      holderIdentity: 'node-1',
      leaseDurationSeconds: 40,
    })
  })

  test('says at once that it lives when it was given up', async () => {
    const { api, settled } = await world()
    await settled()
    const ready = () => api.get(Node, { name: 'node-1' })!.status!.conditions!.find(({ type }) => type === 'Ready')!
    const node = api.get(Node, { name: 'node-1' })!
    const conditions = node.status!.conditions!.map(each => ({
      ...each,
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
    }))
    api.put(Node, { ...node, status: { ...node.status!, conditions } })
    expect(ready().status).toBe('Unknown')
    await eventually(() => ready().status === 'True')
    expect(ready().reason).toBe('KubeletReady')
  })

  test('is not ready before its network stands; pods of the node’s own network need not wait', async () => {
    let open = (): void => {}
    const networkReady = new Promise<void>(resolve => {
      open = resolve
    })
    const { run, pod, condition, api, settled } = await world({ networkReady })
    run('waits', {})
    run('router', { hostNetwork: true })
    await eventually(() => condition('router', 'Ready') === 'True')
    const ready = () => api.get(Node, { name: 'node-1' })!.status!.conditions!.find(({ type }) => type === 'Ready')
    expect(ready()).toMatchObject({ status: 'False', reason: 'KubeletNotReady' })
    expect(pod('router')!.status).toMatchObject({ podIP: '172.18.0.11', hostIP: '172.18.0.11' })
    await eventually(() => pod('waits')?.status?.containerStatuses?.[0]?.state?.waiting?.message !== undefined)
    expect(pod('waits')!.status!.containerStatuses![0]!.state!.waiting!.message).toMatch(/network is not ready/)
    open()
    await eventually(() => condition('waits', 'Ready') === 'True')
    await settled()
    expect(ready()?.status).toBe('True')
  })
})

describe('a pod', () => {
  test('gets an address, runs, is ready, and says how it runs', async () => {
    const { run, pod, condition, events, settled, process } = await world()
    run('web', {})
    await settled()
    expect(condition('web', 'Ready')).toBe('True')
    expect(pod('web')!.status).toMatchObject({
      phase: 'Running',
      podIP: '10.128.0.3',
      podIPs: [{ ip: '10.128.0.3' }],
      hostIP: '172.18.0.11',
      containerStatuses: [{ name: 'main', ready: true, started: true, restartCount: 0, state: { running: {} } }],
    })
    expect(pod('web')!.status!.startTime).toBeDefined()
    await eventually(() => events('Started').length > 0)
    expect(events('Started')).toEqual([
      'Started container main (process: the image "busybox" is known for its tools; "sleep" of this machine runs in the pod)',
    ])
    expect(process.started[0]).toMatchObject({
      command: 'sleep',
      netns: { name: 'pod-uid-web' },
      sandbox: { hostname: 'web' },
    })
  })

  test('costs one write of its status when nothing goes wrong', async () => {
    const { run, api, settled } = await world()
    run('web', {})
    await settled()
    expect(api.requests.filter(request => request.includes('/pods/web/status'))).toHaveLength(1)
  })

  test('has its own resolv.conf, hosts and variables', async () => {
    const { run, api, fs, current, settled } = await world()
    api.put(Service, {
      metadata: { namespace: 'shop', name: 'data-base' },
      spec: { clusterIP: '172.30.0.5', ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }] },
    })
    api.put(ConfigMap, { metadata: { namespace: 'shop', name: 'settings' }, data: { COLOUR: 'blue' } })
    await settled()
    run('web', {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'main',
          image: 'busybox',
          command: ['env'],
          envFrom: [{ configMapRef: { name: 'settings' } }],
          env: [
            { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            { name: 'URL', value: 'http://$(IP):$(PORT)/$(ABSENT)' },
          ],
        },
      ],
    })
    await settled()
    expect(fs.read('/run/runtime/pods/uid-web/etc/resolv.conf')?.toString()).toBe(
      'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 172.30.0.10\noptions ndots:5\n',
    )
    expect(fs.read('/run/runtime/pods/uid-web/etc/hosts')?.toString()).toContain('10.128.0.3\tweb\n')
    let log = ''
    for await (const chunk of current.runtime.logs(
      { podUid: 'uid-web', container: 'main' },
      new AbortController().signal,
    ))
      log += chunk
    expect(JSON.parse(log)).toMatchObject({
      COLOUR: 'blue',
      IP: '10.128.0.3',
      URL: 'http://10.128.0.3:$(PORT)/$(ABSENT)',
      HOSTNAME: 'web',
      DATA_BASE_SERVICE_HOST: '172.30.0.5',
      DATA_BASE_PORT_5432_TCP_ADDR: '172.30.0.5',
      DATA_BASE_SERVICE_PORT_PG: '5432',
    })
  })

  test('waits for a ConfigMap that is missing, says so, and goes on when it comes', async () => {
    const { run, pod, api, events, condition } = await world()
    run('web', {
      containers: [
        { name: 'main', image: 'busybox', command: ['sleep'], envFrom: [{ configMapRef: { name: 'late' } }] },
      ],
    })
    await eventually(
      () => pod('web')?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError',
    )
    expect(pod('web')!.status!.containerStatuses![0]!.state!.waiting!.message).toBe('configmap "late" not found')
    await eventually(() => events('Failed').includes('Error: configmap "late" not found'))
    api.put(ConfigMap, { metadata: { namespace: 'shop', name: 'late' }, data: {} })
    await eventually(() => condition('web', 'Ready') === 'True')
  })

  test('that completes gives its address back and keeps its log; its phase tells how it ended', async () => {
    const { run, pod, settled, netns, current } = await world()
    run('good', { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox', command: ['true'] }] })
    run('bad', { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox', command: ['false'] }] })
    await settled()
    expect([pod('good')!.status!.phase, pod('bad')!.status!.phase]).toEqual(['Succeeded', 'Failed'])
    expect(netns.list()).toEqual(['node-1'])
    expect((await current.runtime.list()).map(({ stopped }) => stopped)).toEqual([true, true])
  })

  test('that crashes is restarted at once, then after a while, and says so', async () => {
    const { run, pod, events, settled } = await world()
    run('web', { containers: [{ name: 'main', image: 'busybox', command: ['false'] }] })
    await eventually(() => pod('web')?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff')
    await settled()
    expect(pod('web')!.status!.containerStatuses![0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
    })
    await eventually(() => events('BackOff').length > 0)
    expect(events('BackOff')).toEqual(['Back-off restarting failed container main in pod web_shop(uid-web)'])
  })

  test('sees its volumes change with what they come from, all files of one at once', async () => {
    const { run, api, settled, fs, pod, bench } = await world()
    api.put(ConfigMap, { metadata: { name: 'settings', namespace: 'shop' }, data: { a: '1', b: '1' } })
    const items = [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }]
    run('web', {
      volumes: [
        { name: 'map', configMap: { name: 'settings' } },
        { name: 'later', configMap: { name: 'later', optional: true } },
        { name: 'about', downwardAPI: { items } },
      ],
    })
    await settled()
    const read = (path: string) => fs.read(`/run/kubelet/volumes/uid-web/${path}`)?.toString()
    expect([read('map/a'), read('map/b'), read('later/x')]).toEqual(['1', '1', undefined])
    api.put(ConfigMap, { metadata: { name: 'settings', namespace: 'shop' }, data: { a: '2', c: '2' } })
    api.put(ConfigMap, { metadata: { name: 'later', namespace: 'shop' }, data: { x: 'now' } })
    const body = { metadata: { labels: { tier: 'front' } } }
    await bench.api.client.patch(Pod, { namespace: 'shop', name: 'web' }, { type: 'merge', body })
    await eventually(
      () => read('later/x') === 'now' && read('map/a') === '2' && read('about/labels') === 'tier="front"',
    )
    expect([read('map/b'), read('map/c')]).toEqual([undefined, '2'])
    await bench.api.client.delete(ConfigMap, { namespace: 'shop', name: 'settings' })
    await settled()
    expect(read('map/a')).toBe('2')
    expect(pod('web')!.status!.containerStatuses![0]!.restartCount).toBe(0)
  })

  test('that is deleted ends, leaves nothing behind, and is gone', async () => {
    const { run, pod, api, settled, netns, current, fs, events, bench } = await world()
    run('web', { volumes: [{ name: 'data', emptyDir: {} }] })
    await settled()
    await bench.api.client.delete(Pod, { namespace: 'shop', name: 'web' }, { gracePeriodSeconds: 5 })
    await settled()
    expect(pod('web')).toBeUndefined()
    expect(netns.list()).toEqual(['node-1'])
    expect(await current.runtime.list()).toEqual([])
    expect(fs.list('/run/kubelet/volumes')).toEqual([])
    expect(events('Killing')).toEqual(['Stopping container main'])
    expect(api.all(Pod)).toEqual([])
  })

  test('that the API has lost is ended too', async () => {
    const { run, api, netns, current, condition } = await world()
    run('web', {})
    await eventually(() => condition('web', 'Ready') === 'True')
    api.drop(Pod, { namespace: 'shop', name: 'web' })
    await eventually(() => netns.list().length === 1)
    expect(await current.runtime.list()).toEqual([])
  })

  test('gets no address where none is free, and says so', async () => {
    const { run, events } = await world({}, '10.128.0.0/29')
    for (let index = 0; index < 5; index++) run(`pod-${index}`, {})
    await eventually(() => events('FailedCreatePodSandBox').length > 0)
    expect(events('FailedCreatePodSandBox')[0]).toBe(
      'Failed to create pod sandbox: no address is free in 10.128.0.0/29',
    )
  })
})

describe('probes', () => {
  test('readiness decides; a change is told', async () => {
    const { run, flags, condition, events, settled } = await world()
    flags.isFailing = true
    run('web', {
      containers: [
        {
          name: 'main',
          image: 'busybox',
          command: ['sleep'],
          readinessProbe: { exec: { command: ['check'] }, periodSeconds: 1, failureThreshold: 1 },
        },
      ],
    })
    await settled()
    expect(condition('web', 'Ready')).toBe('False')
    await eventually(() => events('Unhealthy').length > 0)
    flags.isFailing = false
    await eventually(() => condition('web', 'Ready') === 'True')
  })

  test('a stand-in’s HTTP probe is really asked', async () => {
    const { run, condition, settled, pod } = await world()
    const ports = [{ name: 'http', containerPort: 8080 }]
    const probe = (path: string) => ({ httpGet: { path, port: 'http' }, periodSeconds: 1 })
    run('good', { containers: [{ name: 'main', image: 'shop/web', ports, readinessProbe: probe('/health') }] })
    run('bad', { containers: [{ name: 'main', image: 'shop/web', ports, readinessProbe: { tcpSocket: { port: 9 } } }] })
    await settled()
    expect([condition('good', 'Ready'), condition('bad', 'Ready')]).toEqual(['True', 'False'])
    expect(pod('good')!.status!.containerStatuses![0]!.imageID).toBe(
      'stand-in: the image "shop/web" is not known and no command is named; answers on 8080 (HTTP)',
    )
  })

  test('liveness restarts the container', async () => {
    const { run, flags, pod, events, settled } = await world()
    run('web', {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'main',
          image: 'busybox',
          command: ['sleep'],
          livenessProbe: { exec: { command: ['check'] }, periodSeconds: 1, failureThreshold: 1 },
        },
      ],
    })
    await settled()
    flags.isFailing = true
    await eventually(() => pod('web')!.status!.containerStatuses![0]!.restartCount > 0)
    await eventually(() => events('Killing').includes('Container main failed liveness probe, will be restarted'))
  })
})

describe('restarts', () => {
  test('a new agent finds its pods again and restarts nothing', async () => {
    const { run, agent, startAgent, condition, pod, process, settled, current } = await world()
    run('web', {
      containers: [
        { name: 'main', image: 'busybox', command: ['sleep'], readinessProbe: { exec: { command: ['check'] } } },
      ],
    })
    await settled()
    await eventually(() => condition('web', 'Ready') === 'True')
    const before = pod('web')!
    agent.stop()
    await agent.role.done
    await startAgent()
    await settled()
    expect(process.started.filter(({ command }) => command === 'sleep')).toHaveLength(1)
    expect(pod('web')!.status).toEqual(before.status)
    expect(condition('web', 'Ready')).toBe('True')
    expect(await current.runtime.list()).toHaveLength(1)
  })

  test('a new agent takes down what was deleted meanwhile', async () => {
    const { run, agent, startAgent, settled, api, current, netns } = await world()
    run('web', {})
    await settled()
    agent.stop()
    await agent.role.done
    api.drop(Pod, { namespace: 'shop', name: 'web' })
    await startAgent()
    await eventually(() => netns.list().length === 1)
    expect(await current.runtime.list()).toEqual([])
  })

  test('a new world starts every pod again, and counts it', async () => {
    const { run, settled, condition, pod } = await world()
    run('web', {})
    run('job', { restartPolicy: 'Never' })
    await settled()
    const [web, job] = [pod('web')!, pod('job')!]
    const next = await world()
    next.api.put(Pod, web)
    next.api.put(Pod, job)
    await next.settled()
    expect(next.pod('web')!.status).toMatchObject({
      phase: 'Running',
      containerStatuses: [
        { restartCount: 1, lastState: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } } },
      ],
    })
    expect(next.condition('web', 'Ready')).toBe('True')
    expect(next.pod('job')!.status!.phase).toBe('Failed')
    expect(condition('job', 'Ready')).toBe('True')
  })
})
