import { UserError } from '../lib/errors.ts'
import type { RoleStatus } from '../twin/mod.ts'
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
  const mark = async (): Promise<number> =>
    Number(((await client.request('POST', '/fairlead/bookmarks')) as { resourceVersion: string }).resourceVersion)
  try {
    for (;;) {
      const revision = await mark()
      let behind = unsettled((await control.status()).roles, revision)
      while (behind.length > 0) {
        if (deps.clock.monotonic() > endMs)
          throw new UserError('NotSettled', `not settled within ${limitMs / 1000} s: ${behind.join('; ')}`, {
            hint: 'look at ./fairlead status and ./fairlead logs <role>',
          })
        await deps.clock.sleep(POLL_MS, deps.interrupted)
        // Again each time: a watch that has just opened has not heard the one before.
        await mark()
        behind = unsettled((await control.status()).roles, revision)
      }
      if ((await mark()) === revision) return 0
      if (deps.clock.monotonic() > endMs)
        throw new UserError('NotSettled', `objects were still being written after ${limitMs / 1000} s`, {
          hint: 'look at: kubectl get events -A -w',
        })
    }
  } finally {
    control.close()
    client.close()
  }
}

/** Who has not seen the revision, or still has work, in words. */
export function unsettled(roles: readonly RoleStatus[], revision: number): string[] {
  return roles.flatMap(role => {
    if (role.state === 'stopped') return []
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
