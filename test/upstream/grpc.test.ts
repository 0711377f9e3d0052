/** grpc-go's interoperability tests through a router, at every kind of Route that carries HTTP/2. */
import type { ChildProcess } from 'node:child_process'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LiveRouter } from '../../src/router/testing-live.ts'
import { startLiveRouter } from '../../src/router/testing-live.ts'
import { must, run } from '../harness.ts'
import { buildPrograms, goProblem, programPath } from './programs.ts'

const POD = '10.128.11.5'
let router: LiveRouter
let server: ChildProcess

describe.skipIf(goProblem() !== undefined)('grpc-go', () => {
  beforeAll(async () => {
    buildPrograms()
    execFileSync('ip', ['address', 'replace', `${POD}/32`, 'dev', 'lo'])
    server = spawn(programPath('grpc'), ['serve', POD, '9000', '9001'], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(server.stdout!, 'data')
    router = await startLiveRouter({ http2: true, http2Always: true })
    router.putService('plain', [POD], 9000, 'kubernetes.io/h2c')
    router.putService('secure', [POD], 9001)
    const to = (name: string) => ({ to: { kind: 'Service' as const, name } })
    router.putRoute('edge', { ...to('plain'), tls: { termination: 'edge' } })
    router.putRoute('again', { ...to('secure'), tls: { termination: 'reencrypt' } })
    router.putRoute('pass', { ...to('secure'), tls: { termination: 'passthrough' } })
    await router.settle()
  }, 600_000)
  afterAll(async () => {
    server?.kill()
    await router?.stop()
  })

  test.each(['edge', 'again', 'pass'])('all of them: %s', async name => {
    const said = await must(programPath('grpc'), ['call', '127.0.0.1:443', `${name}.example.com`])
    expect(said.trim().split('\n')).toHaveLength(13)
  })

  test('the control: where nobody is, the first of them fails', async () => {
    const { code, stdout } = await run(programPath('grpc'), ['call', '127.0.0.1:443', 'nobody.example.com'])
    expect([code, stdout]).toEqual([1, ''])
  })
})
