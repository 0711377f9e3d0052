import type { WorldDriver } from '../host/world/mod.ts'
import { UserError } from '../lib/errors.ts'

export interface NamespaceDeps {
  readonly worlds: WorldDriver
  readonly uid: number
  /** For system settings under /proc. */
  setting(path: string): string | undefined
}

/**
 * Whether the world gets a user namespace: asked for, or not root, or a root that may not make the others. Throws UserError when the
 * machine refuses.
 */
export async function chooseUser({ worlds, uid, setting }: NamespaceDeps, rootless: boolean): Promise<boolean> {
  const user = rootless || uid !== 0
  const refused = await worlds.refusal(user)
  if (refused === undefined) return user
  if (!user && (await worlds.refusal(true)) === undefined) return true
  throw namespaceRefusal(refused, user, setting)
}

/** Why namespaces are refused and what helps, from what unshare(1) said and the machine's settings. */
export function namespaceRefusal(
  said: string,
  user: boolean,
  setting: (path: string) => string | undefined,
): UserError {
  const refuse = (hint: string): UserError =>
    new UserError(
      'NamespacesRefused',
      `this machine refuses ${user ? 'user ' : ''}namespaces: ${said.split('\n')[0]}`,
      { hint },
    )
  if (/No space left/.test(said)) return refuse('sysctl user.max_user_namespaces=15000, or run as root')
  if (user && setting('kernel/apparmor_restrict_unprivileged_userns') === '1')
    return refuse('sysctl kernel.apparmor_restrict_unprivileged_userns=0, or run as root')
  if (user && setting('kernel/unprivileged_userns_clone') === '0')
    return refuse('sysctl kernel.unprivileged_userns_clone=1, or run as root')
  if (/mount.*proc/.test(said))
    return refuse('this looks like a container with a masked /proc: run outside it, or with --privileged')
  return refuse(
    user ? 'run as root, or see ./fairlead doctor' : 'in a container it needs --privileged; see ./fairlead doctor',
  )
}
