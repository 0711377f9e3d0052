import type { Haproxy } from '../../host/haproxy/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { accepts, isBusyServer, isUnknownServer, versionOf } from '../../wire/haproxy/answer.ts'
import {
  addMap,
  addMapVersion,
  addServer,
  type Command,
  commitMap,
  deleteAuthorities,
  deleteCertificate,
  deleteMap,
  deleteServer,
  disableServer,
  enableServer,
  giveWeight,
  prepareMap,
  type ServerOptions,
  setHealthChecks,
} from '../../wire/haproxy/command.ts'
import { isAuthorities, type Layout, type Listeners, type MapName } from '../layout/types.ts'
import { isReplaced, type Step } from '../render/changes.ts'
import { mapEntries, serverOptions } from '../render/program.ts'
import { createRetired } from './retired.ts'

/** HAProxy did not do as it was told: what it has is no longer known. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected'
  constructor(command: Command, answer: string) {
    super(`HAProxy answered ${JSON.stringify(answer.slice(0, 200))} to ${JSON.stringify(command.line.slice(0, 200))}`)
  }
}

/** Sends steps to one HAProxy, and remembers what waits for its last request: servers, their files, entries of maps. */
export interface Applier {
  /** Rejects with Unexpected, or HaproxyGone. */
  apply(steps: readonly Step[], listeners: Listeners): Promise<void>
  /** Deletes what was removed and has had its last request; resolves to how much is left. `layout`: what HAProxy has. */
  sweep(layout: Layout): Promise<number>
  /** After a load: nothing is left of the process before. */
  forget(): void
}

export function createApplier(haproxy: Haproxy, clock: Pick<Clock, 'monotonic'>): Applier {
  /** By "backend/server". */
  const leaving = new Map<string, { readonly backend: string; readonly server: string }>()
  /** Files that servers which are leaving may name. */
  const unneeded = new Set<string>()
  const retired = createRetired(clock)
  let pending: Command[] = []

  const flush = async (): Promise<void> => {
    const commands = pending
    pending = []
    const answers = await haproxy.run(commands)
    for (const [index, command] of commands.entries())
      if (!accepts(command, answers[index]!)) throw new Unexpected(command, answers[index]!)
  }
  const replaceMap = async (map: MapName, entries: readonly (readonly [string, string])[]): Promise<void> => {
    await flush()
    const [answer = ''] = await haproxy.run([prepareMap(map)])
    const version = versionOf(answer)
    if (version === undefined) throw new Unexpected(prepareMap(map), answer)
    pending.push(...addMapVersion(map, version, entries), commitMap(map, version))
  }
  const add = (backend: string, server: string, options: ServerOptions, checked: boolean): void => {
    if (!leaving.delete(`${backend}/${server}`))
      pending.push(addServer(backend, server, options), giveWeight(backend, server))
    pending.push(enableServer(backend, server), setHealthChecks(backend, server, checked))
  }
  const sweepTargets = async (layout: Layout): Promise<number> => {
    let left = 0
    for (const { map, over, kept } of retired.takeOver()) {
      left += kept.length
      if (isReplaced({ map, set: [], remove: over }, layout))
        await replaceMap(map, [...mapEntries(layout, map), ...kept])
      else pending.push(...over.map(([key]) => deleteMap(map, key)))
    }
    if (pending.length > 0) await flush()
    return left
  }
  const sweepFiles = async (): Promise<number> => {
    const files = [...unneeded]
    if (files.length === 0) return 0
    const answers = await haproxy.run(
      files.map(file => (isAuthorities(file) ? deleteAuthorities(file) : deleteCertificate(file))),
    )
    for (const [index, file] of files.entries()) if (!/in use/.test(answers[index]!)) unneeded.delete(file)
    return unneeded.size
  }
  const sweepServers = async (): Promise<number> => {
    const servers = [...leaving.values()]
    if (servers.length === 0) return 0
    const answers = await haproxy.run(servers.map(({ backend, server }) => deleteServer(backend, server)))
    for (const [index, { backend, server }] of servers.entries()) {
      const answer = answers[index]!
      if (accepts(deleteServer(backend, server), answer) || isUnknownServer(answer))
        leaving.delete(`${backend}/${server}`)
      else if (!isBusyServer(answer)) throw new Unexpected(deleteServer(backend, server), answer)
    }
    return leaving.size
  }
  return {
    async apply(steps, listeners) {
      pending = []
      for (const step of steps) {
        if (step.do === 'run') pending.push(...step.commands)
        else if (step.do === 'addServer')
          add(step.backend, step.server, serverOptions(step.spec, listeners), step.spec.checked)
        else if (step.do === 'removeServerFile') unneeded.add(step.file)
        else if (step.do === 'replaceMap') await replaceMap(step.map, step.entries)
        else if (step.do === 'addTargets') pending.push(...addMap(step.map, retired.revive(step.map, step.entries)))
        else if (step.do === 'retireTargets') retired.retire(step.map, step.entries)
        else {
          pending.push(disableServer(step.backend, step.server), setHealthChecks(step.backend, step.server, false))
          leaving.set(`${step.backend}/${step.server}`, step)
        }
      }
      await flush()
    },
    sweep: async layout => (await sweepTargets(layout)) + (await sweepServers()) + (await sweepFiles()),
    forget() {
      retired.forget()
      leaving.clear()
      unneeded.clear()
    },
  }
}
