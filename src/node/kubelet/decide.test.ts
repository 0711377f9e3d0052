import { describe, expect, test } from 'vitest'
import type { Action } from './decide.ts'
import { decide } from './decide.ts'
import type { Checked, PodFacts } from './facts.ts'
import type { PodSketch } from './testing.ts'
import { attemptOf, containerOf, factsOf, NOW_MS, podOf, sandboxOf } from './testing.ts'

/** What the agent has counted of restarts in a row. */
const inARow = (restarts: number) => ({ restarts: new Map([['main', restarts]]) })

const brief = (action: Action): string => {
  switch (action.do) {
    case 'start':
      return `start ${action.container.name}#${action.attempt} (${action.restarts} in a row)`
    case 'stop':
      return `stop ${action.container} in ${action.graceSeconds} s for ${action.because}`
    case 'release':
    case 'tear-down':
      return `${action.do} in ${action.graceSeconds} s`
    default:
      return action.do
  }
}
const actions = (facts: Partial<PodFacts>): readonly string[] => decide(factsOf(facts)).actions.map(brief)
const ok: Checked = { started: true, ready: true, pending: false }
const two = { containers: [containerOf('a'), containerOf('b')] }
const withInit = (more: PodSketch['spec'] = {}): PodSketch => ({
  spec: { initContainers: [containerOf('one'), containerOf('two')], containers: [containerOf('main')], ...more },
})

const withSidecar = {
  spec: { initContainers: [containerOf('side', { restartPolicy: 'Always' })], containers: [containerOf('main')] },
}
const endedStatus = (name: string, exitCode: number) => ({
  name,
  state: { terminated: { exitCode, reason: 'Completed' } },
  ready: true,
  restartCount: 0,
  image: 'i',
  imageID: '',
})
/** A pod that started a minute ago. */
const expiring = (activeDeadlineSeconds: number): Partial<PodFacts> => ({
  pod: podOf({
    spec: { ...two, activeDeadlineSeconds, containers: [containerOf('main')] },
    status: { startTime: '2026-01-01T11:59:00Z' },
  }),
})

