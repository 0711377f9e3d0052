import type { EventRecorder } from '../../client/events.ts'
import type { ServiceChange } from '../../datapath/claims.ts'
import { WAKE_LOG_GROUP } from '../../datapath/skeleton.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { LoggedPacket, PacketLogDriver } from '../../host/nflog/mod.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import { NEED_PODS } from '../../model/services/idling.ts'

export interface WakerDeps {
  readonly packetLog: PacketLogDriver
  readonly events: EventRecorder
}

/** Says by events, as OVN-Kubernetes does, that idled Services are asked for. The kernel bounds how often it hears of one. */
export interface Waker {
  /** What the Service is on this node now. */
  set(change: ServiceChange): void
  close(): void
}

const keyOf = ({ address, protocol, port }: Readonly<Record<'address' | 'protocol', string> & { port?: number }>) =>
  `${protocol} ${port} ${address}`

export function createWaker(deps: WakerDeps | undefined, netns: Netns, log: Logger): Waker {
  const asleep = new Map<string, string>()
  const keysOf = new Map<string, readonly string[]>()
  let listening: { close(): void } | undefined
  const hear = ({ destination, protocol, port }: LoggedPacket): void => {
    const key = asleep.get(keyOf({ address: destination, protocol, ...(port === undefined ? {} : { port }) }))
    if (key === undefined) return
    const [namespace, name] = key.split('/') as [string, string]
    const service = { apiVersion: 'v1', kind: 'Service', namespace, name }
    deps?.events.record(service, 'Normal', NEED_PODS, `The service ${name} needs pods`)
  }
  /** A process waits for the kernel's word: only while it is needed. */
  const listen = (): void => {
    if (asleep.size === 0) {
      listening?.close()
      listening = undefined
      return
    }
    try {
      listening ??= deps?.packetLog.listen(netns, WAKE_LOG_GROUP, hear)
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'idled Services do not wake up when they are asked for')
      listening = { close: () => {} }
    }
  }
  return {
    set({ service, fronts }) {
      const keys = fronts.filter(({ within }) => within.is === 'wake').map(keyOf)
      for (const key of keysOf.get(service) ?? []) asleep.delete(key)
      for (const key of keys) asleep.set(key, service)
      if (keys.length > 0) keysOf.set(service, keys)
      else if (!keysOf.delete(service)) return
      listen()
    },
    close: () => listening?.close(),
  }
}
