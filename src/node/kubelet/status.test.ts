import { describe, expect, test } from 'vitest'
import { decide } from './decide.ts'
import type { Checked, PodFacts } from './facts.ts'
import { statusOf, statusPatch } from './status.ts'
import { attemptOf, containerOf, factsOf, NOW_MS, podOf, sandboxOf } from './testing.ts'

const ok: Checked = { started: true, ready: true, pending: false }
const addresses = { pod: ['10.128.0.3'], host: ['172.18.0.11'] }
const status = (facts: Partial<PodFacts>) => {
  const all = factsOf(facts)
  return statusOf(all.pod, decide(all), addresses, all.isSetUp, NOW_MS)
}
const conditions = (facts: Partial<PodFacts>) =>
  Object.fromEntries(
    status(facts).conditions!.map(({ type, status, reason }) => [type, reason ? `${status} ${reason}` : status]),
  )

describe('phases and conditions', () => {
  const running = { sandbox: sandboxOf([attemptOf('main', 0, 'running')]) }

  test.each<[string, Partial<PodFacts>, string, Record<string, string>]>([
    [
      'new',
      { isSetUp: false, sandbox: undefined },
      'Pending',
      {
        PodReadyToStartContainers: 'False',
        Initialized: 'True',
        Ready: 'False ContainersNotReady',
        ContainersReady: 'False ContainersNotReady',
      },
    ],
    [
      'running, not ready',
      { ...running, checked: new Map([['main', { ...ok, ready: false }]]) },
      'Running',
      {
        PodReadyToStartContainers: 'True',
        Initialized: 'True',
        Ready: 'False ContainersNotReady',
        ContainersReady: 'False ContainersNotReady',
      },
    ],
    [
      'ready',
      { ...running, checked: new Map([['main', ok]]) },
      'Running',
      { PodReadyToStartContainers: 'True', Initialized: 'True', Ready: 'True', ContainersReady: 'True' },
    ],
    [
      'ready but for a gate',
      {
        ...running,
        checked: new Map([['main', ok]]),
        pod: podOf({ spec: { readinessGates: [{ conditionType: 'x/y' }] } }),
      },
      'Running',
      {
        PodReadyToStartContainers: 'True',
        Initialized: 'True',
        Ready: 'False ReadinessGatesNotReady',
        ContainersReady: 'True',
      },
    ],
    [
      'initializing',
      {
        pod: podOf({ spec: { initContainers: [containerOf('init')] } }),
        sandbox: sandboxOf([attemptOf('init', 0, 'running')]),
      },
      'Pending',
      {
        PodReadyToStartContainers: 'True',
        Initialized: 'False ContainersNotInitialized',
        Ready: 'False ContainersNotReady',
        ContainersReady: 'False ContainersNotReady',
      },
    ],
    [
      'completed',
      {
        pod: podOf({ spec: { restartPolicy: 'Never' } }),
        sandbox: sandboxOf([attemptOf('main', 0, { code: 0 })], true),
        isSetUp: false,
      },
      'Succeeded',
      {
        PodReadyToStartContainers: 'False',
        Initialized: 'True PodCompleted',
        Ready: 'False PodCompleted',
        ContainersReady: 'False PodCompleted',
      },
    ],
    [
      'failed',
      { pod: podOf({ spec: { restartPolicy: 'Never' } }), sandbox: sandboxOf([attemptOf('main', 0, { code: 3 })]) },
      'Failed',
      {
        PodReadyToStartContainers: 'True',
        Initialized: 'True',
        Ready: 'False PodFailed',
        ContainersReady: 'False PodFailed',
      },
    ],
    [
      'crashing',
      { sandbox: sandboxOf([attemptOf('main', 3, { code: 3 })]) },
      'Running',
      {
        PodReadyToStartContainers: 'True',
        Initialized: 'True',
        Ready: 'False ContainersNotReady',
        ContainersReady: 'False ContainersNotReady',
      },
    ],
  ])('%s', (_, facts, phase, expected) => {
    expect(status(facts).phase).toBe(phase)
    expect(conditions(facts)).toEqual(expected)
  })

  test('names what is not ready', () => {
    const messages = status({ isSetUp: false, sandbox: undefined }).conditions!.map(({ message }) => message)
    expect(messages).toContain('containers with unready status: [main]')
  })

  test('a condition keeps the time of its last change', () => {
    const before = { type: 'Ready', status: 'False', reason: 'Other', lastTransitionTime: '2026-01-01T10:00:00Z' }
    const told = podOf({ status: { conditions: [before] } })
    const ready = (facts: Partial<PodFacts>) =>
      status(facts).conditions!.find(({ type }) => type === 'Ready')!.lastTransitionTime
    expect(ready({ pod: told, isSetUp: false })).toBe('2026-01-01T10:00:00Z')
    expect(ready({ pod: told, ...running, checked: new Map([['main', ok]]) })).toBe('2026-01-01T12:00:00Z')
  })
})

