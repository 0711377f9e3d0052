import type { PolicyRule } from '../../api/rbac/role.ts'
import type { User } from './user.ts'
import { MASTERS } from './user.ts'

/** What a request wants to do. */
export interface Attributes {
  readonly user: User
  readonly verb: string
  /** Absent on requests for other paths. */
  readonly resource?: {
    readonly group: string
    readonly version: string
    readonly plural: string
    readonly subresource: string
    readonly namespace: string
    readonly name: string
  }
  readonly path: string
}

export interface Decision {
  readonly allowed: boolean
  readonly reason: string
}

export interface Authorizer {
  authorize(attributes: Attributes): Decision
  /** Everything a user may do, in a namespace (empty: in the cluster alone), as far as it can be listed. */
  rulesFor?(user: User, namespace: string): HeldRules
  /** Everybody who may, by name and in order. */
  whoCan?(asked: Omit<Attributes, 'user'>): Holders
}

export interface Holders {
  readonly users: readonly string[]
  readonly groups: readonly string[]
  /** What could not be found out. */
  readonly problems: readonly string[]
}

export interface HeldRules {
  readonly rules: readonly PolicyRule[]
  /** What could not be found out. */
  readonly problems: readonly string[]
}

/** Members of the groups, and of system:masters, may do everything; of all others another decides. */
export const groupAuthorizer = (groups: readonly string[], others: Required<Authorizer>): Required<Authorizer> => ({
  authorize: attributes =>
    mayEverything(attributes.user, groups) ? { allowed: true, reason: '' } : others.authorize(attributes),
  rulesFor: (user, namespace) =>
    mayEverything(user, groups) ? { rules: EVERYTHING, problems: [] } : others.rulesFor(user, namespace),
  whoCan(asked) {
    const found = others.whoCan(asked)
    return { ...found, groups: [...new Set([...found.groups, ...groups, MASTERS])].sort() }
  },
})

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

const mayEverything = (user: User, groups: readonly string[]): boolean =>
  user.groups.some(group => group === MASTERS || groups.includes(group))

/** The message of a refusal, as RBAC words it. */
export function refusal({ user, verb, resource, path }: Attributes, reason: string): string {
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`
  const tail = reason === '' ? '' : `: ${reason}`
  if (!resource) return `${who} path ${JSON.stringify(path)}${tail}`
  const plural = resource.subresource === '' ? resource.plural : `${resource.plural}/${resource.subresource}`
  const scope =
    resource.namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(resource.namespace)}`
  return `${who} resource ${JSON.stringify(plural)} in API group ${JSON.stringify(resource.group)} ${scope}${tail}`
}
