import type { Netns } from '../../src/host/netns/mod.ts'
import type { SocketDriver } from '../../src/host/socket/mod.ts'
import type { Ip } from '../../src/lib/ip.ts'

/** Far above what a connection takes here; below the kernel's first retransmission, so one probe is one packet. */
const SILENCE_MS = 20

/** Microseconds to connect; undefined when nothing answers. */
export function connectUs(sockets: SocketDriver, netns: Netns, address: Ip, port: number): Promise<number | undefined> {
  return new Promise(resolve => {
    const beganMs = performance.now()
    const socket = sockets.connect({ netns, address, port })
    // A process that had to wait for a processor hears first what came meanwhile.
    const timer = setTimeout(() => setImmediate(() => end(undefined)), SILENCE_MS)
    const end = (result: number | undefined): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(result)
    }
    socket.on('connect', () => end((performance.now() - beganMs) * 1000))
    socket.on('error', () => end(undefined))
  })
}

const PATIENCE_MS = 60_000

/** Asks again and again until the condition holds; throws when it never does. */
export async function waitFor(what: string, condition: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`in ${PATIENCE_MS / 1000} s it did not happen that ${what}`)
    await new Promise(resolve => setImmediate(resolve))
  }
}
