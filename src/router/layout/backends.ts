import { ip } from '../../lib/ip.ts'
import type { RouteEndpoint } from '../../model/routes/types.ts'
import { isPemPayload } from '../../wire/haproxy/command.ts'
import { className, type Ledger } from './ledger.ts'
import { layOutServers, type ServerWishes } from './servers.ts'
import type { Standings } from './standings.ts'
import type { BackendLayout, ClassSpec, HeldBackend, PemFile } from './types.ts'
import { createVersions } from './versions.ts'

/** What a Route wants of a Service. Routes that want the same share a backend, its servers, connections and health checks. */
export interface BackendWish {
  /** "namespace/name". */
  readonly service: string
  readonly port?: string | number
  readonly spec: ClassSpec
  readonly wishes: ServerWishes
  /** Those that its servers name, where Routes brought them. */
  readonly files?: readonly PemFile[]
}

/** The backends that Routes use. Only what changed is laid out again. */
export interface Backends {
  /** Its name, and what to give back. */
  take(route: string, wish: BackendWish): { readonly name: string; readonly held: HeldBackend }
  release(held: HeldBackend): void
  /** The Service or its endpoints changed. */
  touch(service: string): void
  /** Some name a file that was not laid out yet and is too long for the socket. */
  needReload(): boolean
  /** The Routes that use the backend of this name. */
  usersOf(name: string): ReadonlySet<string>
  /** `changed`: the names of those that are not as they were when this was asked last. */
  layOut(): {
    readonly backends: ReadonlyMap<string, BackendLayout>
    readonly serverFiles: ReadonlyMap<string, string>
    readonly changed: ReadonlySet<string>
  }
}

interface Used {
  readonly id: string
  readonly name: string
  readonly wish: BackendWish
  readonly users: Map<string, number>
}

/** Where requests for an idled Service wait: a port of 127.0.0.1, where there is one by now. */
export type DoorOf = (service: string, port: string | number | undefined) => number | undefined

export function createBackends(ledger: Ledger, standings: Standings, doorOf: DoorOf = () => undefined): Backends {
  const byId = new Map<string, Used>()
  const byName = new Map<string, Used>()
  const byService = new Map<string, Set<Used>>()
  const files = new Map<string, { readonly pem: string; users: number }>()
  const dirty = new Set<string>()
  const laidOut = createVersions<BackendLayout>()
  let serverFiles: ReadonlyMap<string, string> = new Map()
  let areFilesDirty = false
  const long = new Set<string>()

  const countFiles = (specs: readonly PemFile[] = [], by: 1 | -1): void => {
    for (const { file, pem } of specs) {
      const users = (files.get(file)?.users ?? 0) + by
      if (users > 0) files.set(file, { pem, users })
      else files.delete(file)
      if (users === 0) long.delete(file)
      else if (!serverFiles.has(file) && !isPemPayload(pem)) long.add(file)
      areFilesDirty = true
    }
  }
  const open = (id: string, wish: BackendWish): Used => {
    const used: Used = { id, name: ledger.take(id, wish.spec), wish, users: new Map() }
    byId.set(id, used)
    byName.set(used.name, used)
    byService.set(wish.service, (byService.get(wish.service) ?? new Set()).add(used))
    countFiles(wish.files, 1)
    dirty.add(used.name)
    return used
  }
  const close = (used: Used): void => {
    const { id, name, wish } = used
    byId.delete(id)
    byName.delete(name)
    const others = byService.get(wish.service)
    others?.delete(used)
    if (others?.size === 0) byService.delete(wish.service)
    countFiles(wish.files, -1)
    ledger.release(id, className(wish.spec))
    dirty.add(name)
  }
  return {
    take(route, wish) {
      const id = idOf(route, wish)
      const used = byId.get(id) ?? open(id, wish)
      used.users.set(route, (used.users.get(route) ?? 0) + 1)
      return { name: used.name, held: { id, route } }
    },
    release({ id, route }) {
      const used = byId.get(id)
      if (!used) return
      const times = (used.users.get(route) ?? 0) - 1
      if (times > 0) used.users.set(route, times)
      else used.users.delete(route)
      if (used.users.size === 0) close(used)
    },
    touch(service) {
      for (const { name } of byService.get(service) ?? []) dirty.add(name)
    },
    needReload: () => long.size > 0,
    usersOf: name => new Set(byName.get(name)?.users.keys()),
    layOut() {
      const changed = new Set(dirty)
      dirty.clear()
      for (const name of changed) {
        const used = byName.get(name)
        if (used) laidOut.set(name, layOutBackend(used.wish, standings, doorOf))
        else laidOut.delete(name)
      }
      if (areFilesDirty) serverFiles = new Map([...files].map(([file, { pem }]) => [file, pem]))
      areFilesDirty = false
      long.clear()
      return { backends: laidOut.snapshot(), serverFiles, changed }
    },
  }
}

/** A limit of connections to a pod is one Route's: others must not use it up. */
const idOf = (route: string, { service, port, spec, wishes }: BackendWish): string =>
  JSON.stringify([service, port, className(spec), wishes, wishes.maxConnections === undefined ? undefined : route])

function layOutBackend(
  { service, port, spec, wishes }: BackendWish,
  standings: Standings,
  doorOf: DoorOf,
): BackendLayout {
  const { endpoints, idled } = standings.at(service, port)
  const door = idled ? doorOf(service, port) : undefined
  const mayBeH2c = spec.mode === 'http' && !wishes.tls
  return {
    service,
    servers: layOutServers(service, door === undefined ? endpoints : [doorway(door)], wishes, mayBeH2c),
  }
}

const LOOPBACK = ip('127.0.0.1')
const doorway = (port: number): RouteEndpoint => ({ address: LOOPBACK, port, target: 'idled' })
