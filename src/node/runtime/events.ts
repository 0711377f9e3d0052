import type { RuntimeEvent } from './mod.ts'
import { RuntimeError } from './mod.ts'
import { sandboxStatus } from './pod.ts'
import type { Runtime } from './state.ts'

/** A listener that falls this far behind is cut off: it must ask for everything again. */
const MAX_QUEUED = 10_000

interface Listener {
  readonly node: string
  push(event: RuntimeEvent): void
  end(): void
}

export interface Broadcaster {
  send(node: string, event: RuntimeEvent): void
  listen(node: string, signal: AbortSignal): AsyncIterable<RuntimeEvent>
  close(): void
}

/** Gives each listener everything once, then every change. */
export function broadcaster(runtime: Pick<Runtime, 'pods'>): Broadcaster {
  const listeners = new Set<Listener>()
  const all = (node: string): RuntimeEvent => ({
    type: 'all',
    sandboxes: [...runtime.pods.values()].filter(pod => pod.spec.node === node).map(sandboxStatus),
  })
  return {
    send: (node, event) => {
      for (const listener of listeners) if (listener.node === node) listener.push(event)
    },
    close: () => {
      for (const listener of listeners) listener.end()
    },
    listen: (node, signal) => {
      const queue: RuntimeEvent[] = [all(node)]
      let over = false
      let wake = (): void => {}
      const listener: Listener = {
        node,
        push: event => {
          queue.push(event)
          if (queue.length > MAX_QUEUED) over = true
          wake()
        },
        end: () => {
          over = true
          wake()
        },
      }
      const aborted = (): void => wake()
      listeners.add(listener)
      signal.addEventListener('abort', aborted, { once: true })
      return (async function* () {
        try {
          while (!signal.aborted) {
            const event = queue.shift()
            if (event) yield event
            else if (over) throw new RuntimeError('Unavailable', 'the runtime stopped telling what happens')
            else await new Promise<void>(resolve => (wake = resolve))
          }
        } finally {
          listeners.delete(listener)
          signal.removeEventListener('abort', aborted)
        }
      })()
    },
  }
}
