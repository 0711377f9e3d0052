import { internalError } from '../errors.ts'
import { authorize } from './authorize.ts'
import type { Attributes, Authorizer } from './authorizer.ts'
import type { User } from './user.ts'
import { ANONYMOUS, AUTHENTICATED, accountGroups, accountOf, UNAUTHENTICATED } from './user.ts'

const EXTRA = 'impersonate-extra-'
const REVIEW_GROUP = 'authentication.k8s.io'

type Headers = Readonly<Record<string, string>>

/**
 * As whom a request acts: the user, or whom its Impersonate- headers name, if the user may. Source:
 * k8s.io/apiserver/pkg/endpoints/filters/impersonation. Throws StatusError 403 and 500.
 */
export function impersonate(authorizer: Authorizer, headers: Headers, user: User): User {
  const name = headers['impersonate-user'] ?? ''
  const uid = headers['impersonate-uid']
  const groups = values(headers['impersonate-group'])
  const extra = extraOf(headers)
  if (name === '') {
    if (groups.length === 0 && uid === undefined && extra.length === 0) return user
    throw internalError('requested impersonation of groups or more without impersonating a user')
  }
  const account = accountOf(name)
  const may = (resource: Partial<NonNullable<Attributes['resource']>>): void =>
    authorize(authorizer, { user, verb: 'impersonate', path: '', resource: { ...NOTHING, ...resource } })
  may(account ? { plural: 'serviceaccounts', ...account } : { plural: 'users', name })
  for (const group of groups) may({ plural: 'groups', name: group })
  for (const [key, value] of extra) may({ group: REVIEW_GROUP, plural: 'userextras', subresource: key, name: value })
  if (uid !== undefined) may({ group: REVIEW_GROUP, plural: 'uids', name: uid })
  return {
    name,
    groups: completeGroups(name, groups.length === 0 && account ? accountGroups(account.namespace) : groups),
    ...(uid === undefined ? {} : { uid }),
    ...(extra.length === 0 ? {} : { extra: gathered(extra) }),
  }
}

const NOTHING = { group: '', version: 'v1', plural: '', subresource: '', namespace: '', name: '' }

/** Several headers of a name arrive as one. */
const values = (header: string | undefined): readonly string[] =>
  (header ?? '').split(', ').filter(value => value !== '')

function extraOf(headers: Headers): readonly (readonly [key: string, value: string])[] {
  const extra: [string, string][] = []
  for (const name in headers)
    if (name.startsWith(EXTRA))
      for (const value of values(headers[name])) extra.push([unescaped(name.slice(EXTRA.length)), value])
  return extra
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

function gathered(extra: readonly (readonly [string, string])[]): Record<string, readonly string[]> {
  const all = new Map<string, string[]>()
  for (const [key, value] of extra) all.set(key, [...(all.get(key) ?? []), value])
  return Object.fromEntries(all)
}

/** Everybody is either known or not, whatever was asked for. */
function completeGroups(name: string, groups: readonly string[]): readonly string[] {
  if (groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED)) return groups
  return [...groups, name === ANONYMOUS.name ? UNAUTHENTICATED : AUTHENTICATED]
}
