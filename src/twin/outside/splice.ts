import type { Socket } from 'node:net'

/** Joins two connections: bytes with backpressure, each end of data on its own, and an error of either ends both. */
export function splice(a: Socket, b: Socket): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.pipe(to)
    from.once('error', () => to.destroy())
    from.once('close', () => {
      if (!from.readableEnded) to.destroy()
    })
  }
}