describe('what is done next', () => {
  test.each<[string, Partial<PodFacts>, readonly string[]]>([
    ['a new pod is set up first', { isSetUp: false, sandbox: undefined }, ['set-up']],
    ['while it is being set up, nothing else', { isSetUp: false, isSettingUp: true }, []],
    ['without a network it waits', { isSetUp: false, sandbox: undefined, isNetworkReady: false }, []],
    [
      'after a failure it waits for the next try',
      { isSetUp: false, blocked: new Map([['', { reason: 'X', message: '', untilMs: NOW_MS + 1 }]]) },
      [],
    ],
    [
      'all containers start together',
      { pod: podOf({ spec: two }) },
      ['start a#0 (0 in a row)', 'start b#0 (0 in a row)'],
    ],
    [
      'one that is being started is left alone',
      { pod: podOf({ spec: two }), changing: new Set(['a']) },
      ['start b#0 (0 in a row)'],
    ],
    ['what runs is left alone', { sandbox: sandboxOf([attemptOf('main', 0, 'running')]) }, []],
    [
      'the first restart is immediate',
      { sandbox: sandboxOf([attemptOf('main', 0, { code: 1 })]) },
      ['start main#1 (1 in a row)'],
    ],
    [
      'so is that of one that ended well',
      { sandbox: sandboxOf([attemptOf('main', 0, { code: 0 })]) },
      ['start main#1 (1 in a row)'],
    ],
    [
      'an agent that has just started counts from nothing',
      { sandbox: sandboxOf([attemptOf('main', 9, { code: 1 })]) },
      ['start main#10 (1 in a row)'],
    ],
    ['the second waits 10 s', { ...inARow(1), sandbox: sandboxOf([attemptOf('main', 1, { code: 1, agoS: 9 })]) }, []],
    [
      'and no longer',
      { ...inARow(1), sandbox: sandboxOf([attemptOf('main', 1, { code: 1, agoS: 10 })]) },
      ['start main#2 (2 in a row)'],
    ],
    ['the tenth waits 5 min', { ...inARow(9), sandbox: sandboxOf([attemptOf('main', 9, { code: 1, agoS: 299 })]) }, []],
    [
      'and no longer',
      { ...inARow(9), sandbox: sandboxOf([attemptOf('main', 9, { code: 1, agoS: 300 })]) },
      ['start main#10 (10 in a row)'],
    ],
    [
      'after ten good minutes it counts from the beginning',
      { ...inARow(9), sandbox: sandboxOf([attemptOf('main', 9, { code: 1, ranS: 600 })]) },
      ['start main#10 (1 in a row)'],
    ],
    [
      'what ended with the runtime starts again at once, and that counts for nothing',
      {
        sandbox: sandboxOf([attemptOf('main', 5, { code: 137, reason: 'RuntimeRestarted' })]),
        ...inARow(2),
      },
      ['start main#6 (2 in a row)'],
    ],
    [
      'OnFailure: an end with code 0 is the end',
      { pod: podOf({ spec: { restartPolicy: 'OnFailure' } }), sandbox: sandboxOf([attemptOf('main', 0, { code: 0 })]) },
      ['release in 30 s'],
    ],
    [
      'OnFailure: another code is not',
      { pod: podOf({ spec: { restartPolicy: 'OnFailure' } }), sandbox: sandboxOf([attemptOf('main', 0, { code: 1 })]) },
      ['start main#1 (1 in a row)'],
    ],
    [
      'Never: any end is the end',
      { pod: podOf({ spec: { restartPolicy: 'Never' } }), sandbox: sandboxOf([attemptOf('main', 0, { code: 1 })]) },
      ['release in 30 s'],
    ],
    [
      'Never: the others go on',
      {
        pod: podOf({ spec: { ...two, restartPolicy: 'Never' } }),
        sandbox: sandboxOf([attemptOf('a', 0, { code: 1 }), attemptOf('b', 0, 'running')]),
      },
      [],
    ],
    [
      'a released pod is left alone',
      {
        pod: podOf({ spec: { restartPolicy: 'Never' }, status: { phase: 'Failed' } }),
        isSetUp: false,
        sandbox: sandboxOf([attemptOf('main', 0, { code: 1 })], true),
      },
      [],
    ],
    [
      'liveness that failed stops the container, within the pod’s grace',
      {
        sandbox: sandboxOf([attemptOf('main', 0, 'running')]),
        checked: new Map([['main', { ...ok, failed: { probe: 'Liveness' } }]]),
        pod: podOf({ spec: { terminationGracePeriodSeconds: 7 } }),
      },
      ['stop main in 7 s for Liveness'],
    ],
    [
      'or within the probe’s own',
      {
        sandbox: sandboxOf([attemptOf('main', 0, 'running')]),
        checked: new Map([['main', { ...ok, failed: { probe: 'Startup', graceSeconds: 2 } }]]),
      },
      ['stop main in 2 s for Startup'],
    ],
    [
      'deletion takes everything down, within the time that was asked for',
      {
        pod: podOf({ metadata: { deletionTimestamp: '2026-01-01T12:00:05Z', deletionGracePeriodSeconds: 5 } }),
        sandbox: sandboxOf([attemptOf('main', 0, 'running')]),
      },
      ['tear-down in 5 s'],
    ],
    ['init containers start one after another', { pod: podOf(withInit()) }, ['start one#0 (0 in a row)']],
    ['the next waits', { pod: podOf(withInit()), sandbox: sandboxOf([attemptOf('one', 0, 'running')]) }, []],
    [
      'the next starts',
      { pod: podOf(withInit()), sandbox: sandboxOf([attemptOf('one', 0, { code: 0 })]) },
      ['start two#0 (0 in a row)'],
    ],
    [
      'a failed one starts again',
      { pod: podOf(withInit()), sandbox: sandboxOf([attemptOf('one', 0, { code: 1 })]) },
      ['start one#1 (1 in a row)'],
    ],
    [
      'or ends the pod',
      { pod: podOf(withInit({ restartPolicy: 'Never' })), sandbox: sandboxOf([attemptOf('one', 0, { code: 1 })]) },
      ['release in 30 s'],
    ],
    [
      'after the last one the containers start',
      {
        pod: podOf(withInit()),
        sandbox: sandboxOf([attemptOf('one', 0, { code: 0 }), attemptOf('two', 0, { code: 0 })]),
      },
      ['start main#0 (0 in a row)'],
    ],
    [
      'a sidecar is enough when it has started, and goes on',
      {
        pod: podOf({
          spec: {
            initContainers: [containerOf('side', { restartPolicy: 'Always' })],
            containers: [containerOf('main')],
          },
        }),
        sandbox: sandboxOf([attemptOf('side', 0, 'running')]),
        checked: new Map([['side', ok]]),
      },
      ['start main#0 (0 in a row)'],
    ],
    [
      'a container that the API remembers as running and nobody knows was lost: it starts anew',
      {
        pod: podOf({
          status: {
            phase: 'Running',
            containerStatuses: [
              {
                name: 'main',
                state: { running: { startedAt: '2026-01-01T11:00:00Z' } },
                ready: true,
                restartCount: 3,
                image: 'i',
                imageID: '',
              },
            ],
          },
        }),
      },
      ['start main#4 (0 in a row)'],
    ],
    [
      'an init container of a sandbox that is gone runs again, for what it made is gone too',
      {
        pod: podOf({
          ...withInit({ initContainers: [containerOf('one')] }),
          status: {
            phase: 'Running',
            initContainerStatuses: [endedStatus('one', 0)],
            containerStatuses: [
              { ...endedStatus('main', 0), state: { running: { startedAt: '2026-01-01T11:00:00Z' } } },
            ],
          },
        }),
      },
      ['start one#1 (0 in a row)'],
    ],
    [
      'a sidecar that ends while the others run starts again beside them',
      {
        pod: podOf(withSidecar),
        sandbox: sandboxOf([attemptOf('side', 0, { code: 1 }), attemptOf('main', 0, { code: 1 })]),
      },
      ['start side#1 (1 in a row)', 'start main#1 (1 in a row)'],
    ],
    [
      'sidecars end when all others have',
      {
        pod: podOf({ spec: { ...withSidecar.spec, restartPolicy: 'Never' } }),
        sandbox: sandboxOf([attemptOf('side', 0, 'running'), attemptOf('main', 0, { code: 0 })]),
      },
      ['release in 30 s'],
    ],
    [
      'an ephemeral container waits for nobody',
      {
        pod: podOf({ spec: { ...withInit().spec, ephemeralContainers: [containerOf('debug')] } }),
        sandbox: sandboxOf([attemptOf('one', 0, 'running')]),
      },
      ['start debug#0 (0 in a row)'],
    ],
    [
      'and runs once',
      {
        pod: podOf({ spec: { containers: [containerOf('main')], ephemeralContainers: [containerOf('debug')] } }),
        sandbox: sandboxOf([attemptOf('main', 0, 'running'), attemptOf('debug', 0, { code: 1 })]),
      },
      [],
    ],
    [
      'before its deadline a pod goes on',
      { ...expiring(120), sandbox: sandboxOf([attemptOf('main', 0, 'running')]) },
      [],
    ],
    [
      'after it, it ends',
      { ...expiring(60), sandbox: sandboxOf([attemptOf('main', 0, 'running')]) },
      ['release in 30 s'],
    ],
    [
      'and does not start again',
      { ...expiring(60), sandbox: sandboxOf([attemptOf('main', 0, { code: 1 })], true) },
      [],
    ],
  ])('%s', (_, facts, expected) => expect(actions(facts)).toEqual(expected))

  test('ends a pod that is evicted, says why, and starts nothing again', () => {
    const sandbox = sandboxOf([attemptOf('main', 0, 'running')])
    const evicted = 'Usage of EmptyDir volume "cache" exceeds the limit "1Ki". '
    const checked = new Map([['main', { started: true, ready: true, pending: false }]])
    const decision = decide(factsOf({ sandbox, checked, evicted }))
    expect(decision.failure).toEqual({ reason: 'Evicted', message: evicted })
    expect(decision.actions.map(({ do: what }) => what)).toEqual(['release'])
    expect(decide(factsOf({ sandbox, checked })).actions).toEqual([])
  })

  test('a pod past its deadline failed as a whole; it is looked at when the time comes', () => {
    const sandbox = sandboxOf([attemptOf('main', 0, 'running')])
    expect(decide(factsOf({ ...expiring(60), sandbox })).failure?.reason).toBe('DeadlineExceeded')
    const before = decide(factsOf({ ...expiring(120), sandbox }))
    expect([before.failure, before.wakeAtMs]).toEqual([undefined, NOW_MS + 60_000])
  })

  test('a container is not ready while its hook runs', () => {
    const facts = { sandbox: sandboxOf([attemptOf('main', 0, 'running')]), checked: new Map([['main', ok]]) }
    const readyWith = (hooking: readonly string[]) =>
      decide(factsOf({ ...facts, hooking: new Set(hooking) })).views[0]!.ready
    expect([readyWith(['main']), readyWith([])]).toEqual([false, true])
  })

  test('a pod that is being deleted stays ready while it answers', () => {
    const pod = podOf({ metadata: { deletionTimestamp: '2026-01-01T12:00:00Z', deletionGracePeriodSeconds: 30 } })
    const facts = { pod, sandbox: sandboxOf([attemptOf('main', 0, 'running')]), isTearingDown: true }
    expect(decide(factsOf({ ...facts, checked: new Map([['main', ok]]) })).views[0]!.ready).toBe(true)
  })
})

