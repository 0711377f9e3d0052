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
  authorize(attributes: Attributes): Promise<Decision> | Decision
}

/** Whoever is in one of the groups may do everything; the rest is for the next authorizer, or for nobody. */
export const groupAuthorizer = (groups: readonly string[], next?: Authorizer): Authorizer => ({
  authorize(attributes) {
    if (attributes.user.groups.some(group => group === MASTERS || groups.includes(group)))
      return { allowed: true, reason: '' }
    return next?.authorize(attributes) ?? { allowed: false, reason: '' }
  },
})

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
