import type { Duplex } from 'node:stream'
import { ip } from '../../lib/ip.ts'
import { RuntimeError } from './mod.ts'
import type { Pod } from './pod.ts'
import type { RuntimeDeps } from './state.ts'

/** A connection to a port of the pod's own loopback address, as tools that forward ports make it. */
export async function portForward(deps: Pick<RuntimeDeps, 'socket'>, pod: Pod, port: number): Promise<Duplex> {
  if (!pod.netns) throw new RuntimeError('Invalid', `pod ${pod.spec.name} does not run`)
  const socket = deps.socket.connect({ netns: pod.netns, address: ip('127.0.0.1'), port, allowHalfOpen: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', error =>
      reject(
        new RuntimeError(
          'Failed',
          `failed to connect to localhost:${port} inside pod ${pod.spec.name}: ${error.message}`,
          error,
        ),
      ),
    )
  })
  return socket
}
