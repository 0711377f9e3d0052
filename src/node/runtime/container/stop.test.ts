import { expect, test } from 'vitest'
import { fakeClock } from '../../../host/clock/fake.ts'
import type { Attempt } from '../pod.ts'
import { stopAttempt } from './stop.ts'

function attemptOf(isRole: boolean, deaf: number): { attempt: Attempt; asked: string[] } {
  const asked: string[] = []
  let end = (): void => {}
  const done = new Promise<void>(resolve => {
    end = resolve
  })
  const terminate = (): void => {
    if (asked.push('SIGTERM') > deaf) end()
  }
  const kill = (): void => {
    asked.push('SIGKILL')
    end()
  }
  return { attempt: { workload: { isRole, terminate, kill }, output: { end() {} }, done } as unknown as Attempt, asked }
}

test('a role that has not loaded yet hears that it shall end; another process is asked once, then killed', async () => {
  for (const [isRole, expected] of [
    [true, ['SIGTERM', 'SIGTERM', 'SIGTERM']],
    [false, ['SIGTERM', 'SIGKILL']],
  ] as const) {
    const clock = fakeClock()
    const { attempt, asked } = attemptOf(isRole, 2)
    const stopped = stopAttempt(clock, attempt, 30)
    for (let second = 0; second < 40; second++) await clock.advance(1000)
    await stopped
    expect(asked).toEqual(expected)
  }
})
