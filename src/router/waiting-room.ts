import type { Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import type { Ip } from '../lib/ip.ts'
import { createTimers } from '../lib/timers.ts'
import type { RouteEndpoint } from '../model/routes/types.ts'

/** Sockets of the router's own network. */
export interface Doors {
  /** Listens at a free port of 127.0.0.1 alone. */
  open(onConnection: (socket: Socket) => void): Promise<{ readonly port: number; close(): void }>
  connect(address: Ip, port: number): Socket
}

export interface WaitingRoomDeps {
  readonly doors: Doors
  readonly clock: Pick<Clock, 'after'>
  /** Who serves the Service now. */
  readonly endpoints: (service: string, port: string | number | undefined) => readonly RouteEndpoint[]
  /** Somebody asks for a Service that has nobody. */
  readonly need: (service: string) => void
  /** A door was opened: `door` knows it now. */
  readonly opened: (service: string) => void
  readonly failed: (error: unknown) => void
}

/**
 * Where requests for idled Services wait: HAProxy is given a port of ours in the place of their pods. What it sends there is passed on
 * as it is to the first pod that comes, TLS and all; when none comes, HAProxy's own time for servers ends the wait.
 */
export interface WaitingRoom {
  /** The port of 127.0.0.1 for a Service at a Route's port; undefined while it is being opened, and where it cannot be. */
  door(service: string, port: string | number | undefined): number | undefined
  /** The Service has other endpoints than before. */
  changed(service: string): void
  /** There is no such Service any more. */
  gone(service: string): void
  close(): void
}

interface Room {
  readonly waiting: Set<Socket>
  readonly port: string | number | undefined
  door?: { readonly port: number; close(): void }
}

/** Beyond so many the Service is asked for loudly enough; others are turned away. */
const MAX_WAITING = 1000
/** Of one Service: Routes may name any port. */
const MAX_DOORS = 16
/** By then HAProxy sends nothing there: the port may be another Service's door. */
const SHUT_MS = 60_000

export function createWaitingRoom(deps: WaitingRoomDeps): WaitingRoom {
  const services = new Map<string, Map<string, Room>>()
  const timers = createTimers(deps.clock)
  const open = (service: string, id: string, room: Room): void => {
    const enter = (socket: Socket): void => {
      const { waiting } = room
      if (waiting.size >= MAX_WAITING) return void socket.destroy()
      socket.on('error', () => socket.destroy()).on('close', () => waiting.delete(socket))
      waiting.add(socket)
      if (!release(service, room)) deps.need(service)
    }
    deps.doors.open(enter).then(
      door => {
        if (services.get(service)?.get(id) !== room) return door.close()
        room.door = door
        deps.opened(service)
      },
      (error: unknown) => {
        if (services.get(service)?.get(id) === room) services.get(service)?.delete(id)
        deps.failed(error)
      },
    )
  }
  const shut = (service: string): void => {
    for (const { door, waiting } of services.get(service)?.values() ?? []) {
      door?.close()
      for (const socket of waiting) socket.destroy()
    }
    services.delete(service)
  }
  /** Whether there was somebody to go to. */
  const release = (service: string, { waiting, port }: Room): boolean => {
    const endpoints = deps.endpoints(service, port)
    if (endpoints.length === 0) return false
    let turn = 0
    for (const socket of waiting) {
      waiting.delete(socket)
      const { address, port: number } = endpoints[turn++ % endpoints.length]!
      join(socket, deps.doors.connect(address, number))
    }
    return true
  }
  return {
    door(service, port) {
      const rooms = services.get(service) ?? new Map<string, Room>()
      services.set(service, rooms)
      const id = JSON.stringify([port])
      const known = rooms.get(id)
      timers.cancel(service)
      if (known || rooms.size >= MAX_DOORS) return known?.door?.port
      const room: Room = { waiting: new Set(), port }
      rooms.set(id, room)
      open(service, id, room)
      return undefined
    },
    changed(service) {
      for (const room of services.get(service)?.values() ?? []) if (room.waiting.size > 0) release(service, room)
    },
    gone(service) {
      if (services.has(service)) timers.set(service, SHUT_MS, () => shut(service))
    },
    close() {
      for (const service of services.keys()) shut(service)
    },
  }
}

function join(one: Socket, other: Socket): void {
  one.on('close', () => other.destroy())
  other.on('error', () => one.destroy()).on('close', () => one.destroy())
  one.pipe(other)
  other.pipe(one)
}