describe('container statuses', () => {
  test('a running one says how it runs, in the place of an image’s id', () => {
    const [main] = status({ sandbox: sandboxOf([attemptOf('main', 0, 'running')]), checked: new Map([['main', ok]]) })
      .containerStatuses!
    expect(main).toEqual({
      name: 'main',
      state: { running: { startedAt: '2026-01-01T11:59:00Z' } },
      lastState: {},
      ready: true,
      started: true,
      restartCount: 0,
      image: 'shop/web:1',
      imageID: 'stand-in: because',
      containerID: 'fairlead://main-0',
    })
  })

  test('one in back-off waits, and its last state tells of its end', () => {
    const [main] = status({
      restarts: new Map([['main', 3]]),
      sandbox: sandboxOf([attemptOf('main', 2, { code: 1 }), attemptOf('main', 3, { code: 4 })]),
    }).containerStatuses!
    expect(main).toMatchObject({
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 4, reason: 'Error', containerID: 'fairlead://main-3' } },
      restartCount: 3,
      ready: false,
    })
  })

  test('one that was restarted remembers the run before', () => {
    const sandbox = sandboxOf([attemptOf('main', 0, { code: 1 }), attemptOf('main', 1, 'running')])
    expect(status({ sandbox }).containerStatuses![0]).toMatchObject({
      state: { running: {} },
      lastState: { terminated: { exitCode: 1 } },
      restartCount: 1,
    })
  })

  test('one that cannot be described says why', () => {
    const blocked = new Map([
      ['main', { reason: 'CreateContainerConfigError', message: 'configmap "x" not found', untilMs: NOW_MS + 1 }],
    ])
    expect(status({ blocked }).containerStatuses![0]!.state).toEqual({
      waiting: { reason: 'CreateContainerConfigError', message: 'configmap "x" not found' },
    })
  })
})

describe('the patch', () => {
  const before = {
    phase: 'Pending',
    podIPs: [{ ip: '10.0.0.1' }],
    conditions: [{ type: 'PodScheduled', status: 'True' }],
  } as const

  test('holds what changed alone', () => {
    expect(statusPatch(before, { ...before, phase: 'Running' })).toEqual({ phase: 'Running' })
    expect(statusPatch(before, { ...before })).toBeUndefined()
  })

  test('replaces addresses, which a strategic merge would add to', () => {
    expect(statusPatch(before, { ...before, podIPs: [{ ip: '10.0.0.2' }] })).toEqual({
      podIPs: [{ $patch: 'replace' }, { ip: '10.0.0.2' }],
    })
    expect(statusPatch(undefined, { podIPs: [{ ip: '10.0.0.2' }] })).toEqual({ podIPs: [{ ip: '10.0.0.2' }] })
  })

  test('does not touch conditions of others', () => {
    expect(statusPatch(before, { conditions: [{ type: 'Ready', status: 'True' }] })).toEqual({
      conditions: [{ type: 'Ready', status: 'True' }],
    })
  })
})

test('a reason that no longer holds is taken away: merging would keep it', () => {
  const at = { lastTransitionTime: '2026-01-01T00:00:00Z' }
  const unready = {
    conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: 'x', ...at }],
  }
  const ready = { conditions: [{ type: 'Ready', status: 'True', ...at }] }
  expect(statusPatch(unready, ready)).toEqual({
    conditions: [{ type: 'Ready', status: 'True', ...at, reason: null, message: null }],
  })
  expect(statusPatch(ready, unready)).toEqual(unready)
  expect(statusPatch(ready, ready)).toBeUndefined()
})

test('times that were told stand while the status does, so that a status thought of before settles', () => {
  const told = {
    startTime: '2026-01-01T00:00:01Z',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:01Z' }],
  }
  const earlier = {
    startTime: '2026-01-01T00:00:00Z',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
  }
  expect(statusPatch(told, earlier)).toBeUndefined()
  const changed = { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:00:02Z' }] }
  expect(statusPatch(told, changed)).toEqual(changed)
})

test('so does the moment at which a lost run counts as ended, and nothing else of it', () => {
  const lost = (finishedAt: string, containerID = 'fairlead://a', reason = 'ContainerStatusUnknown') => ({
    name: 'main',
    restartCount: 1,
    state: { running: { startedAt: '2026-01-01T00:00:02Z' } },
    lastState: { terminated: { exitCode: 137, reason, finishedAt, containerID } },
    ready: true,
    image: 'x',
    imageID: '',
    started: true,
  })
  const status = (...parts: Parameters<typeof lost>) => ({ containerStatuses: [lost(...parts)] })
  expect(statusPatch(status('2026-01-01T00:00:01Z'), status('2026-01-01T00:00:00Z'))).toBeUndefined()
  for (const other of [
    status('2026-01-01T00:00:00Z', 'fairlead://b'),
    status('2026-01-01T00:00:00Z', 'fairlead://a', 'Error'),
  ])
    expect(statusPatch(status('2026-01-01T00:00:01Z'), other)).toEqual(other)
  const counted = { containerStatuses: [{ ...lost('2026-01-01T00:00:00Z'), restartCount: 2 }] }
  expect(statusPatch(status('2026-01-01T00:00:01Z'), counted)).toEqual({
    containerStatuses: [{ ...lost('2026-01-01T00:00:01Z'), restartCount: 2 }],
  })
})
