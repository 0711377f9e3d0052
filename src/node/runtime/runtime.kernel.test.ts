import { afterAll, afterEach, describe } from 'vitest'
import type { Subject } from './conformance.ts'
import { runtimeConformance } from './conformance.ts'
import { startRuntime } from './role.ts'
import { closePods, deps, folder, netns, runtime, sandboxOf } from './testing-pods.ts'
import { connectRuntime } from './wire/client.ts'

const sandbox: Subject['sandbox'] = podUid => {
  netns.close(netns.create(`pod-${podUid}`))
  return sandboxOf(podUid)
}

afterAll(closePods)
afterEach(() => {
  for (const name of netns.list()) netns.remove(netns.open(name))
})

describe('in this process', () => {
  runtimeConformance(async () => ({ runtime, sandbox }))
})

describe('behind a socket', () => {
  const stop = new AbortController()
  const socketPath = `${folder}/runtime.sock`
  const started = startRuntime(deps, { stateDir: `${folder}/served`, socketPath }, stop.signal)
  const far = connectRuntime(deps.socket, socketPath)
  runtimeConformance(async () => {
    await started
    return { runtime: far, sandbox }
  })
  afterAll(async () => {
    far.close()
    stop.abort()
    await (await started).done
  })
})
