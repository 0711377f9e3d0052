import type { Client } from '../client/mod.ts'
import { ConnectionError } from '../client/transport.ts'
import { UserError } from '../lib/errors.ts'
import type { NodeStatus, RoleStatus, TwinControl } from '../twin/mod.ts'
import type { CliDeps, NamedOption } from './deps.ts'

const POLL_MS = 25

/**
 * Returns when everything written so far has been acted on everywhere: the API is asked for its revision and to tell it to
 * every watcher at once; every role must have seen it and have nothing left to do; and nobody may have written meanwhile.
 */
export async function wait(deps: CliDeps, options: NamedOption & { readonly timeout?: string }): Promise<number> {
  const limitMs = parseDuration(options.timeout ?? '60s')
  const endMs = deps.clock.monotonic() + limitMs
  const [control, client] = await Promise.all([deps.twins.control(options.name), deps.api(options.name)])
  try {
    for (;;) {
      const reasons = await look(control, client)
      if (reasons.length === 0) return 0
      if (deps.clock.monotonic() > endMs)
        throw new UserError('NotSettled', `not settled within ${limitMs / 1000} s: ${reasons.join('; ')}`, {
          hint: 'look at ./fairlead status, ./fairlead logs <role> and kubectl get events -A',
        })
      await deps.clock.sleep(POLL_MS, deps.interrupted)
    }
  } finally {
    control.close()
    client.close()
  }
}

/** Why it is not settled at this moment. Asks for bookmarks each time: a watch that has just opened has not heard those before. */
async function look(control: TwinControl, client: Client): Promise<readonly string[]> {
  const mark = async (): Promise<number> =>
    Number(((await client.request('POST', '/fairlead/bookmarks')) as { resourceVersion: string }).resourceVersion)
  try {
    const revision = await mark()
    const { roles, nodes } = await control.status()
    const reasons = unsettled(roles, nodes, revision)
    if (reasons.length > 0) return reasons
    return (await mark()) === revision ? [] : ['objects are still being written']
  } catch (error) {
    if (error instanceof ConnectionError) return [error.message]
    throw error
  }
}

/** Who has not seen the revision, or still has work, in words. Nobody waits for a node that was cut off. */
export function unsettled(roles: readonly RoleStatus[], nodes: readonly NodeStatus[], revision: number): string[] {
  const cut = nodes.filter(node => node.link === 'cut').map(node => node.name)
  // Its agent, and a router on it: router-node-2.
  const isCut = (role: string): boolean => cut.some(node => role === node || role.endsWith(`-${node}`))
  return roles.flatMap(role => {
    if (role.state === 'stopped' || isCut(role.name)) return []
    if (role.state !== 'running') return [`${role.name} is ${role.state}`]
    if (!role.progress) return []
    if (role.progress.busy.length > 0) return [`${role.name} is busy with ${role.progress.busy.join(', ')}`]
    return role.progress.observed < revision ? [`${role.name} has seen ${role.progress.observed} of ${revision}`] : []
  })
}

/** As in 90, 30s, 2m. */
export function parseDuration(text: string): number {
  const match = /^(\d+)(ms|s|m)?$/.exec(text)
  if (!match) throw new UserError('Usage', `"${text}" is not a duration`, { hint: 'write 30s or 2m' })
  return Number(match[1]) * { ms: 1, s: 1000, m: 60_000 }[(match[2] ?? 's') as 'ms' | 's' | 'm']
}
