import { describe, expect, it } from 'vitest'
import { accepts } from '../../wire/haproxy/answer.ts'
import { deleteServer, disableServer, show } from '../../wire/haproxy/command.ts'
import { haproxyConformance, sampleProgram } from './conformance.ts'
import { fakeHaproxy } from './fake.ts'
import { HaproxyGone } from './mod.ts'

describe('fakeHaproxy', () => {
  haproxyConformance(async () => fakeHaproxy())

  it('tells of a crash, and serves again once loaded', async () => {
    const haproxy = fakeHaproxy()
    let gone = 0
    const stop = haproxy.onGone(() => gone++)
    await haproxy.load(sampleProgram())
    haproxy.crash()
    expect(gone).toBe(1)
    await expect(haproxy.run([show('info')])).rejects.toBeInstanceOf(HaproxyGone)
    await haproxy.load(sampleProgram())
    stop()
    haproxy.crash()
    expect(gone).toBe(1)
  })

  it('keeps a server that has a request', async () => {
    const haproxy = fakeHaproxy()
    await haproxy.load(sampleProgram())
    haproxy.setBusy('b0', 'old', true)
    const remove = [disableServer('b0', 'old'), deleteServer('b0', 'old')]
    expect((await haproxy.run(remove)).map((answer, index) => accepts(remove[index]!, answer))).toEqual([true, false])
    haproxy.setBusy('b0', 'old', false)
    expect(await haproxy.run([deleteServer('b0', 'old')])).toEqual(['Server deleted.'])
  })
})