describe('when to look again, and whether all is as it was asked for', () => {
  const backingOff = { ...inARow(1), sandbox: sandboxOf([attemptOf('main', 1, { code: 1, agoS: 4 })]) }

  test('at the end of the back-off, and meanwhile there is nothing to wait for', () => {
    const decision = decide(factsOf(backingOff))
    expect(decision.wakeAtMs).toBe(NOW_MS + 6000)
    expect(decision.isBusy).toBe(false)
    expect(decision.views[0]!.waiting).toEqual({
      reason: 'CrashLoopBackOff',
      message: 'back-off 10s restarting failed container=main pod=web_shop(u1)',
    })
  })

  test.each<[string, Partial<PodFacts>, boolean]>([
    ['a new pod', { isSetUp: false, sandbox: undefined }, true],
    ['waiting for the network', { isSetUp: false, sandbox: undefined, isNetworkReady: false }, true],
    ['starting', { changing: new Set(['main']) }, true],
    [
      'the first readiness result is pending',
      {
        sandbox: sandboxOf([attemptOf('main', 0, 'running')]),
        checked: new Map([['main', { ...ok, ready: false, pending: true }]]),
      },
      true,
    ],
    [
      'not ready, as far as is known',
      { sandbox: sandboxOf([attemptOf('main', 0, 'running')]), checked: new Map([['main', { ...ok, ready: false }]]) },
      false,
    ],
    ['ready', { sandbox: sandboxOf([attemptOf('main', 0, 'running')]), checked: new Map([['main', ok]]) }, false],
  ])('%s', (_, facts, isBusy) => expect(decide(factsOf(facts)).isBusy).toBe(isBusy))
})
