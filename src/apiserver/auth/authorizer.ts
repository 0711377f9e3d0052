import type { User } from './user.ts'
import { AUTHENTICATED, MASTERS } from './user.ts'

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
  authorize(attributes: Attributes): Promise<Decision> | Decision
}

/** Whoever is in one of the groups may do everything, whoever is known may look around, and nobody anything else. */
export const groupAuthorizer = (groups: readonly string[]): Authorizer => ({
  authorize: attributes => ({ allowed: mayEverything(attributes.user, groups) || mayAnybody(attributes), reason: '' }),
})

const mayEverything = (user: User, groups: readonly string[]): boolean =>
  user.groups.some(group => group === MASTERS || groups.includes(group))

/** The paths of the role system:discovery. */
const DISCOVERY = /^\/(api|apis|openapi|version|healthz|livez|readyz)(\/|$)/
/** What the role system:basic-user may create. */
const ABOUT_ONESELF = new Set(['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews'])

function mayAnybody({ user, verb, resource, path }: Attributes): boolean {
  if (!user.groups.includes(AUTHENTICATED)) return false
  if (resource) return verb === 'create' && ABOUT_ONESELF.has(resource.plural)
  return verb === 'get' && DISCOVERY.test(path)
}

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
