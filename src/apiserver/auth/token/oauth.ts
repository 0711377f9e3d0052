import { createHash } from 'node:crypto'
import type { Clock } from '../../../lib/clock.ts'
import type { Store } from '../../../store/mod.ts'
import { at, textAt } from '../../object.ts'
import { prefixOf } from '../../resource/resource.ts'
import { parseBytes } from '../../stored.ts'
import type { User } from '../user.ts'
import { AUTHENTICATED } from '../user.ts'

const PREFIX = 'sha256~'
const OAUTH_GROUP = 'system:authenticated:oauth'
/** The administrator from before there are users: no User object, a group that is bound to cluster-admin. */
const KUBE_ADMIN = 'kube:admin'
const ADMINS = 'system:cluster-admins'

export const isOAuthToken = (token: string): boolean => token.startsWith(PREFIX)

/** The name of the OAuthAccessToken of a token: only its hash is stored. */
export const oauthTokenName = (token: string): string =>
  PREFIX + createHash('sha256').update(token.slice(PREFIX.length)).digest('base64url')

/** Looks an opaque token up among oauthaccesstokens.oauth.openshift.io. */
export function createOAuthTokens(store: Store, clock: Clock): (token: string) => User | undefined {
  const tokens = prefixOf('oauth.openshift.io', 'oauthaccesstokens')
  const users = prefixOf('user.openshift.io', 'users')
  return token => {
    const stored = store.get(tokens + oauthTokenName(token))
    if (!stored) return undefined
    const found = parseBytes(stored.value)
    if (found.metadata.deletionTimestamp || expired(found, clock.now())) return undefined
    const name = textAt(found, 'userName')
    const uid = textAt(found, 'userUID')
    if (name === KUBE_ADMIN) return { name, groups: [ADMINS, OAUTH_GROUP, AUTHENTICATED] }
    const user = store.get(users + name)
    // A user that was made anew is somebody else.
    if (!user || parseBytes(user.value).metadata.uid !== uid) return undefined
    return { name, uid, groups: [...groupsOf(store, name), OAUTH_GROUP, AUTHENTICATED] }
  }
}

function expired(token: ReturnType<typeof parseBytes>, nowMs: number): boolean {
  const seconds = at(token, 'expiresIn')
  if (typeof seconds !== 'number' || seconds <= 0) return false
  return Date.parse(token.metadata.creationTimestamp ?? '') + seconds * 1000 <= nowMs
}

/** The groups.user.openshift.io that name the user. */
function groupsOf(store: Store, user: string): readonly string[] {
  return store
    .range(prefixOf('user.openshift.io', 'groups'))
    .items.map(({ value }) => parseBytes(value))
    .filter(group => Array.isArray(group.users) && group.users.includes(user))
    .map(group => group.metadata.name!)
}
