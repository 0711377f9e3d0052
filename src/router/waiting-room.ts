import type { Socket } from 'node:net'
import type { Ip } from '../lib/ip.ts'
import type { RouteEndpoint } from '../model/routes/types.ts'

/** Sockets of the router's own network. */
export interface Doors {
  /** Listens at a free port of 127.0.0.1 alone. */
  open(onConnection: (socket: Socket) => void): Promise<{ readonly port: number; close(): void }>
  connect(address: Ip, port: number): Socket
}

export interface WaitingRoomDeps {
  readonly doors: Doors
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
  /** The port of 127.0.0.1 for a Service at a Route's port; undefined while it is being opened. */
  door(service: string, port: string | number | undefined): number | undefined
  /** The Service has other endpoints than before. */
  changed(service: string): void
  close(): void
}

interface Room {
  readonly waiting: Set<Socket>
  readonly port: string | number | undefined
  door?: { readonly port: number; close(): void }
}

/** Beyond so many the Service is asked for loudly enough; others are turned away. */
const MAX_WAITING = 1000

export function createWaitingRoom(deps: WaitingRoomDeps): WaitingRoom {
  const services = new Map<string, Map<string, Room>>()
  let isClosed = false
  const open = (service: string, room: Room): void => {
    const enter = (socket: Socket): void => {
      const { waiting } = room
      if (waiting.size >= MAX_WAITING) return void socket.destroy()
      socket.on('error', () => socket.destroy()).on('close', () => waiting.delete(socket))
      waiting.add(socket)
      if (!release(service, room)) deps.need(service)
    }
    deps.doors.open(enter).then(door => {
      if (isClosed) return door.close()
      room.door = door
      deps.opened(service)
    }, deps.failed)
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
      if (known) return known.door?.port
      const room: Room = { waiting: new Set(), port }
      rooms.set(id, room)
      open(service, room)
      return undefined
    },
    changed(service) {
      for (const room of services.get(service)?.values() ?? []) if (room.waiting.size > 0) release(service, room)
    },
    close() {
      isClosed = true
      for (const rooms of services.values())
        for (const { door, waiting } of rooms.values()) {
          door?.close()
          for (const socket of waiting) socket.destroy()
        }
    },
  }
}

function join(one: Socket, other: Socket): void {
  one.on('close', () => other.destroy())
  other.on('error', () => one.destroy()).on('close', () => one.destroy())
  one.pipe(other)
  other.pipe(one)
}
