import type { PolicyRule } from '../../../api/rbac/role.ts'
import { GROUP } from './index.ts'

type Labels = Readonly<Record<string, string>>

/** A cluster role as one is kept up to date from one start to the next. */
export interface RoleManifest {
  readonly name: string
  readonly labels?: Labels
  readonly rules: readonly PolicyRule[]
  /** Label key: the role is made of all that have it as "true". */
  readonly aggregates?: string
}

/** A cluster role binding; the role has the same name where none is given. */
export interface BindingManifest {
  readonly name: string
  readonly role?: string
  readonly groups?: readonly string[]
  readonly users?: readonly string[]
}

export interface RoleManifests {
  readonly roles: readonly RoleManifest[]
  readonly bindings: readonly BindingManifest[]
}

const words = (text: string): readonly string[] => text.split(' ')

/** `can('get list', 'pods pods/log')`; groups by name, the core group as 'core'. */
export const can = (verbs: string, resources: string, groups = 'core', names?: string): PolicyRule => ({
  verbs: words(verbs),
  apiGroups: words(groups).map(group => (group === 'core' ? '' : group)),
  resources: words(resources),
  ...(names === undefined ? {} : { resourceNames: words(names) }),
})

export const canPaths = (verbs: string, paths: string): PolicyRule => ({
  verbs: words(verbs),
  nonResourceURLs: words(paths),
})

/** Roles with this label are part of the role that it ends in. */
export const aggregateTo = (role: string): string => `${GROUP}/aggregate-to-${role}`
