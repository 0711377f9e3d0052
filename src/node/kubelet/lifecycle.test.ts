import { afterEach, describe, expect, test } from 'vitest'
import { Pod } from '../../api/core/pod.ts'
import { eventually } from '../../client/testing.ts'

import { closeWorlds, world } from './testing-world.ts'

afterEach(closeWorlds)

describe('the life of a container', () => {
  const noted = (name: string, more: object = {}) => ({ name, image: 'busybox', command: ['noted', name], ...more })
  const mark = (text: string) => ({ exec: { command: ['mark', text] } })

  test('hooks run after the start and before the end', async () => {
    const { run, bench, settled, marks, pod } = await world()
    run('web', { containers: [noted('main', { lifecycle: { postStart: mark('begun'), preStop: mark('ending') } })] })
    await settled()
    expect(marks).toEqual(['begun'])
    await bench.api.client.delete(Pod, { namespace: 'shop', name: 'web' }, { gracePeriodSeconds: 5 })
    await settled()
    expect([marks, pod('web')]).toEqual([['begun', 'ending', 'main ends'], undefined])
  })

  test('a hook that fails after the start ends the container', async () => {
    const { run, events, pod } = await world()
    const containers = [noted('main', { lifecycle: { postStart: { exec: { command: ['false'] } } } })]
    run('web', { restartPolicy: 'Never', containers })
    await eventually(() => pod('web')?.status?.phase !== 'Pending' && pod('web')?.status?.phase !== 'Running')
    await eventually(() => events('FailedPostStartHook').length > 0)
    expect(events('FailedPostStartHook')).toEqual([
      'PostStartHook failed: Exec lifecycle hook (false) for Container "main" failed: command exited with 1',
    ])
  })

  test('one that takes longer than the grace period is not waited for', async () => {
    const { run, bench, settled, marks, pod } = await world()
    run('web', { containers: [noted('main', { lifecycle: { preStop: { sleep: { seconds: 600 } } } })] })
    await settled()
    const beginMs = performance.now()
    await bench.api.client.delete(Pod, { namespace: 'shop', name: 'web' }, { gracePeriodSeconds: 1 })
    await settled()
    expect([marks, pod('web')]).toEqual([['main ends'], undefined])
    expect(performance.now() - beginMs).toBeGreaterThan(900)
  })

  test('sidecars end after the others, the last one first', async () => {
    const { run, bench, settled, marks } = await world()
    const always = { restartPolicy: 'Always' }
    run('web', { initContainers: [noted('one', always), noted('two', always)], containers: [noted('main')] })
    await settled()
    await bench.api.client.delete(Pod, { namespace: 'shop', name: 'web' }, { gracePeriodSeconds: 5 })
    await settled()
    expect(marks).toEqual(['main ends', 'two ends', 'one ends'])
  })

  test('the API is told how the containers of a deleted pod ended before it is gone', async () => {
    const { run, bench, settled, pod } = await world()
    run('web', { containers: [noted('main')] }, { finalizers: ['example.com/hold'] })
    await settled()
    await bench.api.client.delete(Pod, { namespace: 'shop', name: 'web' }, { gracePeriodSeconds: 5 })
    await settled()
    expect(pod('web')!.status).toMatchObject({
      phase: 'Failed',
      containerStatuses: [{ state: { terminated: { exitCode: 143, reason: 'Error' } }, ready: false }],
    })
  })

  test('a deadline ends the pod, and says so', async () => {
    const { run, events, pod } = await world()
    run('job', { activeDeadlineSeconds: 1, terminationGracePeriodSeconds: 1 })
    await eventually(() => pod('job')?.status?.phase === 'Failed')
    await eventually(() => events('DeadlineExceeded').length > 0)
    expect(pod('job')!.status).toMatchObject({ reason: 'DeadlineExceeded', containerStatuses: [{ ready: false }] })
    expect(events('DeadlineExceeded')).toEqual(['Pod was active on the node longer than the specified deadline'])
  })

  test('a pod has succeeded once its sidecars have ended too', async () => {
    const { run, settled, marks, pod } = await world()
    run('job', {
      restartPolicy: 'Never',
      initContainers: [noted('side', { restartPolicy: 'Always' })],
      containers: [{ name: 'main', image: 'busybox', command: ['true'] }],
    })
    await eventually(() => pod('job')?.status?.phase === 'Succeeded')
    await settled()
    expect(marks).toEqual(['side ends'])
  })

  test('an ephemeral container runs beside the others and leaves them alone', async () => {
    const { run, settled, pod, bench, condition } = await world()
    run('web', {})
    await settled()
    const ephemeralContainers = [{ name: 'debug', image: 'busybox', command: ['true'] }]
    const body = { spec: { ephemeralContainers } }
    await bench.api.client.patch(Pod, { namespace: 'shop', name: 'web' }, { type: 'merge', body })
    await eventually(() => pod('web')?.status?.ephemeralContainerStatuses?.[0]?.state?.terminated !== undefined)
    await settled()
    expect([condition('web', 'Ready'), pod('web')!.status!.phase]).toEqual(['True', 'Running'])
  })

  test('sysctls of its network are set, others refused', async () => {
    const { run, netns, link, events, condition } = await world()
    const sysctls = (name: string) => ({ securityContext: { sysctls: [{ name, value: '0' }] } })
    run('open', sysctls('net.ipv4.ip_unprivileged_port_start'))
    run('bad', sysctls('kernel.panic'))
    await eventually(() => condition('open', 'Ready') === 'True' && events('FailedCreatePodSandBox').length > 0)
    expect(link.sysctls(netns.open('pod-uid-open'))['net/ipv4/ip_unprivileged_port_start']).toBe('0')
    expect(events('FailedCreatePodSandBox')[0]).toBe(
      'Failed to create pod sandbox: forbidden sysctl: "kernel.panic" not allowlisted',
    )
  })
})
